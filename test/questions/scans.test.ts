/** What is asked about one person does not look at everybody: at a million, that would be what takes the time. */
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { simplePerson, SIMPLE_MAPPINGS, Workplace } from "../support/rollcall.ts";

/** Enough that reading all of them is dearer than an index. */
const PEOPLE = 4000;

let place: Workplace;
let database: Client;

beforeAll(async () => {
  place = await Workplace.create("postgres");
  const people = Array.from({ length: PEOPLE }, (_, i) => simplePerson(`p${i}`));
  const file = place.file("p.ldif", people.join(""));
  place.configure(`directories:\n  corp:\n    type: ldif\n    path: ${file}${SIMPLE_MAPPINGS}`);
  expect(await place.run("import", "corp")).toMatchObject({ status: 0 });
  // One who left the scope, whom another index knows.
  place.file("p.ldif", people.slice(1).join(""));
  expect(await place.run("import", "corp")).toMatchObject({ status: 0 });
  await place.run("users", "suspend", "p7@example.org");
  database = new Client({ connectionString: place.databaseUrl ?? "" });
  await database.connect();
  await database.query("vacuum analyze");
});
afterAll(async () => {
  await database.end();
  place.remove();
});

/** Rows that were read by walking through whole tables, once all who asked have told of it. */
async function walked(): Promise<number> {
  await place.close();
  const others = `select count(*)::int as n from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`;
  await expect.poll(async () => (await database.query<{ n: number }>(others)).rows[0]?.n).toBe(0);
  const { rows } = await database.query<{ n: number }>(
    `select coalesce(sum(seq_tup_read), 0)::int as n from pg_stat_user_tables
     where relname in ('users', 'app_users', 'run_changes', 'accounts', 'assignments')`,
  );
  return rows[0]?.n ?? 0;
}

test.each([
  ["users", "show", "p99@example.org"],
  ["users", "show", "p0@example.org"],
  ["explain", "p99@example.org", "email"],
  ["users", "--status", "suspended"],
  ["users", "--status", "deprovisioned"],
  ["logs", "--filter", 'target.alternateId eq "p99@example.org"'],
  ["users", "set", "p99@example.org", "nickName=nine"],
])("rollcall %s %s %s", async (...command) => {
  const before = await walked();
  const { status, err } = await place.run(...command);
  expect(status, err).toBe(0);
  expect((await walked()) - before).toBeLessThan(PEOPLE / 2);
});
