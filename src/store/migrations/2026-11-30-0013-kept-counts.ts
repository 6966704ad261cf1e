import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** What is counted. */
const TABLES = ["users", "app_users", "accounts"];

const STATEMENTS = [
  // What takes long to count, as it was counted last; `seen`: the transactions that it saw.
  `create table kept_counts (
    name text primary key,
    database text not null,
    seen pg_snapshot not null,
    counted_at timestamptz not null,
    milliseconds integer not null,
    value jsonb not null
  )`,
  // The transactions that changed what is counted. Whoever writes, also a version of before: a trigger notes it.
  `create table data_changes (xid xid8 primary key, at timestamptz not null)`,
  // The highest one that was forgotten, in one row.
  `create table data_changes_forgotten (only_one boolean primary key default true check (only_one),
    xid xid8 not null)`,
  `create function rollcall_note_change() returns trigger language plpgsql
    set search_path from current as $$
    begin
      insert into data_changes (xid, at) values (pg_current_xact_id(), clock_timestamp())
        on conflict (xid) do update set at = excluded.at;
      return null;
    end $$`,
  // How many people there were at the end of each day, of the database's clock.
  `create table people_days (day date primary key, active integer not null, others integer not null)`,
  ...TABLES.map(
    (
      table,
    ) => `create trigger ${table}_changed after insert or update or delete or truncate on ${table}
      for each statement execute function rollcall_note_change()`,
  ),
];

export const keptCounts: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
