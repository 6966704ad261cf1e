import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS = [
  // Without it, who of a page of people was told as a member is asked of all memberships of the app.
  "create index pushed_members_user on pushed_members (app, user_id)",
  // Those without access become many with the years; of one status there may be few.
  "drop index users_not_active",
  "create index users_not_active on users (status, login_key) where status <> 'active'",
  // Identity sources that a token is good for; no value: all.
  "alter table api_tokens add column sources jsonb",
];

export const lookups: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
