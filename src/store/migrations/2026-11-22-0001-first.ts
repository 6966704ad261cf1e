import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const PLAN_COLUMNS = `
  run_id uuid not null,
  step smallint not null,
  seq integer not null,
  action text not null,
  external_id text,
  dn text not null,
  lost boolean not null,
  app_status text,
  app_profile text,
  app_hash text,
  app_user_id uuid,
  app_error text,
  user_id uuid,
  user_login text,
  write_user boolean not null,
  user_new boolean not null,
  base_version integer not null,
  claims_login boolean not null,
  login text,
  login_key text,
  user_profile text,
  user_sources text,
  user_status text,
  status_by text,
  changes text not null,
  error text,
  events text not null,
  primary key (run_id, step, seq)`;

const STATEMENTS = [
  // A time-ordered identifier (RFC 9562 section 5.7) for rows that are made inside the database;
  // the function of that name in Postgres 18 is not there in 14.
  // One plain expression, so that the planner can inline it.
  `create function rollcall_uuid_v7() returns uuid language sql volatile as $$
    select encode(set_byte(overlay(uuid_send(gen_random_uuid())
      placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),
      6, 112), 'hex')::uuid
  $$`,
  `create table users (
    id uuid primary key,
    login text not null,
    login_key text not null,
    status text not null,
    status_by text,
    profile jsonb not null,
    sources jsonb not null,
    version integer not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint users_login_unique unique (login_key)
  )`,
  `create table app_users (
    directory text not null,
    external_id text not null,
    user_id uuid,
    dn text not null,
    status text not null,
    profile jsonb not null,
    hash text not null,
    error jsonb,
    imported_at timestamptz not null default now(),
    primary key (directory, external_id)
  )`,
  `create unique index app_users_user on app_users (user_id, directory) where status <> 'removed'`,
  `create table runs (
    id uuid primary key,
    kind text not null,
    directory text,
    type text not null,
    trigger text not null,
    actor jsonb not null,
    dry_run boolean not null,
    status text not null,
    phase text not null,
    counts jsonb not null,
    phases jsonb not null,
    held jsonb,
    error jsonb,
    decided_by text,
    fingerprint text not null,
    server text,
    plan_size integer not null,
    started_at timestamptz not null default now(),
    finished_at timestamptz
  )`,
  `create index runs_open on runs (directory, status) where status in ('running', 'held')`,
  `create table run_changes (
    run_id uuid not null,
    seq integer not null,
    action text not null,
    external_id text,
    dn text not null,
    user_id uuid,
    login text,
    changes jsonb not null,
    error jsonb,
    applied boolean not null,
    primary key (run_id, seq)
  )`,
  // While it is being made, a plan lies where a crash of the database may take it. Its rows live
  // for seconds; compressing them would cost more than it saves.
  `create unlogged table plan (${PLAN_COLUMNS}) with (toast_tuple_target = 8160)`,
  `create table held_plan (${PLAN_COLUMNS}) with (toast_tuple_target = 8160)`,
  `create table checkpoints (
    directory text primary key,
    run_id uuid not null,
    fingerprint text not null,
    entries integer not null,
    full_at timestamptz not null
  )`,
  `create table system_log (
    id uuid primary key,
    published timestamptz not null,
    event_type text not null,
    severity text not null,
    outcome text not null,
    reason text,
    actor jsonb not null,
    target jsonb not null,
    transaction_id uuid not null,
    debug_data jsonb not null
  )`,
  `create index system_log_type on system_log (event_type, id)`,
  `create table leases (
    name text primary key,
    owner uuid not null,
    holder text not null,
    fence integer not null,
    expires_at timestamptz not null
  )`,
  `create table schedule_slots (
    name text primary key,
    slot timestamptz not null
  )`,
];

export const first: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
