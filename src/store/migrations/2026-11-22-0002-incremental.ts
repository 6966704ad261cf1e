import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS = [
  `alter table checkpoints
    add column scope text not null default '',
    add column mark jsonb,
    add column read_at timestamptz`,
  `alter table runs
    add column scope text not null default '',
    add column way text,
    add column mark jsonb,
    add column converted jsonb,
    add column objects jsonb`,
  // Groups and containers, as they were at the last import.
  `create table directory_objects (
    directory text not null,
    external_id text not null,
    kind text not null,
    dn text not null,
    dn_key text not null,
    name text not null,
    sid text,
    hash text not null,
    primary key (directory, external_id)
  )`,
  `create table group_members (
    directory text not null,
    group_id text not null,
    member text not null,
    primary key (directory, group_id, member)
  )`,
  `create index group_members_member on group_members (directory, member)`,
  // What becomes of them when a run is applied. Logged, because a held run keeps it for days.
  `create table object_plan (
    run_id uuid not null,
    external_id text not null,
    kind text,
    dn text,
    dn_key text,
    name text,
    sid text,
    hash text,
    members jsonb,
    primary key (run_id, external_id)
  )`,
  `create index app_users_failing on app_users (directory, external_id) where error is not null`,
];

export const incremental: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
