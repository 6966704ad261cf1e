import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS = [
  // Of a directory's runs of a day, those who lost something: a few among all whom the runs changed.
  "create index run_changes_lost on run_changes (run_id, external_id) where lost",
  // Whether nothing is told any more of the people whom a dry or cancelled run concerned.
  "alter table runs add column thinned boolean not null default false",
  "create index runs_idle on runs (id) where not thinned and (dry_run or status = 'cancelled')",
];

export const history: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
