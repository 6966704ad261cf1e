/** What a server must not be able to do: make people disappear, hang, or send anything but LDAP. */
import { BerCursor, integer, octetString, TAG, tlv } from "../../src/agent/ldap/ber.ts";
import { PAGED_RESULTS } from "../../src/agent/ldap/oids.ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { simplePerson, SIMPLE_MAPPINGS, Workplace, type RunDocument } from "../support/rollcall.ts";
import { startScriptedLdap, type Answer, type SearchCall } from "../support/scripted-ldap.ts";

const SEARCH_RESULT_DONE = 0x65;
const SEARCH_RESULT_REFERENCE = 0x73;

const BASE = "ou=people,dc=example,dc=org";
let place: Workplace;

beforeEach(async () => {
  place = await Workplace.create("postgres");
});
afterEach(() => place.remove());

function configure(url: string, more = ""): void {
  place.configure(`
directories:
  corp:
    type: ldap
    url: ${url}
    timeout: 4
    users: { base: "${BASE}" }${more}
${SIMPLE_MAPPINGS}`);
}

function entryOf(name: string): NonNullable<Answer["entries"]>[number] {
  return {
    dn: `uid=${name},${BASE}`,
    attributes: {
      objectClass: "inetOrgPerson",
      entryUUID: name,
      mail: `${name}@example.org`,
      givenName: name,
      sn: "Test",
    },
  };
}

async function imports(
  script: (call: SearchCall) => Answer,
): Promise<RunDocument & { readonly exit: number }> {
  await using server = await startScriptedLdap(script);
  configure(server.url);
  const { status, out } = await place.run("import", "corp", "--json");
  return { ...(JSON.parse(out) as RunDocument), exit: status };
}

const everybody = ["ada", "bob", "cyd"];
const ITSELF = { dn: BASE, attributes: { objectClass: "organizationalUnit" } };
const whole = ({ scope }: SearchCall): Answer => ({
  entries: scope === 0 ? [ITSELF] : everybody.map(entryOf),
});

test("an empty page with a cookie is not the end", async () => {
  const pages: readonly Answer[] = [
    { entries: [entryOf("ada")], cookie: "1" },
    { cookie: "2" },
    { cookie: "3" },
    { entries: [entryOf("bob"), entryOf("cyd")], cookie: "" },
  ];
  const run = await imports((call) => pages[call.number] ?? {});
  expect(run).toMatchObject({ status: "done", counts: { read: 3, created: 3 } });
});

test("of a server that gives so many entries to one search, page by page, smaller pages are asked for, and nobody comes twice", async () => {
  const MOST = 1000;
  const all = Array.from({ length: 1500 }, (_, i) => `p${i}`);
  const sizes: number[] = [];
  const run = await imports((call) => {
    if (call.scope === 0) return { entries: [ITSELF] };
    const control = call.controls.get(PAGED_RESULTS) ?? Buffer.alloc(0);
    const size = new BerCursor(control).enter(TAG.sequence).integer();
    sizes.push(size);
    const from = Number(call.cookie);
    const entries = all.slice(from, from + Math.min(size, MOST)).map(entryOf);
    const left = all.length - from - entries.length;
    if (size > MOST && left > 0) return { entries, code: 4 };
    return { entries, cookie: left > 0 ? String(from + entries.length) : "" };
  });
  expect(run).toMatchObject({
    status: "done",
    counts: { read: all.length, created: all.length },
    evidence: { entries: all.length, pages: 2, pageSize: MOST },
  });
  expect(sizes.slice(0, 3)).toEqual([5000, MOST, MOST]);
});

describe("a read that is not proven complete removes nobody", () => {
  const faults: readonly [string, (call: SearchCall) => Answer, string][] = [
    [
      "closed in the middle of a page",
      () => ({ entries: [entryOf("ada")], then: "close" }),
      "ldap.connectionLost",
    ],
    [
      "closed between pages",
      (call) =>
        call.number === 0 ? { entries: [entryOf("ada")], cookie: "x" } : { then: "close" },
      "ldap.connectionLost",
    ],
    ["size limit", () => ({ entries: [entryOf("ada")], code: 4 }), "ldap.limitExceeded"],
    [
      "time limit on the second page",
      (call) => (call.number === 0 ? { entries: [entryOf("ada")], cookie: "x" } : { code: 3 }),
      "ldap.limitExceeded",
    ],
    ["administrative limit", () => ({ code: 11 }), "ldap.limitExceeded"],
    ["referral as the result", () => ({ code: 10 }), "ldap.referral"],
    [
      "continuation reference",
      () => ({ entries: [entryOf("ada")], referral: "ldap://other.example/ou=x" }),
      "ldap.referral",
    ],
    [
      "a reference to nowhere",
      () => ({
        bytes: (id) =>
          Buffer.concat([
            tlv(TAG.sequence, integer(id), tlv(SEARCH_RESULT_REFERENCE)),
            tlv(
              TAG.sequence,
              integer(id),
              tlv(SEARCH_RESULT_DONE, integer(0, TAG.enumerated), octetString(""), octetString("")),
            ),
          ]),
      }),
      "ldap.protocol",
    ],
    ["busy", () => ({ code: 51 }), "ldap.busy"],
    ["no access", () => ({ code: 50 }), "ldap.insufficientAccess"],
    ["silence", () => ({ entries: [entryOf("ada")], then: "hang" }), "ldap.timeout"],
    [
      "paging control missing on the last page",
      (call) => (call.number === 0 ? { entries: [entryOf("ada")], cookie: "x" } : { cookie: null }),
      "ldap.protocol",
    ],
    [
      "garbage",
      () => ({ raw: Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n".repeat(10)) }),
      "ldap.protocol",
    ],
    [
      "several entries where the base itself was asked for",
      (call) => (call.scope === 0 ? { entries: everybody.map(entryOf) } : whole(call)),
      "ldap.protocol",
    ],
    [
      "answers without end that bring nothing",
      () => ({
        intermediate: Array.from({ length: 10_001 }, () => ["1.2.3", Buffer.alloc(0)] as const),
        then: "hang",
      }),
      "ldap.protocol",
    ],
    ["a length without end", () => ({ raw: Buffer.from([0x30, 0x80, 0, 0]) }), "ldap.protocol"],
    [
      "a message of 2 GB",
      () => ({ raw: Buffer.from([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x02]) }),
      "ldap.protocol",
    ],
  ];

  test.each(faults)("%s", async (_, script, code) => {
    expect((await imports(whole)).counts).toMatchObject({ created: 3 });
    const run = await imports(script);
    expect(run).toMatchObject({
      exit: 1,
      status: "failed",
      error: { code },
      counts: { removed: 0 },
    });
    const users = await place.users();
    expect([...users.values()].map((user) => user.status)).toEqual(["active", "active", "active"]);
    // The same directory in good health: nobody was touched.
    expect((await imports(whole)).counts).toMatchObject({ unchanged: 3, removed: 0, updated: 0 });
  });
});

test("a successful answer without anybody is held if the base can be read, and fails if not", async () => {
  await imports(whole);
  const run = await imports((call) => (call.scope === 0 ? { entries: [ITSELF] } : {}));
  expect(run).toMatchObject({
    exit: 3,
    status: "held",
    held: { level: "directory", of: "people read", removals: 3, total: 3 },
  });
  expect(JSON.stringify(run.held)).toContain("the account may not see them");
  const unreadable = await imports(() => ({}));
  expect(unreadable).toMatchObject({ exit: 1, error: { code: "ldap.baseUnreadable" } });
});

test("an interrupted import says so and leaves nothing behind", async () => {
  await using server = await startScriptedLdap(() => ({ entries: [entryOf("ada")], then: "hang" }));
  configure(server.url);
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 300);
  const { status, out } = await place.runWith(stop.signal, "import", "corp", "--json");
  expect(status).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ status: "failed", error: { code: "run.interrupted" } });
  expect((await place.users()).size).toBe(0);
});

test("LDIF: references to files are refused, a broken file removes nobody", async () => {
  const ldif = (content: string): void => {
    place.configure(`
directories:
  corp:
    type: ldif
    path: ${place.file("people.ldif", content)}
${SIMPLE_MAPPINGS}`);
  };
  ldif(simplePerson("ada") + simplePerson("bob"));
  await place.run("import", "corp");
  for (const [broken, line] of [
    [`${simplePerson("ada")}dn: uid=x\njpegPhoto:< file:///etc/passwd\n`, "line 9"],
    [`${simplePerson("ada")}this is no line of LDIF\n`, "line 8"],
    [`${simplePerson("ada")}dn: uid=x\nsn:: ***\n`, "line 9"],
    [`${simplePerson("ada")}dn: uid=x\nchangetype: delete\n`, "line 9"],
  ] as const) {
    ldif(broken);
    const { status, out } = await place.run("import", "corp");
    expect(status).toBe(1);
    expect(out).toContain(line);
  }
  expect([...(await place.users()).values()].every((user) => user.status === "active")).toBe(true);
});

describe("people who move from a base that is read later into one that was read before", () => {
  const BASES = ["ou=one,dc=example,dc=org", "ou=two,dc=example,dc=org"];
  const at = (name: string, base: string | undefined) => ({
    ...entryOf(name),
    dn: `uid=${name},${base}`,
  });

  test.each([
    ["nobody loses access", ["bob", "cyd"], 2, "active"],
    ["who is really gone does", [], 1, "deprovisioned"],
  ])("%s", async (_, found, active, status) => {
    let moving = false;
    const asked: string[] = [];
    await using server = await startScriptedLdap((call) => {
      if (call.scope === 0) return { entries: [{ dn: call.base, attributes: {} }] };
      if (!call.attributes.includes("*")) return {};
      asked.push(call.base);
      const [one, two] = BASES;
      if (!moving)
        return { entries: call.base === one ? [at("ada", one)] : [at("bob", two), at("cyd", two)] };
      // First everybody of each base; then those who were not among them, by identifier.
      if (asked.length <= 2)
        return { entries: call.base === one ? [at("ada", one)] : [at("cyd", two)] };
      return {
        entries:
          call.base === one
            ? found.filter((name) => name === "bob").map((name) => at(name, one))
            : [],
      };
    });
    place.configure(`
directories:
  corp:
    type: ldap
    url: ${server.url}
    timeout: 1
    importSafeguard: off
    users: { base: [${BASES.map((base) => JSON.stringify(base)).join(", ")}] }
${SIMPLE_MAPPINGS}`);
    await place.json("import", "corp", "--full");
    moving = true;
    asked.length = 0;
    const run = await place.json<RunDocument>("import", "corp", "--full");
    expect(run).toMatchObject({ status: "done", counts: { removed: 2 - active, failed: 0 } });
    const users = await place.users();
    expect(users.get("bob@example.org")?.status).toBe(status);
    expect(users.get("cyd@example.org")?.status).toBe("active");
  });
});

describe("a part of the tree that is not shown any more, with everybody in it", () => {
  const container = (name: string) => ({
    dn: `ou=${name},${BASE}`,
    attributes: { objectClass: "organizationalUnit", entryUUID: `container ${name}` },
  });
  const peopleOf = (name: string, count: number) =>
    Array.from({ length: count }, (_, i) => {
      const one = entryOf(`${name}${i}`);
      const attributes = { ...one.attributes, modifyTimestamp: "20261101000000Z" };
      return { dn: `uid=${name}${i},ou=${name},${BASE}`, attributes };
    });

  test.each([
    ["is held and named, also below the percentages", false, "held", "is not shown any more"],
    ["also where the container itself stays", true, "held", "Nobody is shown any more of the 6"],
  ])("%s", async (_, stays, status, reason) => {
    let hidden = false;
    await using server = await startScriptedLdap((call) => {
      if (call.scope === 0) return { entries: [{ dn: call.base, attributes: {} }] };
      if (call.attributes.includes("*"))
        return { entries: [...peopleOf("large", 40), ...(hidden ? [] : peopleOf("small", 6))] };
      return { entries: [container("large"), ...(hidden && !stays ? [] : [container("small")])] };
    });
    configure(server.url, "\n    incremental: { way: timestamp, compare: 0 }");
    await place.json("import", "corp", "--full");
    hidden = true;
    const run = await place.json<RunDocument & { held: { reason: string } | null }>(
      "import",
      "corp",
      "--full",
    );
    expect(run).toMatchObject({ status, counts: { removed: 6 } });
    expect(run.held?.reason).toContain(reason);
    expect(run.held?.reason).toContain(`ou=small,${BASE}`);
    // Where identifiers are compared, it is noticed as well.
    const args = ["import", "corp", "--incremental"];
    const compared = await place.json<RunDocument>(...args);
    expect(compared).toMatchObject({ status: "held" });
    expect(JSON.stringify(compared)).toContain(`ou=small,${BASE}`);
  });
});
