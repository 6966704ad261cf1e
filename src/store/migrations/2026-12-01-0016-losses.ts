import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Of a directory's runs of a day, those who lost something: a few among all whom the runs changed. */
export const losses: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql
      .raw("create index run_changes_lost on run_changes (run_id, external_id) where lost")
      .execute(db);
  },
};
