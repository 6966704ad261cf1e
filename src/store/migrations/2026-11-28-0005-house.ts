import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS = [
  // Where the plan of a run lies, until it is applied or dropped.
  `alter table runs add column plan_table text not null default 'plan'`,
  `update runs set plan_table = 'held_plan' where held is not null and not dry_run`,
  // One word for a phase; a metric that had two for it would tell of both for ever.
  `update runs set phases = replace(phases::text, '"deciding"', '"judging"')::jsonb
    where phases::text like '%"deciding"%'`,
  `update totals set labels = replace(labels, '"phase":"deciding"', '"phase":"judging"')
    where labels like '%"phase":"deciding"%'`,
];

export const house: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
