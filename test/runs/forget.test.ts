/** Forgetting somebody: nothing of the person is left, and nothing else is lost. */
import { Client } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SIMPLE_MAPPINGS, simplePerson, Workplace, type RunDocument } from "../support/rollcall.ts";

let place: Workplace;

beforeEach(async () => {
  place = await Workplace.create("postgres");
});
afterEach(() => place.remove());

async function database<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: place.databaseUrl ?? "" });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Whatever is stored anywhere, as text. */
async function everything(): Promise<string> {
  return await database(async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "select tablename as name from pg_tables where schemaname = current_schema()",
    );
    const found: unknown[] = [];
    for (const { name } of rows)
      found.push(...(await client.query(`select to_jsonb(t) as row from "${name}" t`)).rows);
    return JSON.stringify(found);
  });
}

function setup(people: string, more = ""): void {
  const path = place.file("people.ldif", people);
  place.configure(
    `${more}\ndirectories:\n  corp:\n    type: ldif\n    importSafeguard: off\n    path: ${path}\n${SIMPLE_MAPPINGS}`,
  );
}

const ada = simplePerson("zzada", { title: "Countess of Zzlace" });
const bob = simplePerson("bob");
const imported = (): Promise<RunDocument> => place.json<RunDocument>("import", "corp", "--full");

test("whoever left is forgotten everywhere; others, and what runs did, stay", async () => {
  setup(ada + bob);
  // What would be done is kept as well, under a user who never was.
  await place.run("import", "corp", "--dry-run");
  await imported();
  setup(ada.replace("Countess", "Queen") + bob);
  await imported();
  setup(bob);
  const left = await imported();
  expect(await everything()).toContain("zzada");
  const counted = await place.json("users", "forget", "zzada@example.org", "--dry-run");
  expect(counted).toMatchObject({ run: null, appProfiles: 1, changes: 4, images: 2 });
  expect(await everything()).toContain("zzada");
  const forgotten = await place.json("users", "forget", "zzada@example.org");
  expect(forgotten).toEqual({ ...counted, run: expect.any(String) as string });
  const rest = await everything();
  expect(rest).not.toMatch(/zz(?:ada|lace)/i);
  expect(rest).toContain("bob@example.org");
  expect(await place.json("imports", "show", left.run)).toMatchObject({ counts: { removed: 1 } });
  const [event] = await place.events('eventType eq "user.lifecycle.delete.completed"');
  expect(event).toMatchObject({
    target: [{ alternateId: "[forgotten]" }],
    debugContext: { debugData: { forgotten: true, changes: 4 } },
  });
  setup(ada + bob);
  expect((await imported()).counts).toMatchObject({ created: 1, unchanged: 1 });
});

test("histories of others do not name the person either: as a manager, as who had a login", async () => {
  const managed = simplePerson("bob", { manager: "uid=zzada,ou=people,dc=example,dc=org" });
  const mapped = SIMPLE_MAPPINGS.replace(/\n$/, "\n      manager: appuser.manager\n");
  const files = (people: string): void =>
    place.configure(
      `directories:\n  corp:\n    type: ldif\n    importSafeguard: off\n    path: ${place.file("people.ldif", people)}\n${mapped}`,
    );
  files(ada + managed);
  await imported();
  files(ada + managed.replace("bob@example.org", "zzada@example.org"));
  expect((await imported()).counts).toMatchObject({ failed: 1 });
  files(bob);
  await imported();
  expect(await everything()).toMatch(/zzada/);
  expect((await place.run("users", "forget", "zzada@example.org")).status).toBe(0);
  const rest = await everything();
  expect(rest.slice(Math.max(0, rest.search(/zz(?:ada|lace)/i) - 200)).slice(0, 400)).not.toMatch(
    /zz(?:ada|lace)/i,
  );
});

test("somebody who was deleted is forgotten by the login of then", async () => {
  setup(bob);
  await place.run("users", "create", "x@y.org", "email=x@y.org", "firstName=Zz", "lastName=Zzlast");
  await place.run("users", "deactivate", "x@y.org");
  await place.run("users", "delete", "x@y.org");
  expect(await everything()).toContain("Zzlast");
  expect((await place.run("users", "forget", "x@y.org")).status).toBe(0);
  expect(await everything()).not.toMatch(/Zzlast|x@y\.org/);
});

test("of somebody who was deleted the app profile goes as well, and who has the login now keeps everything", async () => {
  setup(ada + bob);
  await imported();
  setup(bob);
  await imported();
  const { id } = await place.json<{ id: string }>("users", "show", "zzada@example.org");
  await place.run("users", "delete", "zzada@example.org");
  const heir = simplePerson("zznew", { mail: "zzada@example.org", title: "Heir" });
  setup(bob + heir);
  await imported();
  setup(bob + heir.replace("Heir", "Heiress"));
  await imported();
  const before = await place.json("users", "show", "zzada@example.org");
  expect(await place.json("users", "forget", id)).toMatchObject({ appProfiles: 1 });
  expect(await everything()).not.toMatch(/Zzlace|uid=zzada/);
  expect(await place.json("users", "show", "zzada@example.org")).toEqual(before);
  const about = await place.events('target.alternateId eq "zzada@example.org"');
  expect(about.length).toBeGreaterThan(0);
});

test("an entry that belongs to somebody is not forgotten by itself", async () => {
  setup(ada + bob);
  await imported();
  setup(bob);
  await imported();
  const { status, err } = await place.run("imports", "forget", "corp", "zzada");
  expect(status).not.toBe(0);
  expect(err).toContain("belongs to zzada@example.org");
});

test("others with a longer name of the same letters keep theirs", async () => {
  const joint = simplePerson("jozzada", { description: "joint zzada@example.org" });
  setup(ada + joint);
  await imported();
  setup(joint.replace("sn: Test", "sn: Other"));
  await imported();
  await place.run("users", "forget", "zzada@example.org");
  const run = await place.json<RunDocument[]>("imports", "list");
  const reverted = await place.json<RunDocument>("imports", "revert", run[1]?.run ?? "");
  expect(reverted.status).toBe("done");
  expect(await everything()).toContain("jozzada@example.org");
  expect(await everything()).not.toMatch(/jo\[forgotten\]/);
});

test("nobody is forgotten who would come back, or still has access", async () => {
  setup(ada + bob);
  await imported();
  const refused = async (...args: string[]): Promise<string> => {
    const { status, err } = await place.run(...args);
    expect(status).not.toBe(0);
    return err;
  };
  expect(await refused("users", "forget", "zzada@example.org")).toContain("only deactivated users");
  await place.run("users", "deactivate", "zzada@example.org");
  expect(await refused("users", "forget", "zzada@example.org")).toContain("still has");
  expect(await refused("imports", "forget", "corp", "zzada")).toContain("belongs to");
  expect(await refused("imports", "forget", "corp", "nobody")).toContain("nobody with");
  expect(await refused("users", "forget", "nobody")).toContain("no history of one");
  expect(await everything()).toContain("zzada");
});

test("nobody is forgotten whom a held run has in its plan", async () => {
  setup(ada + bob);
  await imported();
  await place.run("users", "deactivate", "zzada@example.org");
  setup(bob);
  await imported();
  setup("");
  place.configure(
    `directories:\n  corp:\n    type: ldif\n    importSafeguard: { count: 0 }\n    path: ${place.file("people.ldif", ada)}\n${SIMPLE_MAPPINGS}`,
  );
  expect((await imported()).status).toBe("held");
  const { err } = await place.run("users", "forget", "zzada@example.org");
  expect(err).toContain("has the person in its plan");
});

test("an entry without a user is forgotten by its directory and identifier", async () => {
  const none = SIMPLE_MAPPINGS.replace("toOkta:", "onNoMatch: ignore\n    toOkta:");
  const files = (people: string): void =>
    place.configure(
      `directories:\n  corp:\n    type: ldif\n    importSafeguard: off\n    path: ${place.file("p.ldif", people)}\n${none}`,
    );
  files(ada + bob);
  await imported();
  files(bob);
  await imported();
  const forgotten = await place.json("imports", "forget", "corp", "zzada");
  expect(forgotten).toMatchObject({ appProfiles: 1 });
  expect(await everything()).not.toMatch(/zz(?:ada|lace)/i);
});

test("app profiles of people who left and have no access go after history.removedDays", async () => {
  setup(ada + bob, "history: { removedDays: 30 }");
  await imported();
  setup(bob, "history: { removedDays: 30 }");
  await imported();
  const left = (): Promise<number> =>
    database(async (client) => {
      const { rowCount } = await client.query("select from app_users where status = 'removed'");
      return rowCount ?? 0;
    });
  await imported();
  expect(await left()).toBe(1);
  await database((client) =>
    client.query("update app_users set removed_at = removed_at - interval '31 days'"),
  );
  await imported();
  expect(await left()).toBe(0);
  expect((await place.users()).get("zzada@example.org")?.status).toBe("deprovisioned");
});
