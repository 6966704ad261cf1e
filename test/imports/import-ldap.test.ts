/** Imports from a real OpenLDAP, compared person by person with what the directory holds. */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { Client } from "ldapts";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { person, type Person } from "../support/people.ts";
import { Workplace, type RunDocument } from "../support/rollcall.ts";

const ADMIN = "cn=admin,dc=example,dc=org";
const MAPPINGS = `
    toOkta:
      login: appuser.uid + "@example.org"
      email: appuser.mail[0]
      firstName: appuser.givenName
      lastName: appuser.sn
      title: appuser.title
      city: appuser.l
`;

/** More than a page; ROLLCALL_TEST_PEOPLE=100000 takes minutes to fill the directory. */
const PEOPLE = Number(process.env["ROLLCALL_TEST_PEOPLE"] ?? 1500);

let place: Workplace;
let client: Client;
let base: string;

beforeEach(async () => {
  place = await Workplace.create("postgres");
  client = new Client({ url: inject("servers").ldapUrl, timeout: 30_000 });
  await client.bind(ADMIN, "secret");
  base = `ou=t${randomBytes(4).toString("hex")},dc=example,dc=org`;
  await client.add(base, { objectClass: "organizationalUnit" });
});
afterEach(async () => {
  await client.unbind();
  place.remove();
});

function configure(more: Readonly<Record<string, string>> = {}): void {
  const settings: Record<string, string> = {
    type: "ldap",
    url: inject("servers").ldapUrl,
    bind: `{ dn: "${ADMIN}", password: "secret" }`,
    users: `{ base: "${base}" }`,
    timeout: "5",
    ...more,
  };
  const lines = Object.entries(settings).map(([key, value]) => `    ${key}: ${value}`);
  place.configure(`directories:\n  corp:\n${lines.join("\n")}\n${MAPPINGS}`);
}

async function add(people: readonly Person[]): Promise<void> {
  for (const one of people) {
    const attributes: Record<string, (string | Buffer)[]> = {};
    for (const [name, value] of one.attributes) (attributes[name] ??= []).push(value);
    await client.add(`uid=${one.uid},${base}`, attributes as Record<string, string[]>);
  }
}

/** The whole truth: what every person's profile must be, from a read of the directory by ldapts. */
async function expected(): Promise<Map<string, Record<string, string>>> {
  const { searchEntries } = await client.search(base, {
    filter: "(objectClass=inetOrgPerson)",
    paged: { pageSize: 500 },
    timeLimit: 0,
  });
  const one = (value: unknown): string => String(Array.isArray(value) ? value[0] : value);
  return new Map(
    searchEntries.map((entry) => {
      const login = `${one(entry["uid"])}@example.org`;
      const profile = {
        login,
        email: one(entry["mail"]),
        firstName: one(entry["givenName"]),
        lastName: one(entry["sn"]),
        title: one(entry["title"]),
        city: one(entry["l"]),
      };
      return [login, profile];
    }),
  );
}

async function expectSame(): Promise<void> {
  const users = await place.users();
  const active = new Map(
    [...users]
      .filter(([, user]) => user.status === "active")
      .map(([login, user]) => [login, user.profile]),
  );
  expect(Object.fromEntries(active)).toEqual(Object.fromEntries(await expected()));
}

test(
  `${PEOPLE} people, then nothing, then 50 changed, 20 new and 30 gone`,
  { timeout: 1_800_000 },
  async () => {
    const people = Array.from({ length: PEOPLE }, (_, i) => person(i));
    await add(people);
    configure();
    const first = await place.json<RunDocument>("import", "corp");
    expect(first).toMatchObject({
      status: "done",
      counts: { read: PEOPLE, created: PEOPLE, failed: 0 },
    });
    await expectSame();

    const second = await place.json<RunDocument>("import", "corp");
    expect(second.counts).toMatchObject({
      read: PEOPLE,
      unchanged: PEOPLE,
      created: 0,
      updated: 0,
      removed: 0,
    });
    expect(
      await place.events(`transaction.id eq "${second.run}" and target.type eq "AppUser"`),
    ).toEqual([]);

    for (const one of people.slice(0, 50)) {
      await client.modify(`uid=${one.uid},${base}`, [await change("title", "Director")]);
    }
    for (const one of people.slice(50, 80)) await client.del(`uid=${one.uid},${base}`);
    await add(Array.from({ length: 20 }, (_, i) => person(PEOPLE + 5000 + i)));
    const third = await place.json<RunDocument>("import", "corp");
    expect(third.counts).toMatchObject({
      read: PEOPLE - 10,
      created: 20,
      updated: 50,
      removed: 30,
      unchanged: PEOPLE - 80,
      failed: 0,
    });
    await expectSame();
    const statuses = [...(await place.users()).values()].map((user) => user.status);
    expect(statuses.filter((status) => status === "deprovisioned")).toHaveLength(30);
  },
);

async function change(type: string, value: string) {
  const { Attribute, Change } = await import("ldapts");
  return new Change({
    operation: "replace",
    modification: new Attribute({ type, values: [value] }),
  });
}

test.each([
  ["wrong password", { bind: `{ dn: "${ADMIN}", password: "wrong" }` }, "ldap.credentials"],
  ["empty password", { bind: `{ dn: "${ADMIN}", password: "" }` }, "ldap.emptyPassword"],
  ["missing base", { users: `{ base: "ou=nowhere,dc=example,dc=org" }` }, "ldap.baseNotFound"],
  [
    "bad filter",
    { users: `{ base: "dc=example,dc=org", filter: "(&(a=b)" }` },
    "ldap.filterInvalid",
  ],
  ["nobody listens", { url: "ldap://127.0.0.1:1" }, "ldap.unreachable"],
  ["no name", { url: "ldap://nothing.invalid" }, "ldap.unreachable"],
])("%s: a sentence, exit status 1, nothing changed", async (_, more, code) => {
  await add([person(1)]);
  configure();
  await place.run("import", "corp");
  configure(more);
  const { status, out, err } = await place.run("import", "corp", "--json");
  expect(status).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    status: "failed",
    counts: { removed: 0 },
    error: { code },
  });
  expect(out + err).not.toContain('"wrong"');
  expect([...(await place.users()).values()].map((user) => user.status)).toEqual(["active"]);
  const told = await place.run("import", "corp");
  expect(told.out).toContain("corp  full import failed");
  expect(told.err).toMatch(/^→ \S.*\.$/m);
  const check = await place.run("check");
  expect(check.status).toBe(1);
  expect(check.out).toContain(code);
});

test("the second server of a list is used if the first does not answer", async () => {
  await add([person(1)]);
  configure({ url: `[ldap://127.0.0.1:1, ${inject("servers").ldapUrl}]` });
  expect((await place.json<RunDocument>("import", "corp")).counts).toMatchObject({ created: 1 });
});

test("where no server of a list answers, each one's reason is told", async () => {
  configure({ url: "[ldap://127.0.0.1:1, ldap://127.0.0.1:2]" });
  const { error } = await place.json<RunDocument>("import", "corp");
  expect(error).toMatchObject({ code: "ldap.unreachable" });
  expect(error?.message).toContain("127.0.0.1:1 cannot be reached");
  expect(error?.message).toContain("127.0.0.1:2 cannot be reached");
});

test("overlapping bases: nobody is read twice", async () => {
  await add([person(1), person(2)]);
  configure({ users: `{ base: ["${base}", "uid=${person(2).uid},${base}"] }` });
  expect((await place.json<RunDocument>("import", "corp")).counts).toMatchObject({
    read: 2,
    created: 2,
    failed: 0,
  });
});

test("check names the server and how people are identified", async () => {
  await add([person(1)]);
  configure();
  const { status, out } = await place.run("check");
  expect(out).toContain("people are identified by entryUUID, 6 mappings");
  expect(status).toBe(0);
  expect(out).not.toContain("which the mapping");
});

test("check knows the attributes of the server's schema, and preview asks the server", async () => {
  await add([person(1), person(2)]);
  configure();
  await place.run("import", "corp");
  const text = readFileSync(place.config, "utf8");
  writeFileSync(place.config, text.replace("appuser.givenName", "appuser.givenNme"));
  const { out } = await place.run("check");
  expect(out).toMatch(
    /givenNme, which the mapping of \w+(, \w+)* reads, is not in the directory's schema; do you mean givenName\?/,
  );
  writeFileSync(place.config, text);
  await add([person(3)]);
  await client.modify(`uid=${person(1).uid},${base}`, [await change("sn", "Renamed")]);
  expect(await place.json("preview", "corp")).toMatchObject({ people: 2, changed: 0 });
  expect(await place.json("preview", "corp", "--live")).toMatchObject({
    people: 3,
    created: 1,
    changed: 1,
    absent: 0,
  });
  const one = await place.json(
    "preview",
    "corp",
    "--live",
    "--user",
    `uid=${person(1).uid}, ${base}`,
    "--attribute",
    "lastName",
  );
  expect(one).toMatchObject({ live: true, attributes: [{ value: "Renamed" }] });
  const fresh = await place.json(
    "preview",
    "corp",
    "--live",
    "--user",
    `uid=${person(3).uid},${base}`,
  );
  expect(fresh).toMatchObject({ login: null, live: true, problems: [] });
});
