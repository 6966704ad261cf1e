/** What may lie in distributed tables is asked for by itself; every statement of all tests is looked at in `setup/servers.ts`. */
import { expect, inject, test } from "vitest";
import { SIMPLE_MAPPINGS, simplePerson, Workplace, type RunDocument } from "../support/rollcall.ts";
import {
  distributedTables,
  localTables,
  mixtureOf,
  notedStatements,
} from "../support/statements.ts";

test("the System Log and what is told of runs are distributed, all else is local", () => {
  expect([...distributedTables()].toSorted()).toEqual([
    "push_changes",
    "run_changes",
    "run_undo",
    "system_log",
  ]);
  expect([...localTables()]).toEqual(expect.arrayContaining(["users", "runs", "plan", "leases"]));
});

test.each([
  ["select c.seq from run_changes c join runs r on r.id = c.run_id", "run_changes with runs"],
  [`select "login" from "users", "system_log"`, "system_log with users"],
  ["delete from plan p using run_changes c where c.seq = p.seq", "run_changes with plan"],
  [
    "update system_log set reason = $1 where exists (select from users u where u.id::text = $2)",
    "system_log with users",
  ],
  [
    "with gone as (delete from held_plan returning *) insert into run_changes select * from gone",
    "run_changes with held_plan",
  ],
  [
    "insert into run_undo select from plan where not exists (select from run_changes)",
    "run_changes with plan",
  ],
  ['select from "public"."users" u, run_changes c', "run_changes with users"],
  ["/* it's */ select from runs r join run_changes c on true", "run_changes with runs"],
  [
    "insert into run_changes (dn) values ($1) on conflict do update set dn = (select dn from plan)",
    "run_changes with plan",
  ],
  [
    "insert into users (id) values ($1) returning (select from system_log)",
    "system_log with users",
  ],
  ["delete from run_undo t using moving m where m.seq = t.seq", "run_undo with moving"],
  ["declare c no scroll cursor for select from run_undo join users on true", "run_undo with users"],
  ["(select from run_changes join users on true) union all (select 1)", "run_changes with users"],
  ["copy (select from run_undo join users on true) to stdout", "run_undo with users"],
  ["values ((select from run_changes), (select from runs))", "run_changes with runs"],
  ["create temporary table f as select from run_changes, runs", "run_changes with runs"],
])("%s joins what it must not", (statement, mixture) => {
  expect(mixtureOf(statement)).toBe(mixture);
});

test.each([
  "select i.seq from run_changes c join run_undo i on i.run_id = c.run_id and i.seq = c.seq",
  "insert into run_changes (run_id) select p.run_id from plan p join users u on u.id = p.user_id",
  "select users.login as system_log from users",
  "select id from users where login = 'system_log' -- of run_changes",
  "with told as (select dn from run_changes) select from told join unnest($1) f on true",
  "insert into push_changes (seq) select x.seq from jsonb_to_recordset($1) as x on conflict (seq) do update set dn = excluded.dn",
  "analyze users, system_log",
  "COPY public.run_changes (run_id, seq) FROM stdin",
  "select extract(epoch from published), trim(both from reason) from system_log for update skip locked",
  "with b (x) as (select 1) update run_changes set dn = b.x from b where dn is distinct from b.x",
])("%s is allowed", (statement) => {
  expect(mixtureOf(statement)).toBeNull();
});

test("what runs do, and what takes it back, is noted", async () => {
  const place = await Workplace.create("postgres");
  const people = (title: string): string => place.file("p.ldif", simplePerson("ada", { title }));
  place.configure(
    `directories:\n  corp:\n    type: ldif\n    path: ${people("1")}${SIMPLE_MAPPINGS}`,
  );
  await place.run("import", "corp");
  people("2");
  const { run } = await place.json<RunDocument>("import", "corp");
  expect((await place.run("imports", "revert", run)).status).toBe(0);
  const { postgresUrl } = inject("servers");
  expect(await notedStatements(postgresUrl, "insert into run_undo")).not.toEqual([]);
  expect(await notedStatements(postgresUrl, "from run_changes c")).not.toEqual([]);
  expect(await notedStatements(postgresUrl, 'insert into "system_log"')).not.toEqual([]);
  place.remove();
});
