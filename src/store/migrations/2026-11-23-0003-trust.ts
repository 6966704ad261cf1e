import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS = [
  `alter table runs
    add column evidence jsonb,
    add column search jsonb,
    add column replaces uuid,
    add column reverts uuid`,
  `alter table plan add column reason text, add column deletes text`,
  `alter table held_plan add column reason text, add column deletes text`,
  `alter table run_changes
    add column reason text,
    add column lost boolean not null default false,
    add column user_version integer`,
  // The last changes of one person. Creations are left out: a first import has nothing else, and
  // whoever was created knows the time of it.
  `create index run_changes_user on run_changes (user_id, run_id) where action <> 'created' and user_id is not null`,
  `create index held_plan_lost on held_plan (run_id, seq) where lost`,
  `create index held_plan_lost_ids on held_plan (run_id, external_id) where lost`,
  `create index runs_directory on runs (directory, kind, status, started_at)`,
  // What a run's people were before it, for as long as it can be undone.
  `create table run_undo (
    run_id uuid not null,
    seq integer not null,
    user_before jsonb,
    app_user_before jsonb,
    primary key (run_id, seq)
  )`,
  `alter table checkpoints
    add column search jsonb,
    add column full_reason text,
    add column full_reason_at timestamptz`,
  // The safeguard's settings as the last import found them.
  `create table safeguard_settings (
    directory text primary key,
    settings jsonb not null
  )`,
  // Counts that outlive the runs that they were taken from.
  `create table totals (
    name text not null,
    labels text not null,
    value double precision not null,
    primary key (name, labels)
  )`,
];

export const trust: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
