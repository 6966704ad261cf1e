import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS = [
  // Where the plan of a run lies, until it is applied or dropped.
  `alter table runs add column plan_table text not null default 'plan'`,
  `update runs set plan_table = 'held_plan' where held is not null and not dry_run`,
];

export const house: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
