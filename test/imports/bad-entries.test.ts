/** One bad entry harms only itself, in every stage from the directory's bytes to the database. */
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { simplePerson, SIMPLE_MAPPINGS, Workplace, type RunDocument } from "../support/rollcall.ts";
import { startScriptedLdap, type Answer } from "../support/scripted-ldap.ts";

const BASE = "ou=people,dc=example,dc=org";
let place: Workplace;

beforeEach(async () => {
  place = await Workplace.create("postgres");
});
afterEach(() => place.remove());

interface Shown {
  readonly status: string;
  readonly profile: Record<string, unknown>;
  readonly appUsers: {
    status: string;
    error: null | { code: string; field: string; shape?: string };
  }[];
}

const imported = (): Promise<RunDocument> => place.json<RunDocument>("import", "corp");
const user = (name: string): Promise<Shown> =>
  place.json<Shown>("users", "show", `${name}@example.org`);

/** The bad one keeps everything, is named, and is tried again; the others are imported. */
async function expectHarmless(run: RunDocument, code: string): Promise<void> {
  expect(run.error).toBeNull();
  expect(run).toMatchObject({ status: "done", counts: { failed: 1, removed: 0 } });
  const { changes = [] } = await place.json<RunDocument>(
    "imports",
    "show",
    run.run,
    "--action",
    "failed",
  );
  expect(changes).toMatchObject([{ login: "bob@example.org", error: { code } }]);
  const bob = await user("bob");
  expect(bob).toMatchObject({ status: "active", profile: { title: "Before" } });
  expect(bob.appUsers).toMatchObject([{ status: "active", error: { code } }]);
  for (const name of ["ada", "cyd"]) {
    expect(await user(name)).toMatchObject({
      profile: { title: "After" },
      appUsers: [{ error: null }],
    });
  }
  // Tried again although nothing changed; the failure is told once.
  const again = await imported();
  expect(again).toMatchObject({ counts: { failed: 1, unchanged: 2, updated: 0 } });
  const told = await place.events(`outcome.reason sw "${code}"`);
  expect(told).toHaveLength(1);
}

describe("decode", () => {
  test("an attribute with a name that is none", async () => {
    const entry = (
      name: string,
      title: string,
      odd = false,
    ): NonNullable<Answer["entries"]>[number] => ({
      dn: `uid=${name},${BASE}`,
      attributes: {
        objectClass: "inetOrgPerson",
        entryUUID: name,
        mail: `${name}@example.org`,
        givenName: name,
        sn: "Test",
        title,
        ...(odd ? { "no name \u0000": "x" } : {}),
      },
    });
    const base = { dn: BASE, attributes: { objectClass: "organizationalUnit" } };
    let title = "Before";
    await using server = await startScriptedLdap((call) => ({
      entries:
        call.scope === 0 || !call.attributes.includes("*") // the base, and containers
          ? [base]
          : [entry("ada", title), entry("bob", title, title === "After"), entry("cyd", title)],
    }));
    place.configure(
      `directories:\n  corp:\n    type: ldap\n    url: ${server.url}\n    users: { base: "${BASE}" }\n${SIMPLE_MAPPINGS}`,
    );
    await imported();
    title = "After";
    await expectHarmless(await imported(), "entry.undecodable");
  });
});

function setup(
  title: string,
  bob: Readonly<Record<string, string | readonly string[]>> = {},
  mappings = SIMPLE_MAPPINGS,
  more = "",
): void {
  const people =
    simplePerson("ada", { title }) +
    simplePerson("bob", { title, ...bob }) +
    simplePerson("cyd", { title });
  place.configure(
    `${more}\ndirectories:\n  corp:\n    type: ldif\n    path: ${place.file("people.ldif", people)}\n${mappings}`,
  );
}

test("map: several values for one", async () => {
  setup("Before");
  await imported();
  setup("After", { title: ["After", "All"] });
  await expectHarmless(
    await imported(),
    "platform.cvd.profile.property.constraint.violation.schema",
  );
  expect((await user("bob")).appUsers[0]?.error).toMatchObject({
    field: "title",
    shape: "list of 2, the first a text of 5 characters",
  });
});

test("validate: a value that is too long, with its size and not itself", async () => {
  const schema = "profile: { attributes: { badge: { type: string, maxLength: 5 } } }";
  const mappings = `${SIMPLE_MAPPINGS}      badge: appuser.badge`;
  setup("Before", {}, mappings, schema);
  await imported();
  const secret = "a-secret-of-many-characters";
  setup("After", { badge: secret }, mappings, schema);
  await expectHarmless(
    await imported(),
    "platform.cvd.profile.property.constraint.violation.maxLength",
  );
  const { error } = (await user("bob")).appUsers[0] ?? {};
  expect(error).toMatchObject({ field: "badge", shape: "text of 27 characters" });
  expect(JSON.stringify(error)).not.toContain(secret);
  const [event] = await place.events(
    'eventType eq "app.user_management.update_from_master_failed"',
  );
  expect(event?.debugContext.debugData).toMatchObject({ ErrorValueShape: "text of 27 characters" });
});

describe("write: the database refuses a value", () => {
  let client: Client;
  beforeEach(async () => {
    client = new Client({ connectionString: place.databaseUrl ?? "" });
    await client.connect();
  });
  afterEach(() => client.end());

  async function refuse(): Promise<void> {
    await client.query(`create function refuse() returns trigger language plpgsql as $$ begin
      if new.profile->>'title' = 'Unstorable' then raise exception 'no such title' using errcode = '22000'; end if;
      return new; end $$`);
    await client.query(
      "create trigger refuse before insert or update on users for each row execute function refuse()",
    );
  }

  test("of somebody among many", async () => {
    setup("Before");
    await imported();
    await refuse();
    setup("After", { title: "Unstorable" });
    await expectHarmless(await imported(), "entry.unstorable");
  });

  test("of somebody new, who is tried again and is there when it can be stored", async () => {
    setup("Before");
    await place.run("migrate");
    await refuse();
    setup("Before", { title: "Unstorable" });
    expect((await imported()).counts).toMatchObject({ created: 2, failed: 1 });
    expect((await imported()).counts).toMatchObject({ unchanged: 2, failed: 1 });
    await client.query("drop trigger refuse on users");
    expect((await imported()).counts).toMatchObject({ created: 1, unchanged: 2, failed: 0 });
  });

  test("of one of two who exchange their logins", async () => {
    setup("Before");
    await imported();
    await refuse();
    const people =
      simplePerson("ada", { mail: "bob@example.org", title: "Unstorable" }) +
      simplePerson("bob", { mail: "ada@example.org", title: "After" }) +
      simplePerson("cyd", { title: "After" });
    place.file("people.ldif", people);
    expect((await imported()).counts).toMatchObject({ updated: 1, failed: 2 });
    const users = await place.users();
    expect(users.get("ada@example.org")?.profile).toMatchObject({
      firstName: "ada",
      title: "Before",
    });
    expect(users.get("bob@example.org")?.profile).toMatchObject({
      firstName: "bob",
      title: "Before",
    });
    expect(users.get("cyd@example.org")?.profile).toMatchObject({ title: "After" });
    await client.query("drop trigger refuse on users");
    expect((await imported()).counts).toMatchObject({ updated: 2, failed: 0 });
    expect((await place.users()).get("bob@example.org")?.profile).toMatchObject({
      firstName: "ada",
    });
  });
});
