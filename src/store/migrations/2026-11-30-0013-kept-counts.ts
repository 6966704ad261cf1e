import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS = [
  // What takes long to count, as it was counted last.
  `create table kept_counts (
    name text primary key,
    counted_at timestamptz not null,
    milliseconds integer not null,
    value jsonb not null
  )`,
  // When a run changed something last.
  `create index runs_finished on runs (finished_at) where not dry_run`,
];

export const keptCounts: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
