import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** When somebody showed who they are, at the provider or by a link; no value: nobody said. */
export const authenticated: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw("alter table sessions add column authenticated_at timestamptz").execute(db);
  },
};
