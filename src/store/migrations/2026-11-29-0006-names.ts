import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import { dnKey } from "../../model/dn.ts";
import { loginKey } from "../../model/user.ts";

/** Beyond ASCII, names are compared in a form of their own; see `lib/fold.ts`. */
const NOT_ASCII = "[^ -~]";

export const names: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // When people left who had left before is not known; from now on counts.
    await sql`alter table app_users add column removed_at timestamptz`.execute(db);
    await sql`update app_users set removed_at = now() where status = 'removed'`.execute(db);
    await foldLogins(db);
    await foldPlans(db);
    await foldNames(db);
    await foldMembers(db);
    // They are taken up again before the next write that could claim one.
    await sql`delete from unique_values`.execute(db);
    const { rows } = await sql<{ indexname: string }>`select indexname from pg_indexes
      where schemaname = current_schema() and indexname like 'users\\_match\\_%'`.execute(db);
    for (const { indexname } of rows)
      await sql`drop index if exists ${sql.id(indexname)}`.execute(db);
  },
};

/** Where two people were apart until now, both keep what they have. */
async function foldLogins(db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{ id: string; login: string; login_key: string }>`
    select id, login, login_key from users where login ~ ${NOT_ASCII}`.execute(db);
  for (const { id, login, login_key } of rows) {
    const key = loginKey(login);
    if (key !== login_key)
      await sql`update users set login_key = ${key} where id = ${id}::uuid
        and not exists (select from users where login_key = ${key})`.execute(db);
  }
}

const NAMED = ["directory_objects", "object_plan"] as const;

/** Plans that wait, or that an interrupted process left, are applied with the keys of now. */
async function foldPlans(db: Kysely<unknown>): Promise<void> {
  for (const table of ["plan", "held_plan"] as const) {
    const { rows } = await sql<{ login: string }>`select distinct login
      from ${sql.id(table)} where login ~ ${NOT_ASCII}`.execute(db);
    for (const { login } of rows)
      await sql`update ${sql.id(table)} set login_key = ${loginKey(login)}
        where login = ${login}`.execute(db);
  }
  const { rows } = await sql<{ run: string; id: string; members: readonly string[] }>`
    select run_id as run, external_id as id, members from object_plan
    where members::text ~ ${NOT_ASCII}`.execute(db);
  for (const { run, id, members } of rows) {
    const folded = JSON.stringify([...new Set(members.map(foldMember))]);
    await sql`update object_plan set members = ${folded}::jsonb
      where run_id = ${run}::uuid and external_id = ${id}`.execute(db);
  }
}

function foldMember(member: string): string {
  return member.startsWith("dn:") ? `dn:${dnKey(member.slice("dn:".length))}` : member;
}

async function foldNames(db: Kysely<unknown>): Promise<void> {
  for (const table of NAMED) {
    const { rows } = await sql<{ key: string }>`select distinct dn_key as key
      from ${sql.id(table)} where dn_key ~ ${NOT_ASCII}`.execute(db);
    for (const { key } of rows)
      if (dnKey(key) !== key)
        await sql`update ${sql.id(table)} set dn_key = ${dnKey(key)} where dn_key = ${key}`.execute(
          db,
        );
  }
}

async function foldMembers(db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{ member: string }>`select distinct member from group_members
    where member like 'dn:%' and member ~ ${NOT_ASCII}`.execute(db);
  for (const { member } of rows) {
    const key = foldMember(member);
    if (key === member) continue;
    await sql`insert into group_members (directory, group_id, member)
      select directory, group_id, ${key} from group_members where member = ${member}
      on conflict do nothing`.execute(db);
    await sql`delete from group_members where member = ${member}`.execute(db);
  }
}
