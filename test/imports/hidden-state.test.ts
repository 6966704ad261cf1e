/** What cannot be seen is not "no": an account whose state is hidden keeps what it had. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { Workplace, type RunDocument } from "../support/rollcall.ts";

let place: Workplace;

beforeEach(async () => {
  place = await Workplace.create("postgres");
});
afterEach(() => place.remove());

interface Account {
  readonly name: string;
  /** The line that tells its state. */
  readonly state?: string;
  readonly title?: string;
}

function configure(accounts: readonly Account[], rule: string, more = ""): void {
  const entries = accounts.map(
    ({ name, state = "", title = "Clerk" }) =>
      `dn: uid=${name},ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\nentryUUID: ${name}\nmail: ${name}@example.org\ngivenName: ${name}\nsn: Test\ntitle: ${title}\n${state}\n`,
  );
  place.configure(`directories:
  corp:
    type: ldif
    path: ${place.file("people.ldif", entries.join(""))}
    users: { disabled: ${rule} }
${more}    toOkta: { login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn, title: appuser.title }
`);
}

const imported = async (): Promise<RunDocument> => await place.json("import", "corp", "--full");
async function statuses(): Promise<Record<string, string>> {
  const users = await place.users();
  return Object.fromEntries([...users].map(([login, { status }]) => [login.split("@")[0], status]));
}

const BIT = "{ attribute: userAccountControl, bit: 2 }";
const ENABLED = "userAccountControl: 512\n";
const DISABLED = "userAccountControl: 514\n";

test.each([
  ["absent", ""],
  ["no number", "userAccountControl: yes\n"],
  ["twice", ENABLED + DISABLED],
])(
  "%s, the number that tells leaves everybody as they were, and creates nobody",
  async (_, hidden) => {
    configure(
      [
        { name: "ada", state: ENABLED },
        { name: "bob", state: DISABLED },
      ],
      BIT,
    );
    await imported();
    expect(await statuses()).toEqual({ ada: "active", bob: "deprovisioned" });
    const all = ["ada", "bob", "new"].map((name) => ({ name, state: hidden, title: "Other" }));
    configure(all, BIT);
    expect(await imported()).toMatchObject({ status: "done", counts: { failed: 3, removed: 0 } });
    expect(await statuses()).toEqual({ ada: "active", bob: "deprovisioned" });
    const { out } = await place.run("users", "failing");
    expect(out).toContain("entry.stateUnknown, userAccountControl");
    expect((await place.users()).get("ada@example.org")?.profile["title"]).toBe("Clerk");
    configure(
      [
        { name: "ada", state: DISABLED },
        { name: "bob", state: ENABLED },
      ],
      BIT,
    );
    expect(await imported()).toMatchObject({ status: "done", counts: { failed: 0 } });
    expect(await statuses()).toEqual({ ada: "deprovisioned", bob: "active" });
  },
);

test("check says so before the first import", async () => {
  configure([{ name: "ada" }, { name: "bob" }], BIT);
  const { out, status } = await place.run("check");
  expect(status).toBe(1);
  expect(out).toContain("[entry.stateUnknown]");
});

test("a negative number has its bits, too", async () => {
  configure([{ name: "ada", state: "userAccountControl: -2147483136\n" }], BIT);
  await imported();
  expect(await statuses()).toEqual({ ada: "active" });
});

test("wrong passwords lock an account for a time, which takes no access; an administrator does for good", async () => {
  const lock = (time: string): string => `pwdAccountLockedTime: ${time}\n`;
  configure(
    [
      { name: "wrong", state: lock("20261128120000Z") },
      { name: "good", state: lock("000001010000Z") },
      { name: "free" },
    ],
    "{ attribute: pwdAccountLockedTime }",
  );
  await imported();
  const { wrong, good, free } = await statuses();
  expect([wrong, free]).toEqual(["active", "active"]);
  expect(good).not.toBe("active");
});

test("access that would be given back to many is held, like access that would be taken", async () => {
  const all = (count: number, state: string): Account[] =>
    Array.from({ length: count }, (_, i) => ({
      name: `${state === DISABLED ? "off" : "on"}${i}`,
      state,
    }));
  const off = all(30, DISABLED);
  const on = all(90, ENABLED);
  configure([...on, ...off], BIT);
  await imported();
  const back = off.map(({ name }) => ({ name, state: ENABLED }));
  configure([...on, ...back], BIT);
  const run = await imported();
  expect(run).toMatchObject({ status: "held", held: { of: "grants", percent: 25, limit: 20 } });
  const { out } = await place.run("imports", "show", run.run, "--counted");
  expect(out).toContain("access is given back");
  expect(out).not.toContain("on1@");
  await place.json("imports", "approve", run.run);
  expect(new Set(Object.values(await statuses()))).toEqual(new Set(["active"]));
});

test("access that is given back a few at a time is held like all at once", async () => {
  const names = Array.from({ length: 36 }, (_, at) => `p${at}`);
  const rule = "{ attribute: nsAccountLock }";
  const hidden = (count: number): void =>
    configure(
      names.map((name, at) => ({ name, state: at < count ? "" : "nsAccountLock: TRUE\n" })),
      rule,
    );
  hidden(0);
  await imported();
  hidden(9);
  expect(await imported()).toMatchObject({ status: "done" });
  hidden(18);
  expect(await imported()).toMatchObject({ status: "done" });
  hidden(27);
  const run = await imported();
  expect(run).toMatchObject({ status: "held", held: { of: "grants" } });
  expect(run.held?.["reason"]).toContain("18 of them got it back by imports of the last 24 hours");
  // What somebody approved is not held against anybody again.
  await place.run("imports", "approve", run.run);
  hidden(30);
  expect(await imported()).toMatchObject({ status: "done" });
});

const MEMBERS = Array.from({ length: 12 }, (_, at) => `p${at}`);

/** Twelve people, a group of all of them, and one of two. */
function configureGroups(members: readonly string[], more = ""): void {
  const people = MEMBERS.map((name) => ({ name }));
  const dn = (name: string): string => `member: uid=${name},ou=people,dc=example,dc=org\n`;
  configure(people, "{ attribute: never, values: [x] }", "    groups: {}\n");
  place.file(
    "people.ldif",
    people
      .map(
        ({ name }) =>
          `dn: uid=${name},ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\nentryUUID: ${name}\nmail: ${name}@example.org\ngivenName: ${name}\nsn: Test\n\n`,
      )
      .join("") +
      `dn: cn=All,ou=groups,dc=example,dc=org\nobjectClass: groupOfNames\nentryUUID: g1\ncn: All\n${members.map(dn).join("")}\n` +
      `dn: cn=Two,ou=groups,dc=example,dc=org\nobjectClass: groupOfNames\nentryUUID: g2\ncn: Two\n${members.slice(0, 2).map(dn).join("")}\n${more}`,
  );
}

interface Person {
  readonly appUsers: readonly { readonly groups: readonly { readonly name: string }[] }[];
}
async function groupsOf(name: string): Promise<string[]> {
  const { appUsers } = await place.json<Person>("users", "show", `${name}@example.org`);
  return (appUsers[0]?.groups ?? []).map((group) => group.name);
}

test("groups whose members cannot be seen any more take nobody out of them: the import is held, and says which", async () => {
  configureGroups(MEMBERS);
  expect(await imported()).toMatchObject({ status: "done" });
  expect(await groupsOf("p0")).toEqual(["All", "Two"]);
  configureGroups([]);
  const run = await imported();
  expect(run).toMatchObject({
    status: "held",
    held: { of: "memberships", total: 14, percent: 100, limit: 40 },
  });
  expect(run.held?.["findings"]).toEqual([
    "cn=All,ou=groups,dc=example,dc=org would have 0 members; it had 12.",
    "cn=Two,ou=groups,dc=example,dc=org would have 0 members; it had 2.",
  ]);
  expect(await groupsOf("p0")).toEqual(["All", "Two"]);
  // Whoever knows that it is right says so.
  expect((await place.run("imports", "approve", run.run)).status).toBe(0);
  expect(await groupsOf("p0")).toEqual([]);
});

test("a group that grows does not hide another one that is emptied", async () => {
  configureGroups(MEMBERS);
  await imported();
  const others = MEMBERS.map((name) => `member: uid=${name},ou=people,dc=example,dc=org\n`).join(
    "",
  );
  configureGroups(
    [],
    `dn: cn=Grown,ou=groups,dc=example,dc=org\nobjectClass: groupOfNames\nentryUUID: g4\ncn: Grown\n${others}\n`,
  );
  expect(await imported()).toMatchObject({
    status: "held",
    held: { of: "memberships", total: 14, percent: 100 },
  });
  expect(await groupsOf("p0")).toEqual(["All", "Two"]);
});

test("check counts members of groups who are nobody that is read", async () => {
  const foreign =
    "dn: cn=Mixed,ou=groups,dc=example,dc=org\nobjectClass: groupOfNames\nentryUUID: g3\ncn: Mixed\n" +
    "member: uid=p1,ou=people,dc=example,dc=org\nmember: cn=Two,ou=groups,dc=example,dc=org\n" +
    "member: CN=S-1-5-21-1-2-3-1104,CN=ForeignSecurityPrincipals,DC=example,DC=org\n" +
    "member: CN=Ada\\0ACNF:5d1f2c0e-7f0e-4d52-a3ab-17f1d21c3d0b,OU=people,DC=example,DC=org\n\n";
  configureGroups(MEMBERS, foreign);
  await imported();
  const { out } = await place.run("check");
  expect(out).toContain(
    "2 of 18 memberships in groups name nobody that was read (people outside the bases or the filter, of another domain, contacts)",
  );
});
