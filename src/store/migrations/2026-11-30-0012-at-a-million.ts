import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Of few rows each; without them, the question after these rows looks at everybody. */
const STATEMENTS = [
  `create index app_users_former on app_users (user_id) where status = 'removed'`,
  `create index users_not_active on users (login_key) where status <> 'active'`,
  `create index users_not_ascii on users (login_key) where login_key ~ '[^ -~]'`,
];

export const atAMillion: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
