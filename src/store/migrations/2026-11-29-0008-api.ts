import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS = [
  // Of users who were there before, neither is known.
  `alter table users add column activated_at timestamptz, add column status_changed_at timestamptz`,
  `create table api_tokens (
    id uuid primary key, name text not null, role text not null, hash text not null,
    created_by text not null, created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz, used_at timestamptz)`,
  `create unique index api_tokens_name on api_tokens (name)`,
  `create unique index api_tokens_hash on api_tokens (hash)`,
  // Which run the holder of a claim works on, how far it is, and who wants it to stop.
  `alter table leases add column run_id uuid, add column progress jsonb, add column stop_by text`,
  `create table hooks (
    name text primary key, cursor uuid, verified text, failures int not null,
    failing_since timestamptz, not_before timestamptz, error text, last_delivery timestamptz)`,
  `create table started_once (
    token_id uuid not null, key text not null, request text not null, run_id uuid,
    created_at timestamptz not null default clock_timestamp(),
    primary key (token_id, key))`,
];

export const api: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
