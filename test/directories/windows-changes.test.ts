/** What Windows' Active Directory says of changes, and how long it is silent before, replayed. */
import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Workplace, type RunDocument } from "../support/rollcall.ts";
import type { Habits, SearchCall } from "../support/scripted-ldap.ts";
import {
  account,
  changesUntil,
  DIR_SYNC,
  DOMAIN,
  guid,
  notice,
  PEOPLE,
  scriptOf,
  SHOW_RECYCLED,
  startWindows,
  type Domain,
  type DomainEntry,
} from "../support/windows-ldap.ts";
import type { ReadDocument } from "./conformance.ts";

let place: Workplace;

beforeEach(async () => {
  place = await Workplace.create("postgres");
});
afterEach(() => place.remove());

/** @param timeout shorter than what a controller takes, in these tests */
function configure(urls: readonly string[], more: readonly string[] = [], timeout = 1): void {
  const lines = [
    "type: active-directory",
    `url: [${urls.join(", ")}]`,
    'bind: { dn: "reader@corp.example.com", password: "correct-horse-7" }',
    `users: { base: "${PEOPLE}", disabled: { attribute: userAccountControl, values: ["514"] } }`,
    `timeout: ${timeout}`,
    "importSafeguard: off",
    "onRemoval: deactivate",
    ...more,
  ];
  place.configure(`directories:\n  ad:\n${lines.map((line) => `    ${line}\n`).join("")}`);
}

const incremental = (): Promise<ReadDocument> =>
  place.json<ReadDocument>("import", "ad", "--incremental");

/** Who is there, by the beginning of the login. */
async function states(): Promise<Record<string, string>> {
  const users = [...(await place.users())];
  return Object.fromEntries(users.map(([login, { status }]) => [login.split("@")[0], status]));
}

const disabled = (number: number) => account(number, { userAccountControl: "514" });
const link = (number: number): DomainEntry => ({
  dn: `CN=Person ${number},${PEOPLE}`,
  attributes: { objectGUID: guid(number) },
});
const deleted = (number: number, state: DomainEntry["attributes"]): DomainEntry => ({
  dn: `CN=Person ${number}\\0ADEL:0f,CN=Deleted Objects,${DOMAIN}`,
  attributes: { objectClass: ["top", "person", "user"], objectGUID: guid(number), ...state },
});
const computers = (from: number, count: number): DomainEntry[] =>
  Array.from({ length: count }, (_, at) => ({
    dn: `CN=PC${from + at},CN=Computers,${DOMAIN}`,
    attributes: { objectClass: ["top", "computer"], objectGUID: guid(from + at) },
  }));

describe.each([1, 65_536])("DirSync as Windows answers it, in pieces of %i bytes", (piece) => {
  const habits: Habits = { piece };

  test("with empty answers, one object several times, links behind, the recycled and the undeleted", async () => {
    const first = "c".repeat(1044);
    const head = (dn: string, number: number): DomainEntry => ({
      dn,
      attributes: { objectClass: ["top", "domainDNS"], objectGUID: guid(number) },
    });
    const answers: Record<string, ReturnType<typeof changesUntil>> = {
      "": changesUntil(first),
      [first]: changesUntil("second", computers(1000, 30), true),
      second: changesUntil("third", [], true),
      third: changesUntil("fourth", [
        account(1),
        deleted(2, { isDeleted: "TRUE" }),
        deleted(3, { isRecycled: "TRUE" }),
        { ...account(4), attributes: { ...account(4).attributes, isDeleted: [] } },
        head(`CN=Configuration,${DOMAIN}`, 901),
        head(`DC=DomainDnsZones,${DOMAIN}`, 902),
        disabled(1),
        link(5),
        // A link of somebody deleted, which says nothing about that.
        link(2),
      ]),
      fourth: changesUntil("fifth"),
    };
    const domain: Domain = {
      entries: [1, 2, 3, 5].map((one) => account(one)),
      dirSync: (cookie) => answers[cookie] ?? { code: 2, diagnostic: "0000203D" },
    };
    await using server = await startWindows(scriptOf(domain), { habits });
    configure([server.url], [], 20);
    expect(await incremental()).toMatchObject({ status: "done", counts: { created: 4 } });
    domain.entries = [disabled(1), account(4), account(5)];
    expect(await incremental()).toMatchObject({
      status: "done",
      type: "incremental",
      way: "dirSync",
      counts: { created: 1, removed: 2 },
    });
    expect(await states()).toEqual({
      p1: "deprovisioned",
      p2: "deprovisioned",
      p3: "deprovisioned",
      p4: "active",
      p5: "active",
    });
    // From where it ended, and with nothing to say.
    expect(await incremental()).toMatchObject({ type: "incremental", counts: { updated: 0 } });
  });
});

test("DirSync that is silent for longer than `timeout` when it is asked for changes is waited for", async () => {
  const domain: Domain = {
    entries: [account(1), account(2)],
    dirSync: (cookie) =>
      cookie === "" ? changesUntil("one") : { ...changesUntil("two", [disabled(1)]), after: 1500 },
  };
  await using server = await startWindows(scriptOf(domain));
  configure([server.url]);
  await incremental();
  domain.entries = [disabled(1), account(2)];
  expect(await incremental()).toMatchObject({ status: "done", type: "incremental" });
  expect(await states()).toEqual({ p1: "deprovisioned", p2: "active" });
});

test("six thousand computers that changed make an import full, with that reason, and it finds the person", async () => {
  const domain: Domain = {
    entries: [account(1), account(2)],
    dirSync: (cookie) =>
      cookie === ""
        ? changesUntil("one")
        : changesUntil("two", [...computers(1000, 6000), link(1)]),
  };
  await using server = await startWindows(scriptOf(domain), { habits: { piece: 65_536 } });
  configure([server.url], [], 20);
  await incremental();
  domain.entries = [disabled(1), account(2)];
  const run = await incremental();
  expect(run).toMatchObject({
    status: "done",
    type: "full",
    converted: { code: "too_many_changes" },
  });
  expect(run.converted?.reason).toContain("More than 5000 entries changed");
  expect(await states()).toEqual({ p1: "deprovisioned", p2: "active" });
});

describe("uSNChanged, where the search for deleted people", () => {
  const isForDeleted = ({ controls, finds }: SearchCall): boolean =>
    controls.has(SHOW_RECYCLED) &&
    finds((name) =>
      [name.toLowerCase() === "isdeleted" ? "TRUE" : "user"].map((value) => Buffer.from(value)),
    );

  test.each([
    ["takes longer than `timeout`, and is given up then", { code: 3, after: 1500 }],
    ["finds a deleted computer only", {}],
  ])("%s: identifiers are compared, and whoever was deleted is noticed", async (_, answer) => {
    const changed = (entry: DomainEntry): DomainEntry => ({
      dn: entry.dn,
      attributes: { ...entry.attributes, uSNChanged: "22590" },
    });
    const pc = { isDeleted: "TRUE", objectClass: ["top", "user", "computer"], uSNChanged: "2" };
    const domain: Domain = {
      entries: [account(1), account(2), deleted(77, pc)].map(changed),
      instead: (call) => ("code" in answer && isForDeleted(call) ? answer : null),
    };
    await using server = await startWindows(scriptOf(domain));
    configure([server.url], ["incremental: { way: usn, compare: 0 }"]);
    await incremental();
    domain.entries = [account(1), deleted(77, pc)].map(changed);
    expect(await incremental()).toMatchObject({
      status: "done",
      type: "incremental",
      way: "usn",
      counts: { removed: 1 },
    });
    expect(await states()).toEqual({ p1: "active", p2: "deprovisioned" });
  });
});

test.each([",", ", "])(
  "a place that people left one by one is no part that vanished while somebody is there, also with `%s` in names",
  async (comma) => {
    const at = (number: number): DomainEntry => ({
      dn: [`CN=Person ${number}`, "OU=Staff", "DC=corp", "DC=example", "DC=com"].join(comma),
      attributes: { ...account(number).attributes, uSNChanged: "1" },
    });
    const all = Array.from({ length: 9 }, (_, number) => number + 1);
    const domain: Domain = { entries: all.map(at) };
    await using server = await startWindows(scriptOf(domain), { habits: { piece: 65_536 } });
    configure([server.url], ["incremental: { way: usn, compare: 0 }"], 20);
    const text = readFileSync(place.config, "utf8");
    const limits = "importSafeguard: { drop: 99 }";
    writeFileSync(place.config, text.replace("importSafeguard: off", limits));
    await incremental();
    domain.entries = all.slice(6).map(at);
    expect(await incremental()).toMatchObject({
      status: "done",
      type: "incremental",
      counts: { removed: 6 },
    });
  },
);

test("AD LDS is Active Directory without a domain: people, their states, and changes by time, where that is refused", async () => {
  const rootDse = {
    supportedCapabilities: "1.2.840.113556.1.4.1851",
    dsServiceName: [],
    supportedControl: ["1.2.840.113556.1.4.319"],
    highestCommittedUSN: [],
  };
  const person = (number: number, isDisabled: string): DomainEntry => ({
    dn: `CN=Person ${number},${PEOPLE}`,
    attributes: {
      objectClass: ["top", "person", "user"],
      objectGUID: guid(number),
      mail: `p${number}@example.org`,
      givenName: "Given",
      sn: "Family",
      "msDS-UserAccountDisabled": isDisabled,
      whenChanged: "20261101000000.0Z",
    },
  });
  const domain: Domain = {
    entries: [person(1, "FALSE"), person(2, "TRUE")],
    instead: ({ finds }) =>
      finds((name) => (name.toLowerCase() === "modifytimestamp" ? [Buffer.from("9")] : []))
        ? { code: 18, diagnostic: "00002080: LdapErr: inappropriate matching" }
        : null,
  };
  await using server = await startWindows(scriptOf(domain), { rootDse });
  place.configure(`importSafeguard: off
directories:
  lds:
    type: ldap
    url: ${server.url}
    onRemoval: deactivate
    users:
      base: "${PEOPLE}"
      filter: "(objectClass=user)"
      disabled: { attribute: msDS-UserAccountDisabled, values: ["TRUE"] }
    toOkta: { login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn }
`);
  const first = await place.json<RunDocument & { server: string }>("import", "lds");
  expect(first).toMatchObject({ status: "done", counts: { created: 2, failed: 0 } });
  expect(first.server).toContain("Lightweight Directory Services");
  expect(await states()).toEqual({ p1: "active", p2: "deprovisioned" });
  domain.entries = [person(1, "TRUE"), person(2, "FALSE")];
  expect(await place.json("import", "lds", "--incremental")).toMatchObject({ status: "done" });
  expect(await states()).toEqual({ p1: "deprovisioned", p2: "active" });
});

describe("a notice of disconnection before anything was read is a lost connection: the next controller is asked", () => {
  const busy = (): Buffer => notice(52, "00002024: LdapErr: The server is busy");
  const whole: Domain = { entries: [account(1)], dirSync: () => changesUntil("one") };

  test.each<[string, Habits]>([
    ["instead of the answer to the login", { login: { bytes: busy, then: "close" } }],
    ["between login and root DSE", { rootDse: { bytes: busy, then: "close" } }],
  ])("%s", async (_, habits) => {
    await using gone = await startWindows(scriptOf(whole), { habits });
    await using there = await startWindows(scriptOf(whole));
    configure([gone.url, there.url], [], 20);
    expect(await place.json("import", "ad")).toMatchObject({ status: "done", counts: { read: 1 } });
    expect(there.searches.length).toBeGreaterThan(0);
  });
});

test("a page that comes late and short, and empty ones behind it, are read to the end", async () => {
  const people = [1, 2, 3].map((one) => account(one));
  const domain: Domain = {
    entries: people,
    dirSync: () => changesUntil("one"),
    instead: (call) => {
      if (!call.attributes.includes("*") || call.controls.has(DIR_SYNC)) return null;
      const page = Number(call.cookie || 0);
      const entries = page === 0 ? people.slice(0, 1) : page === 4 ? people.slice(1) : [];
      const late = page === 0 ? { after: 1500 } : {};
      return { entries, cookie: page === 4 ? "" : String(page + 1), ...late };
    },
  };
  await using server = await startWindows(scriptOf(domain));
  configure([server.url]);
  expect(await place.json("import", "ad", "--full")).toMatchObject({
    status: "done",
    counts: { read: 3, created: 3 },
  });
});
