import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/**
 * How often another directory's word about a user changed without changing the user. A plan that was
 * made before does not fit any more; to put a run back, only `version` counts.
 */
export const heard: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`alter table users add column heard integer not null default 0`.execute(db);
  },
};
