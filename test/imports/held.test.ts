/** Held runs: why, who, and what happens when somebody decides. Against a real OpenLDAP. */
import { setTimeout as sleep } from "node:timers/promises";
import { claimDirectory } from "../../src/engine/claim.ts";
import { Secret } from "../../src/model/secret.ts";
import { openStore, transact } from "../../src/store/database.ts";
import { workOn } from "../../src/store/leases.ts";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { treeLdif } from "../support/people.ts";
import { simplePerson, SIMPLE_MAPPINGS, Workplace, type RunDocument } from "../support/rollcall.ts";
import { startSlapd, type Slapd } from "../support/slapd.ts";

const BASE = "ou=people,dc=example,dc=org";
const SEES_NOBODY = "cn=blind,dc=example,dc=org";
const PEOPLE = 40;

let slapd: Slapd;
let place: Workplace;

const dnOf = (name: string): string => `uid=${name},${BASE}`;
const entry = (name: string): string =>
  `dn: ${dnOf(name)}\nobjectClass: inetOrgPerson\nuid: ${name}\ncn: ${name}\nsn: Test\ngivenName: ${name}\nmail: ${name}@example.org\nemployeeType: staff\n\n`;
const names = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `p${from + i}`);

beforeAll(async () => {
  slapd = await startSlapd({
    ldif: `${treeLdif("dc=example,dc=org")}dn: ou=left,dc=example,dc=org\nobjectClass: organizationalUnit\nou: left\n\ndn: ${SEES_NOBODY}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: blind\nuserPassword: secret\n\n`,
    database: `access to dn.base="${BASE}" by * read\naccess to dn.subtree="${BASE}" by dn.exact="${SEES_NOBODY}" none by * read\naccess to * by * read`,
  });
});
afterAll(() => slapd.stop());
beforeEach(async () => {
  place = await Workplace.create("postgres");
  slapd.modify(names(0, PEOPLE).map(entry).join(""));
});
afterEach(() => {
  const left = slapd.search("dc=example,dc=org", "(objectClass=inetOrgPerson)", "1.1");
  for (const [, dn] of left.matchAll(/^dn: (.*)$/gm)) remove(dn ?? "");
  place.remove();
});

const remove = (dn: string): void => slapd.modify(`dn: ${dn}\nchangetype: delete\n`);

const employ = (name: string, as: string): void =>
  slapd.modify(
    `dn: ${dnOf(name)}\nchangetype: modify\nreplace: employeeType\nemployeeType: ${as}\n`,
  );

function configure({
  filter = "(objectClass=inetOrgPerson)",
  account = slapd.adminDn,
  more = "",
} = {}): void {
  place.configure(`
directories:
  corp:
    type: ldap
    url: ${slapd.url}
    bind: { dn: "${account}", password: secret }
    users: { base: "${BASE}", filter: "${filter}", disabled: { attribute: employeeType, values: [gone] } }
    ${more}
${SIMPLE_MAPPINGS}`);
}

async function imported(...options: string[]): Promise<RunDocument> {
  return await place.json<RunDocument>("import", "corp", ...options);
}

const inOrder = (a: string, b: string): number => (a < b ? -1 : 1);
const findings = (run: RunDocument): string => JSON.stringify(run.held?.["findings"]);

async function shown(
  run: RunDocument,
  ...options: string[]
): Promise<NonNullable<RunDocument["changes"]>> {
  const document = await place.json<RunDocument>(
    "imports",
    "show",
    run.run,
    "--limit",
    "1000",
    ...options,
  );
  return document.changes ?? [];
}

async function active(): Promise<number> {
  return [...(await place.users()).values()].filter((user) => user.status === "active").length;
}

test("everybody concerned is listed with where the directory has them now", async () => {
  configure();
  await imported();
  for (const name of names(0, 5)) remove(dnOf(name));
  for (const name of names(5, 10))
    slapd.modify(
      `dn: ${dnOf(name)}\nchangetype: modrdn\nnewrdn: uid=${name}\ndeleteoldrdn: 0\nnewsuperior: ou=left,dc=example,dc=org\n`,
    );
  for (const name of names(10, 15)) employ(name, "gone");
  configure({ filter: "(&(objectClass=inetOrgPerson)(!(uid=p2*)))" }); // p20 to p29 and p2
  const run = await imported();
  expect(run).toMatchObject({ status: "held", held: { of: "people read", removals: 25 } });
  const told = run.held?.["findings"];
  expect(Array.isArray(told) ? (told as string[]).toSorted(inOrder) : told).toEqual([
    "10: the entry is still there, but the filter or scope does not find it.",
    "5: the account is disabled in the directory.",
    "5: the directory shows no such entry to the account any more.",
    "5: the entry is still there, but outside the base.",
    "The search changed since the last good import: users.filter was (objectClass=inetOrgPerson) and is (&(objectClass=inetOrgPerson)(!(uid=p2*))).",
  ]);
  const reasons = new Map((await shown(run, "--counted")).map((one) => [one.login, one.reason]));
  expect(reasons.size).toBe(25);
  expect(["p0", "p7", "p12", "p22"].map((name) => reasons.get(`${name}@example.org`))).toEqual([
    "gone",
    "moved",
    "disabled",
    "outOfFilter",
  ]);
  const { out } = await place.run("imports", "show", run.run, "--counted", "--limit", "1000");
  expect(out).toContain("the entry is still there, but outside the base");
});

test("an account that lost its permission: success, nobody, held; and the cause is named", async () => {
  configure();
  await imported();
  configure({ account: SEES_NOBODY });
  const run = await imported();
  expect(run).toMatchObject({ status: "held", counts: { read: 0 }, held: { of: "people read" } });
  expect(findings(run)).toContain(`bind.dn was ${slapd.adminDn} and is ${SEES_NOBODY}`);
  expect(findings(run)).toContain(`${BASE} itself can be read`);
  expect(await active()).toBe(PEOPLE);
});

test("a directory of forty with half of its people is held, where no percentage applies", async () => {
  configure();
  await imported();
  for (const name of names(0, 20)) remove(dnOf(name));
  const run = await imported();
  expect(run).toMatchObject({
    status: "held",
    held: {
      level: "directory",
      of: "people read",
      total: 40,
      percent: 50,
      limit: 40,
      removals: 20,
    },
  });
  expect(findings(run)).toContain("The search is the one of the last good import.");
  configure({ more: "importSafeguard: { drop: 50 }" });
  expect(await imported()).toMatchObject({ status: "done", counts: { removed: 20 } });
});

describe("approval", () => {
  test("leaves out and names who came back or was enabled again, and changes nobody else", async () => {
    configure();
    await imported();
    const move = (dn: string, below: string): void =>
      slapd.modify(
        `dn: ${dn}\nchangetype: modrdn\nnewrdn: uid=p16\ndeleteoldrdn: 0\nnewsuperior: ${below}\n`,
      );
    for (const name of names(0, 16)) remove(dnOf(name));
    move(dnOf("p16"), "ou=left,dc=example,dc=org");
    for (const name of names(17, 20)) employ(name, "gone");
    const held = await imported();
    expect(held).toMatchObject({ status: "held", held: { removals: 20 } });
    move("uid=p16,ou=left,dc=example,dc=org", BASE);
    employ("p17", "staff");
    const run = await place.json<RunDocument>("imports", "approve", held.run);
    expect(run).toMatchObject({ status: "done", counts: { removed: 16, updated: 2, skipped: 2 } });
    const left = (await shown(run, "--action", "skipped")).map((one) => [one.login, one.reason]);
    expect(left.toSorted((a, b) => inOrder(a[0] ?? "", b[0] ?? ""))).toEqual([
      ["p16@example.org", "cameBack"],
      ["p17@example.org", "cameBack"],
    ]);
    const users = await place.users();
    const statuses = ["p0", "p16", "p17", "p18"].map(
      (name) => users.get(`${name}@example.org`)?.status,
    );
    expect(statuses).toEqual(["deprovisioned", "active", "active", "deprovisioned"]);
    const [event] = await place.events(
      'eventType eq "system.import.roadblock.reschedule_and_resume"',
    );
    expect(event?.debugContext.debugData).toMatchObject({ leftOut: 2 });
    expect((await imported()).counts).toMatchObject({ removed: 0, updated: 0, unchanged: 24 });
  });

  test("finds those again whom a corrected filter finds, so that nobody is removed by mistake", async () => {
    configure();
    await imported();
    configure({ filter: "(uid=p1*)" });
    const held = await imported();
    expect(held).toMatchObject({ status: "held", held: { removals: 29 } });
    configure();
    const run = await place.json<RunDocument>("imports", "approve", held.run);
    expect(run).toMatchObject({ status: "done", counts: { removed: 0, skipped: 29 } });
    expect(await active()).toBe(PEOPLE);
  });

  test("that sees nobody at all does not take it for nobody having come back", async () => {
    configure({ more: "importSafeguard: { count: 3 }" });
    await imported();
    for (const name of names(0, 10)) employ(name, "gone");
    const held = await imported();
    for (const name of names(0, 10)) employ(name, "staff");
    configure({ more: "importSafeguard: { count: 3 }", account: SEES_NOBODY });
    const { status, err } = await place.run("imports", "approve", held.run);
    expect(status).toBe(1);
    expect(err).toContain("run.unverified");
    expect(await active()).toBe(PEOPLE);
    configure({ more: "importSafeguard: { count: 3 }" });
    const run = await place.json<RunDocument>("imports", "approve", held.run);
    expect(run.counts).toMatchObject({ skipped: 10, updated: 0 });
  });

  test("that cannot ask the directory leaves the run held", async () => {
    configure();
    await imported();
    for (const name of names(0, 20)) remove(dnOf(name));
    const held = await imported();
    configure({ account: "cn=nobody,dc=example,dc=org" });
    const { status, err } = await place.run("imports", "approve", held.run);
    expect(status).toBe(1);
    expect(err).toContain("ldap.credentials");
    expect(await place.json("imports", "show", held.run)).toMatchObject({ status: "held" });
    configure();
    expect((await place.json<RunDocument>("imports", "approve", held.run)).counts).toMatchObject({
      removed: 20,
    });
  });
});

test("a newer import takes the place of a held run, and both say so", async () => {
  configure();
  await imported();
  for (const name of names(0, 20)) remove(dnOf(name));
  const first = await imported();
  const second = await imported();
  expect(second).toMatchObject({ status: "held", replaces: first.run });
  expect(await place.json("imports", "show", first.run)).toMatchObject({
    status: "cancelled",
    decidedBy: `replaced by run ${second.run}`,
  });
  expect((await place.run("imports", "show", second.run)).out).toContain(
    `takes the place of the run ${first.run}`,
  );
  expect(await place.json("imports", "list", "--status", "held")).toHaveLength(1);
});

test("an import of changes does not take the place of what a full one found missing", async () => {
  const more = "incremental: { overlap: 0, compare: 60 }\n    importSafeguard: { count: 3 }";
  configure({ more });
  await imported();
  for (const name of names(0, 10)) remove(dnOf(name));
  const held = await imported("--full");
  expect(await imported("--incremental")).toMatchObject({ type: "incremental", status: "done" });
  const run = await place.json<RunDocument>("imports", "approve", held.run);
  expect(run).toMatchObject({ status: "done", counts: { removed: 10 } });
});

test("a held run holds only its own directory", async () => {
  const other = (people: string): string =>
    `  other:\n    type: ldif\n    path: ${place.file("other.ldif", people)}\n${SIMPLE_MAPPINGS}`;
  configure({ more: "" });
  await imported();
  for (const name of names(0, 20)) remove(dnOf(name));
  expect((await imported()).status).toBe("held");
  place.append(other(simplePerson("zed")));
  expect(await place.json<RunDocument>("import", "other")).toMatchObject({ status: "done" });
  expect(await place.json("imports", "list", "--status", "held")).toHaveLength(1);
});

describe("mass updates", () => {
  const people = (count: number, suffix = ""): string =>
    Array.from({ length: count }, (_, i) =>
      simplePerson(`p${i}`, {
        mail: `p${i}${i < 40 ? suffix : ""}@example.org`,
        title: "Engineer",
      }),
    ).join("");
  const ldif = (text: string, more = ""): void =>
    place.configure(
      `directories:\n  corp:\n    type: ldif\n    path: ${place.file("people.ldif", text)}\n    ${more}\n${SIMPLE_MAPPINGS}`,
    );

  test("other logins for 40 % are held like removals", async () => {
    ldif(people(100));
    await imported();
    ldif(people(100, ".x"));
    const run = await imported();
    expect(run).toMatchObject({
      status: "held",
      held: { of: "logins", percent: 40, limit: 20, total: 100, removals: 0 },
    });
    const [event] = await place.events('eventType eq "system.import.roadblock"');
    expect(event?.debugContext.debugData).toMatchObject({
      import_action: "users updates",
      threshold: "20%",
      job_id: run.run,
    });
    expect((await place.json<RunDocument>("imports", "approve", run.run)).counts).toMatchObject({
      updated: 40,
    });
  });

  test("overwritten values are held, values that come anew are not", async () => {
    ldif(people(100).replaceAll("title: Engineer\n", ""));
    await imported();
    ldif(people(100));
    expect(await imported()).toMatchObject({ status: "done", counts: { updated: 100 } });
    ldif(people(100).replaceAll("Engineer", "Undefined"));
    const held = await imported();
    expect(held).toMatchObject({ status: "held", held: { of: "updates", limit: 50 } });
    expect(await shown(held, "--counted")).toHaveLength(100);
    ldif(people(100).replaceAll("Engineer", "Undefined"), "importSafeguard: { updates: off }");
    expect(await imported()).toMatchObject({ status: "done", counts: { updated: 100 } });
  });

  test("everybody failing at once is held, and those who fail are shown", async () => {
    ldif(people(100));
    await imported();
    ldif(people(100).replaceAll("@example.org", ""));
    const run = await imported();
    expect(run).toMatchObject({ status: "held", held: { of: "failures", percent: 100 } });
    expect(await shown(run, "--counted")).toHaveLength(100);
    expect(await place.json("imports", "cancel", run.run)).toMatchObject({ status: "cancelled" });
    // Who failed before does not count again.
    ldif(people(100).replaceAll("@example.org", ""), "importSafeguard: { failures: off }");
    expect(await imported()).toMatchObject({ status: "done", counts: { failed: 100 } });
    ldif(people(100).replaceAll("@example.org", ""));
    expect(await imported()).toMatchObject({ status: "done", counts: { failed: 100 } });
  });

  test("a mapping mistake is held by its share of everybody, in an import, too", async () => {
    ldif(people(100));
    await imported();
    const wrong = `login: 'appuser.givenName == "p1" OR String.startsWith(appuser.givenName, "p2") OR String.startsWith(appuser.givenName, "p3") OR appuser.givenName == "p4" ? "x" + appuser.mail : appuser.mail'`;
    place.configure(
      `directories:\n  corp:\n    type: ldif\n    path: ${place.folder}/people.ldif\n${SIMPLE_MAPPINGS.replace("login: appuser.mail", wrong)}`,
    );
    // 24 of 100, of whom the other 76 are looked at again and stay as they are.
    expect(await imported()).toMatchObject({
      status: "held",
      held: { of: "logins", total: 100, percent: 24 },
    });
  });

  test("a mapping mistake is held in a force sync as well", async () => {
    ldif(people(100));
    await imported();
    place.configure(
      `directories:\n  corp:\n    type: ldif\n    path: ${place.folder}/people.ldif\n${SIMPLE_MAPPINGS.replace("login: appuser.mail", "login: '\"x\" + appuser.mail'")}`,
    );
    const { status } = await place.run("force-sync", "corp");
    expect(status).toBe(3);
    expect((await place.users()).has("p1@example.org")).toBe(true);
  });

  test("changed limits are an event with what they were and are", async () => {
    ldif(people(3));
    await imported();
    ldif(people(3), "importSafeguard: { percent: 90, count: 7 }");
    await imported();
    const events = await place.events('eventType eq "system.import.roadblock.updated"');
    expect(events.map((event) => event.debugContext.debugData["changeDetails"])).toMatchObject([
      {
        from: { percentage_threshold: 20, absolute_value_threshold_enabled: false },
        to: { percentage_threshold: 90, absolute_threshold: 7 },
      },
    ]);
  });
});

test("people of a run are exported as CSV and JSON lines, however many, page by page", async () => {
  const many = Array.from({ length: 12_000 }, (_, i) => simplePerson(`p${i}`)).join("");
  const ldif = (text: string): void =>
    place.configure(
      `directories:\n  corp:\n    type: ldif\n    path: ${place.file("people.ldif", text)}\n${SIMPLE_MAPPINGS}`,
    );
  ldif(many);
  await imported();
  ldif(simplePerson("p0"));
  const run = await imported();
  expect(run.status).toBe("held");
  const { out } = await place.run("imports", "export", run.run, "--counted");
  const lines = out.trimEnd().split("\r\n");
  expect(lines[0]).toBe("action,reason,login,externalId,dn,changes,code,field,message,counted");
  expect(lines).toHaveLength(12_000);
  expect(new Set(lines).size).toBe(12_000);
  expect(lines[1]).toMatch(/^removed,gone,p\d+@example\.org,p\d+,"uid=p\d+,/);
  const json = await place.run("imports", "export", run.run, "--action", "removed", "--json");
  expect(json.out.trimEnd().split("\n")).toHaveLength(11_999);
  const page = await place.json<RunDocument & { next: number }>(
    "imports",
    "show",
    run.run,
    "--limit",
    "5000",
    "--after",
    "5999",
  );
  expect(page.changes).toHaveLength(5000);
  expect(page.next).toBe(10_999);
  const unknown = await place.run("imports", "export", "00000000");
  expect(unknown).toMatchObject({ status: 1, out: "" });
});

test("who decides while the run's own process still tidies up is not told that somebody is at work", async () => {
  configure();
  await imported();
  for (const name of names(0, 20)) remove(dnOf(name));
  const held = await imported();
  expect(held.status).toBe("held");
  await using store = await openStore({ url: new Secret(place.databaseUrl ?? ""), directory: "" });
  const { signal } = new AbortController();
  // Of another machine, so that nobody can tell whether it is alive.
  const claim = await claimDirectory(store, "corp", "elsewhere process 1, started then", signal);
  const decide = place.run("imports", "cancel", held.run);
  expect(await decide).toMatchObject({ status: 1, err: expect.stringContaining("run.busy") });
  await transact(store, (trx) => workOn(trx, claim.lease, held.run));
  const again = place.run("imports", "cancel", held.run);
  await sleep(300);
  await claim[Symbol.asyncDispose]();
  expect(await again).toMatchObject({ status: 0 });
});
