import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS = [
  // How far each source has come, up to where the names of whoever left it are forgotten, and whether
  // anything was brought since it began, or began anew.
  `create table identity_sources (
    directory text primary key, position bigint not null default 0, forgotten bigint not null default 0,
    known boolean not null default false)`,
  // Without a profile: whoever left.
  `create table identity_source_entries (
    directory text not null, external_id text not null, profile jsonb, position bigint not null,
    changed_at timestamptz not null default clock_timestamp(), primary key (directory, external_id))`,
  `create index identity_source_entries_position on identity_source_entries (directory, position)`,
  `create table identity_source_sessions (
    id uuid primary key, directory text not null, status text not null, uploads integer not null default 0,
    position bigint, created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp())`,
  `create index identity_source_sessions_directory on identity_source_sessions (directory, created_at)`,
  // What a session will take up, by person. Anew: what was known of the person before does not stay.
  `create table identity_source_uploads (
    session_id uuid not null references identity_source_sessions (id) on delete cascade,
    external_id text not null, profile jsonb, anew boolean not null default false,
    primary key (session_id, external_id))`,
];

export const identitySources: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
