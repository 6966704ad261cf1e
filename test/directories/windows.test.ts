/** Active Directory as it is on Windows: its bytes, its words, its limits and silences, replayed. */
import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { integer, octetString, TAG, tlv } from "../../src/agent/ldap/ber.ts";
import { Workplace, type RunDocument } from "../support/rollcall.ts";
import type { Answer, BindAnswer, Habits, SearchCall, Values } from "../support/scripted-ldap.ts";
import {
  account,
  changesUntil,
  DIR_SYNC,
  DOMAIN,
  notice,
  PEOPLE,
  said,
  startWindows,
} from "../support/windows-ldap.ts";
import type { ReadDocument } from "./conformance.ts";

let place: Workplace;

beforeEach(async () => {
  place = await Workplace.create("postgres");
});
afterEach(() => place.remove());

function configure(
  url: string,
  more: readonly string[] = [],
  timeout = 10,
  attributes = "*",
): void {
  const lines = [
    "type: active-directory",
    `url: ${url}`,
    'bind: { dn: "reader@corp.example.com", password: "correct-horse-7" }',
    `users: { base: "${PEOPLE}", attributes: [${attributes
      .split(" ")
      .map((name) => `"${name}"`)
      .join(", ")}] }`,
    `timeout: ${timeout}`,
    "importSafeguard: off",
    ...more,
  ];
  place.configure(`directories:\n  ad:\n${lines.map((line) => `    ${line}\n`).join("")}`);
}

interface Options {
  readonly rootDse?: Readonly<Record<string, Values>>;
  readonly bind?: BindAnswer;
  readonly habits?: Habits;
  readonly more?: readonly string[];
  readonly timeout?: number;
}

/** Imports from a Windows that answers so. */
async function imported(
  script: (call: SearchCall) => Answer,
  options: Options = {},
): Promise<ReadDocument> {
  await using server = await startWindows(script, options);
  configure(server.url, options.more, options.timeout);
  return await place.json<ReadDocument>("import", "ad", "--full");
}

/** A domain that has these people and nothing else, and knows DirSync. */
function domain(people: readonly ReturnType<typeof account>[]): (call: SearchCall) => Answer {
  return (call) => {
    if (call.controls.has(DIR_SYNC)) return dirSync("cookie");
    if (call.scope === 0) return { entries: [{ dn: call.base, attributes: {} }] };
    return call.attributes.includes("*") ? { entries: people } : {};
  };
}

const dirSync = changesUntil;

const THREE = [account(1), account(2), account(3)];

describe("whatever Windows says ends with a NUL, and is kept as a sentence without it", () => {
  const bind = (code: number, text: string) => ({ bind: { code, diagnostic: said(text) } });
  const login = (data: string): Options =>
    bind(
      49,
      `80090308: LdapErr: DSID-0C090449, comment: AcceptSecurityContext error, data ${data}, v4563`,
    );
  test.each<[string, Options, (call: SearchCall) => Answer, string, string]>([
    ["a wrong password", login("52e"), () => ({}), "ldap.credentials", "the password is wrong"],
    ["an unknown account", login("525"), () => ({}), "ldap.credentials", "no such account"],
    ["an expired password", login("532"), () => ({}), "ldap.accountUnusable", "has expired"],
    ["a disabled account", login("533"), () => ({}), "ldap.accountUnusable", "is disabled"],
    ["an expired account", login("701"), () => ({}), "ldap.accountUnusable", "account has expired"],
    ["a password to change", login("773"), () => ({}), "ldap.accountUnusable", "has to change"],
    ["a locked account", login("775"), () => ({}), "ldap.accountUnusable", "is locked out"],
    [
      "signing that is required",
      bind(
        8,
        "00002028: LdapErr: DSID-0C090259, comment: The server requires binds to turn on integrity checking, data 0, v4563",
      ),
      () => ({}),
      "ldap.confidentialityRequired",
      "signed or encrypted",
    ],
    [
      "a root DSE that is refused",
      {
        habits: {
          rootDse: {
            code: 1,
            diagnostic: said(
              "000004DC: LdapErr: DSID-0C090CF4, comment: In order to perform this operation a successful bind must be completed on the connection., data 0, v4563",
            ),
          },
        },
      },
      () => ({}),
      "ldap.insufficientAccess",
      "have logged in",
    ],
    [
      "a base that is not there",
      {},
      (call) =>
        call.controls.has(DIR_SYNC)
          ? dirSync("cookie")
          : {
              code: 32,
              matched: DOMAIN,
              diagnostic: said(
                `0000208D: NameErr: DSID-0310028F, problem 2001 (NO_OBJECT), data 0, best match of:\n\t'${DOMAIN}'\n`,
              ),
            },
      "ldap.baseNotFound",
      `best match of: '${DOMAIN}'`,
    ],
    [
      "a base in another domain, as a mistyped DC= is",
      {},
      (call) =>
        call.controls.has(DIR_SYNC)
          ? dirSync("cookie")
          : {
              code: 10,
              diagnostic: said(
                "0000202B: RefErr: DSID-0310084A, data 0, 1 access points\n\tref 1: 'corp.exmaple.com'\n",
              ),
            },
      "ldap.baseNotFound",
      "lies in no domain of this server",
    ],
    [
      "a page that was forgotten",
      {},
      (call) =>
        call.controls.has(DIR_SYNC)
          ? dirSync("cookie")
          : call.cookie === ""
            ? { entries: THREE, cookie: "next" }
            : {
                code: 53,
                diagnostic: said(
                  "00000057: LdapErr: DSID-0C090DAE, comment: Error processing control, data 0, v1db1",
                ),
              },
      "ldap.busy",
      "dropped the search between two pages",
    ],
  ])("%s", async (...[, options, script, code, words]) => {
    const run = await imported(script, options);
    expect(run).toMatchObject({ status: "failed", error: { code } });
    const { message } = run.error as unknown as { message: string };
    expect(message).toContain(words);
    expect(message).not.toMatch(/\p{Cc}|Code: 0x/u);
    expect(message.split(DOMAIN).length).toBeLessThanOrEqual(3);
    const { out, err } = await place.run("imports", "show", run.run);
    expect(out + err).toContain(words);
    const [event] = await place.events('eventType eq "system.import.complete"');
    expect(JSON.stringify(event)).not.toContain("\\u0000");
  });

  test("a password that nobody could check is no wrong one: the next controller is asked", async () => {
    const diagnostic = said(
      "80090311: LdapErr: DSID-0C09056D, comment: AcceptSecurityContext error, data 51f, v2580",
    );
    await using cut = await startWindows(domain([]), { bind: { code: 49, diagnostic } });
    await using whole = await startWindows(domain(THREE));
    configure(`[${cut.url}, ${whole.url}]`);
    expect(await place.json("import", "ad")).toMatchObject({ status: "done", counts: { read: 3 } });
    configure(cut.url);
    expect(await place.json("import", "ad", "--full")).toMatchObject({
      error: { code: "ldap.busy" },
    });
  });
});

describe("the notice of disconnection is what it says", () => {
  const noticed = (code: number, text: string): ((call: SearchCall) => Answer) => {
    const people = domain(THREE);
    return (call) =>
      call.attributes.includes("*")
        ? { bytes: () => notice(code, text), then: "close" }
        : people(call);
  };

  test("busy, where the controller is", async () => {
    const run = await imported(noticed(52, "The server has timed out this connection"));
    expect(run).toMatchObject({ error: { code: "ldap.busy" } });
  });

  test("a request that cannot be read stays one, however often it is repeated", async () => {
    const text =
      "00000057: LdapErr: DSID-0C0C0095, comment: Error decoding ldap message, data 0, v4563";
    const run = await imported(noticed(2, text));
    expect(run).toMatchObject({ error: { code: "ldap.refused" } });
    expect(JSON.stringify(run.error)).toContain("Error decoding ldap message");
  });

  test("before the controller told about itself, too", async () => {
    await using gone = await startWindows(domain([]), {
      habits: { rootDse: { bytes: () => notice(52, "gone"), then: "close" } },
    });
    configure(gone.url);
    expect(await place.json("import", "ad")).toMatchObject({
      error: { code: "ldap.busy" },
    });
  });
});

describe("what Windows sends in its own way is read like everything else", () => {
  test.each([1, 7, 65_536])("in pieces of %i bytes", async (piece) => {
    const people = [account(1, { "proxyAddresses;range=0-1": ["a", "b"] }), account(2)];
    const whole = account(1, { proxyAddresses: ["a", "b", "c"] });
    const script = (call: SearchCall): Answer => {
      const [rest] = call.attributes;
      if (rest === "proxyAddresses;range=2-*")
        return { entries: [{ dn: call.base, attributes: { "proxyAddresses;range=2-*": "c" } }] };
      if (call.scope === 0 && call.base === whole.dn) return { entries: people.slice(0, 1) };
      return domain(people)(call);
    };
    const run = await imported(script, { habits: { piece } });
    expect(run).toMatchObject({ status: "done", counts: { read: 2, failed: 0 } });
    const shown = await place.json<{ appUsers: { profile: Record<string, unknown> }[] }>(
      "users",
      "show",
      "p1@corp.example.com",
    );
    expect(shown.appUsers[0]?.profile["proxyAddresses"]).toEqual(["a", "b", "c"]);
  });

  test("short and empty pages", async () => {
    const people = domain(THREE);
    const script = (call: SearchCall): Answer => {
      if (!call.attributes.includes("*")) return people(call);
      const page = Number(call.cookie || 0);
      const entries = page === 0 ? THREE.slice(0, 1) : page === 4 ? THREE.slice(1) : [];
      return { entries, cookie: page === 4 ? "" : String(page + 1) };
    };
    expect(await imported(script)).toMatchObject({ status: "done", counts: { read: 3 } });
  });

  test("a page for which the controller works longer than `timeout`", async () => {
    const people = domain(THREE);
    const script = (call: SearchCall): Answer =>
      call.attributes.includes("*") ? { ...people(call), after: 1500 } : people(call);
    expect(await imported(script, { timeout: 1 })).toMatchObject({
      status: "done",
      counts: { read: 3 },
    });
  });

  test("references to parts of the forest where no people are; one to another domain is refused", async () => {
    const people = domain(THREE);
    const refers =
      (referral: string) =>
      (call: SearchCall): Answer =>
        call.attributes.includes("*") ? { ...people(call), referral } : people(call);
    for (const part of ["DC=DomainDnsZones", "DC=ForestDnsZones", "CN=Configuration"]) {
      const run = await imported(refers(`ldap://corp.example.com/${part},${DOMAIN}`));
      expect(run).toMatchObject({ status: "done", counts: { read: 3 } });
    }
    const child = await imported(refers(`ldap://child.corp.example.com/DC=child,${DOMAIN}`));
    expect(child).toMatchObject({ error: { code: "ldap.referral" } });
  });

  test.each([
    [12, "00002040: SvcErr: DSID-031401E7, problem 5010 (UNAVAIL_EXTENSION), data 0\n"],
    [53, "00000057: LdapErr: DSID-0C090A5F, comment: Error processing control, data 0, v4563"],
  ])(
    "a search that is dropped between two pages is begun anew, and nobody is doubled: %i",
    async (code, text) => {
      const people = domain(THREE);
      let drops = 1;
      const script = (call: SearchCall): Answer => {
        if (!call.attributes.includes("*")) return people(call);
        if (call.cookie === "") return { entries: THREE.slice(0, 2), cookie: "2" };
        if (drops-- > 0) return { code, diagnostic: said(text) };
        return { entries: THREE.slice(2), cookie: "" };
      };
      const run = await imported(script);
      expect(run).toMatchObject({ status: "done", counts: { read: 3, failed: 0 } });
      drops = 3;
      expect(await imported(script)).toMatchObject({ error: { code: "ldap.busy" } });
    },
  );

  test("several lists in parts, of different sizes and written in any way", async () => {
    const all = (name: string, count: number): string[] =>
      Array.from({ length: count }, (_, i) => `${name} ${i}`);
    const sizes: Readonly<Record<string, number>> = { memberof: 40, proxyaddresses: 25, member: 9 };
    const part = (name: string, from: number): Record<string, string[]> => {
      const values = all(name, sizes[name] ?? 0);
      const to = from + 10;
      const end = to >= values.length ? "*" : String(to - 1);
      const written = name === "member" ? "Member;Range" : `${name};range`;
      return { [`${written}=${from}-${end}`]: values.slice(from, to) };
    };
    const first = account(1, {
      ...part("memberof", 0),
      ...part("proxyaddresses", 0),
      member: all("member", 9),
    });
    const script = (call: SearchCall): Answer => {
      const [, name, from] = /^(\w+);range=(\d+)-\*$/.exec(call.attributes[0] ?? "") ?? [];
      if (name !== undefined)
        return { entries: [{ dn: call.base, attributes: part(name, Number(from)) }] };
      if (call.scope === 0 && call.base === first.dn) return { entries: [first] };
      return domain([first])(call);
    };
    expect(await imported(script)).toMatchObject({ status: "done", counts: { read: 1 } });
    const shown = await place.json<{ appUsers: { profile: Record<string, string[]> }[] }>(
      "users",
      "show",
      "p1@corp.example.com",
    );
    const { profile } = shown.appUsers[0] ?? { profile: {} };
    expect(profile["memberof"]).toEqual(all("memberof", 40));
    expect(profile["proxyaddresses"]).toEqual(all("proxyaddresses", 25));
    expect(profile["member"]).toEqual(all("member", 9));
  });

  test("a connection that is reset once, before a word was said, is opened once more", async () => {
    for (const [resets, isLost] of [
      [1, false],
      [2, true],
    ] as const) {
      let away = resets;
      const run = await imported(domain(THREE), { habits: { isAway: () => away-- > 0 } });
      expect(run).toMatchObject({
        status: isLost ? "failed" : "done",
        counts: { read: isLost ? 0 : 3 },
      });
    }
  });

  test("a list that became shorter than where the next part of it begins", async () => {
    let asked = 0;
    const short = account(1, { proxyAddresses: ["a", "b"] });
    const long = account(1, { "proxyAddresses;range=0-1": ["a", "b"] });
    const script = (call: SearchCall): Answer => {
      if (call.attributes[0]?.includes(";range=2-*") === true) {
        asked++;
        expect(call.controls.has("1.2.840.113556.1.4.1948")).toBe(true);
        return { code: 1, diagnostic: said("00000000: SvcErr: DSID-031402FD, data 0") };
      }
      if (call.controls.has(DIR_SYNC)) return dirSync("cookie");
      return { entries: [asked > 0 ? short : long] };
    };
    expect(await imported(script)).toMatchObject({ status: "done", counts: { read: 1 } });
    expect(asked).toBe(1);
  });
});

describe("a way of reading changes that a controller refuses is not used, and the import goes on", () => {
  test.each<[string, Answer]>([
    ["busy", { code: 51 }],
    ["a read-only controller", { code: 52 }],
    ["its time limit", { code: 3 }],
    ["no right", { code: 50, diagnostic: said("00002105: LdapErr: DSID-0C0907F4") }],
  ])("DirSync: %s", async (_, answer) => {
    const people = domain(THREE);
    const run = await imported((call) => (call.controls.has(DIR_SYNC) ? answer : people(call)));
    expect(run).toMatchObject({ status: "done", way: "usn", counts: { read: 3 } });
  });

  test("DirSync with references to other parts, and entries of them", async () => {
    const people = domain(THREE);
    const referral = `ldap://child.corp.example.com/DC=child,${DOMAIN}`;
    const run = await imported((call) =>
      call.controls.has(DIR_SYNC) ? { ...dirSync("cookie"), referral } : people(call),
    );
    expect(run).toMatchObject({ status: "done", way: "dirSync", counts: { read: 3 } });
  });

  test.each([
    ["a cookie that it does not know", 2, "0000203D"],
    ["a control that it cannot use", 12, "critical extension"],
    ["a right that was taken away", 50, "00002105"],
  ])("%s later: everybody is read, and the reason told", async (_, code, number) => {
    const people = domain(THREE);
    const text = `${number}: LdapErr: DSID-0C0907F4, comment: Error processing control, data 0`;
    await using server = await startWindows((call) => {
      const sent = call.controls.get(DIR_SYNC);
      if (sent === undefined) return people(call);
      return sent.includes("cookie") ? { code, diagnostic: said(text) } : dirSync("cookie");
    });
    configure(server.url);
    await place.json("import", "ad");
    const run = await place.json<ReadDocument>("import", "ad", "--incremental");
    expect(run).toMatchObject({
      status: "done",
      type: "full",
      converted: { code: "checkpoint_refused" },
    });
    expect(run.converted?.reason).toContain(number);
  });

  test("DirSync that is silent for longer than `timeout` is waited for", async () => {
    const people = domain(THREE);
    const run = await imported(
      (call) =>
        call.controls.has(DIR_SYNC) ? { ...dirSync("cookie"), after: 2500 } : people(call),
      { timeout: 1 },
    );
    expect(run).toMatchObject({ status: "done", way: "dirSync", counts: { read: 3 } });
  });

  test("uSNChanged, where the search for deleted people is given up: identifiers are compared", async () => {
    const people = domain(THREE);
    const ids = {
      entries: THREE.map(({ dn, attributes }) => ({
        dn,
        attributes: { objectGUID: attributes.objectGUID },
      })),
    };
    await using server = await startWindows((call) => {
      if (call.controls.has(DIR_SYNC)) return { code: 50 };
      if (call.controls.has("1.2.840.113556.1.4.417")) return { code: 3 };
      return call.attributes.includes("objectGUID") && !call.attributes.includes("*")
        ? ids
        : people(call);
    });
    configure(server.url, ["incremental: { way: usn, compare: 0 }"]);
    await place.json("import", "ad");
    expect(await place.json("import", "ad", "--incremental")).toMatchObject({
      status: "done",
      type: "incremental",
      way: "usn",
    });
  });
});

test("the port of the global catalog is refused, with the right one", async () => {
  configure("ldaps://dc1.corp.example.com:3269");
  const { status, err } = await place.run("check");
  expect(status).toBe(2);
  expect(err).toContain("global catalog");
});

test("two paging controls in one answer prove nothing, whichever comes first", async () => {
  const people = domain(THREE);
  const paging = (cookie: string): Buffer =>
    tlv(
      TAG.sequence,
      octetString("1.2.840.113556.1.4.319"),
      octetString(tlv(TAG.sequence, integer(0), octetString(cookie))),
    );
  for (const cookies of [
    ["more", ""],
    ["", "more"],
  ]) {
    const run = await imported((call) => {
      if (!call.attributes.includes("*")) return people(call);
      const result = tlv(0x65, integer(0, TAG.enumerated), octetString(""), octetString(""));
      const bytes = (id: number): Buffer =>
        tlv(TAG.sequence, integer(id), result, tlv(0xa0, ...cookies.map(paging)));
      return { bytes };
    });
    expect(run).toMatchObject({ status: "failed", error: { code: "ldap.protocol" } });
  }
});

test("what every controller notes for itself is no change, and not kept unless it is asked for", async () => {
  const seenBy = (controller: number) =>
    [1, 2, 3].map((number) =>
      account(number, {
        lastLogon: `13${controller}000000000000000`,
        logonCount: "7".repeat(controller),
        badPwdCount: String(controller),
        uSNChanged: "9".repeat(controller + 1),
        whenChanged: `202611${10 + controller}000000.0Z`,
        dSCorePropagationData: `202611${10 + controller}000000.0Z`,
        title: "Clerk",
      }),
    );
  const whole = async (controller: number, attributes: string): Promise<ReadDocument> => {
    await using server = await startWindows(domain(seenBy(controller)));
    configure(server.url, [], 10, attributes);
    return await place.json<ReadDocument>("import", "ad", "--full");
  };
  expect(await whole(1, "*")).toMatchObject({ counts: { created: 3 } });
  expect(await whole(2, "*")).toMatchObject({ counts: { updated: 0, unchanged: 3 } });
  const profile = async () =>
    (
      await place.json<{ appUsers: { profile: Record<string, unknown> }[] }>(
        "users",
        "show",
        "p1@corp.example.com",
      )
    ).appUsers[0]?.profile;
  expect(await profile()).not.toHaveProperty("lastLogon");
  expect(await profile()).not.toHaveProperty("uSNChanged");
  expect(await profile()).toMatchObject({ title: "Clerk" });
  await whole(1, "* lastLogon");
  expect(await whole(2, "* lastLogon")).toMatchObject({ counts: { updated: 3 } });
  expect(await profile()).toMatchObject({ lastLogon: "132000000000000000" });
});

describe("a position belongs to one controller, and what another one said makes it worthless", () => {
  test("failover to one that lags behind, and back", async () => {
    const withoutRight =
      (people: () => readonly ReturnType<typeof account>[]) =>
      (call: SearchCall): Answer =>
        call.controls.has(DIR_SYNC) ? { code: 50 } : domain(people())(call);
    const bind = { code: 0, diagnostic: "" };
    const ahead = [account(1, { userAccountControl: "514" }), account(3)];
    const behind = [account(1), account(2)];
    await using first = await startWindows(
      withoutRight(() => ahead),
      { bind, controller: 1 },
    );
    await using second = await startWindows(
      withoutRight(() => behind),
      { controller: 2 },
    );
    configure(`[${first.url}, ${second.url}]`, ["incremental: { way: usn, compare: 500000 }"]);
    const states = async (): Promise<Record<string, string>> =>
      Object.fromEntries(
        [...(await place.users())].map(([login, { status }]) => [login.slice(0, 2), status]),
      );
    await place.json("import", "ad");
    expect(await states()).toMatchObject({ p3: "active" });
    bind.code = 51;
    const away = await place.json<ReadDocument>("import", "ad", "--incremental");
    expect(away).toMatchObject({ type: "full", converted: { code: "server_changed" } });
    expect(await states()).toMatchObject({ p1: "active", p2: "active", p3: "deprovisioned" });
    bind.code = 0;
    const back = await place.json<ReadDocument>("import", "ad", "--incremental");
    expect(back).toMatchObject({ type: "full", converted: { code: "server_changed" } });
    expect(await states()).toMatchObject({
      p1: "deprovisioned",
      p2: "deprovisioned",
      p3: "active",
    });
    const after = await place.json<ReadDocument>("import", "ad", "--incremental");
    expect(after).toMatchObject({ type: "incremental", converted: null });
  });
});

test("numbers at their ends: never is never, and the sign of userAccountControl is one of its bits", async () => {
  const people = [
    account(1, { accountExpires: "0", userAccountControl: "-2147483136" }),
    account(2, { accountExpires: "9223372036854775807" }),
    account(3, { accountExpires: "0", userAccountControl: "-2147483134" }),
  ];
  const run = await imported(domain(people), {
    more: [
      "onRemoval: deactivate",
      `toOkta: { login: 'appuser.sAMAccountName + "@example.org"', email: 'appuser.sAMAccountName + "@example.org"', firstName: appuser.givenName, lastName: appuser.sn }`,
    ],
  });
  expect(run).toMatchObject({ status: "done", counts: { created: 3, failed: 0 } });
  const users = await place.users();
  const statuses = [...users].map(([login, { status }]) => [login.split("@")[0], status]);
  expect(Object.fromEntries(statuses)).toEqual({
    p1: "active",
    p2: "active",
    p3: "deprovisioned",
  });
});

test("a controller that does not show an attribute any more empties it for nobody before somebody has looked", async () => {
  const people = (title: boolean) =>
    Array.from({ length: 120 }, (_, at) => account(at, title ? { title: "Clerk" } : {}));
  const more = [
    `toOkta: { login: appuser.userPrincipalName, email: appuser.userPrincipalName, firstName: appuser.givenName, lastName: appuser.sn, title: appuser.title }`,
  ];
  let shown = people(true);
  await using server = await startWindows((call) => domain(shown)(call));
  configure(server.url, more);
  const text = readFileSync(place.config, "utf8");
  writeFileSync(place.config, text.replace("    importSafeguard: off\n", ""));
  expect(await place.json<RunDocument>("import", "ad", "--full")).toMatchObject({ status: "done" });
  shown = people(false);
  const run = await place.json<RunDocument>("import", "ad", "--full");
  expect(run).toMatchObject({ status: "held", held: { of: "updates", percent: 100 } });
  expect((await place.users()).get("p1@corp.example.com")?.profile["title"]).toBe("Clerk");
});
