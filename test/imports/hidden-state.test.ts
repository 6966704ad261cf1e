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
