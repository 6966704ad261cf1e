import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS = [
  // A push is a run, too; of an app and of no directory.
  `alter table runs add column app text`,
  `create index runs_app on runs (app, id) where app is not null`,
  `create table push_changes (
    run_id uuid not null, seq int not null, step int not null, action text not null,
    user_id uuid, login text, external_id text, reason text,
    changes jsonb not null default '[]', error jsonb,
    applied boolean not null, lost boolean not null,
    primary key (run_id, seq))`,
  `create index push_changes_user on push_changes (user_id, run_id)`,
  `create table assignments (
    app text not null, user_id uuid not null, assigned_by text not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (app, user_id))`,
  `create table accounts (
    app text not null, user_id uuid not null, login text not null,
    assigned_by jsonb, assigned_values jsonb not null,
    external_id text, state text not null,
    acknowledged jsonb, acknowledged_places text not null, unsure jsonb not null, attempted jsonb,
    touched int not null default 0,
    not_kept jsonb not null,
    user_version int not null, fingerprint text not null, settled boolean not null,
    reason text, error jsonb, attempts int not null, refused jsonb,
    retry_at timestamptz, last_push timestamptz, pending_since timestamptz,
    primary key (app, user_id))`,
  // One account there belongs to one person here.
  `create unique index accounts_external on accounts (app, external_id)
    where external_id is not null`,
  `create index accounts_user on accounts (user_id)`,
  `create table tasks (
    id uuid primary key, app text not null, subject text not null,
    user_id uuid, login text, what text not null, error jsonb not null,
    since timestamptz not null, attempts int not null)`,
  `create unique index tasks_subject on tasks (app, subject)`,
  `create table app_states (
    app text primary key, paused jsonb, not_before timestamptz, failures int not null default 0,
    target text, declared jsonb, learned jsonb not null default '{}', seen text, full_at timestamptz)`,
  `create table pushed_groups (
    app text not null, directory text not null, group_id text not null,
    configured text not null, name text not null, external_id text, state text not null,
    primary key (app, directory, group_id))`,
  `create table pushed_members (
    app text not null, directory text not null, group_id text not null,
    user_id uuid not null, external_id text not null, confirmed boolean not null,
    primary key (app, directory, group_id, user_id))`,
];

export const apps: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
