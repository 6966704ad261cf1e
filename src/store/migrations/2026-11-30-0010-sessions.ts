import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS = [
  // A link that signs in once; used ones stay a day, so that whoever opens one again is told so.
  `create table sign_in_links (
    id uuid primary key, hash text not null unique, role text not null, created_by text not null,
    created_at timestamptz not null default clock_timestamp(), expires_at timestamptz not null,
    used_at timestamptz)`,
  `create table sessions (
    id uuid primary key, hash text not null unique, subject text, name text not null,
    role text not null, ip_address text, user_agent text,
    created_at timestamptz not null default clock_timestamp(),
    used_at timestamptz not null default clock_timestamp(), expires_at timestamptz not null)`,
];

export const sessions: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
