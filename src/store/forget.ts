/**
 * Whatever is kept of a person, and its end: profile, app profiles, history, images for putting runs
 * back, and the events of the System Log. Events and histories stay as such, without whom they are
 * about, so that what a run did can still be counted. What belongs to somebody else is not touched,
 * whatever names the two have in common.
 */
import { sql, type RawBuilder } from "kysely";
import { forgetName } from "../lib/forget-name.ts";
import type { AppUserStatus } from "../model/user.ts";
import { eraseAccounts } from "./accounts.ts";
import type { Connection, Trx } from "./connection.ts";
import { deleteUser } from "./edits.ts";
import { jsonText } from "./json-text.ts";
import { eraseLeft } from "./source-entries.ts";

/** In place of every name. */
export const FORGOTTEN = "[forgotten]";

/** An app profile by its directory and external id. */
export interface Trace {
  readonly directory: string;
  readonly externalId: string;
  readonly dn: string;
  readonly status: AppUserStatus;
  readonly userId: string | null;
}

/** What was erased. */
export interface Erased {
  readonly appProfiles: number;
  readonly changes: number;
  readonly images: number;
  readonly events: number;
}

/** App profiles of a user, also of directories that they left, and of before the user was deleted. */
export async function tracesOfUser(db: Connection | Trx, userId: string): Promise<Trace[]> {
  return await traces(
    db,
    // Of those without a user, whose last user this one was.
    sql`user_id = ${userId}::uuid or user_id is null
      and coalesce(link->>'how', '') not in ('unlinked', 'ignored') and ${userId}::uuid = (
      select c.user_id from run_changes c join runs r on r.id = c.run_id
      where r.directory = app_users.directory and c.external_id = app_users.external_id
        and c.applied and c.user_id is not null order by c.run_id desc, c.seq desc limit 1)`,
  );
}

/** @param who an external id or a DN */
export async function tracesOfEntry(
  db: Connection | Trx,
  directory: string,
  who: string,
): Promise<Trace[]> {
  return await traces(
    db,
    sql`directory = ${directory} and (external_id = ${who} or lower(dn) = lower(${who}))`,
  );
}

async function traces(db: Connection | Trx, which: RawBuilder<unknown>): Promise<Trace[]> {
  const { rows } = await sql<Trace>`
    select directory, external_id as "externalId", dn, status, user_id as "userId"
    from app_users where ${which}`.execute(db);
  return rows;
}

/** Identifiers of users who are deleted, by the id or by a login that they had once. */
export async function formerUsers(db: Connection | Trx, who: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select distinct c.user_id as id from run_changes c
    where c.user_id is not null and (c.user_id::text = ${who} or lower(c.login) = lower(${who}))
      and not exists (select from users u where u.id = c.user_id)`.execute(db);
  return rows.map((row) => row.id);
}

/** Entries as rows of a query: directory and external id. */
function asRows(entries: readonly Trace[]): RawBuilder<unknown> {
  return sql`unnest(${entries.map((one) => one.directory)}::text[],
    ${entries.map((one) => one.externalId)}::text[]) as e (directory, id)`;
}

/** Whether a plan that waits, or is being applied, has the person in it. */
export async function isPlanned(
  db: Connection | Trx,
  userId: string | null,
  entries: readonly Trace[],
): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`select exists (
    select from (select run_id, user_id, external_id from plan
      union all select run_id, user_id, external_id from held_plan) p
    join runs r on r.id = p.run_id
    where p.user_id = ${userId}::uuid or exists (select from ${asRows(entries)}
      where e.id = p.external_id and e.directory = r.directory)) as found`.execute(db);
  return rows[0]?.found === true;
}

/**
 * Erases a person. What a dry run or a plan that was dropped would have made of the entry has a user
 * of its own who never was. @param userId null where an app profile never had a user
 */
export async function erase(
  trx: Trx,
  userId: string | null,
  entries: readonly Trace[],
): Promise<Erased> {
  await sql`create temporary table forgotten_rows on commit drop as
    select c.run_id, c.seq, c.login, c.dn, c.user_id is null or c.user_id = ${userId}::uuid
      or (${userId}::uuid is null or not c.applied)
        and not exists (select from users u where u.id = c.user_id) as owned
    from run_changes c join runs r on r.id = c.run_id
    where c.user_id = ${userId}::uuid or exists (select from ${asRows(entries)}
      where e.id = c.external_id and e.directory = r.directory)`.execute(trx);
  const names = await namesOf(trx, userId, entries);
  const images = await sql`delete from run_undo u using forgotten_rows f
    where u.run_id = f.run_id and u.seq = f.seq and f.owned`.execute(trx);
  await sql`update run_undo u set app_user_before = null from forgotten_rows f
    where u.run_id = f.run_id and u.seq = f.seq`.execute(trx);
  // What was somebody else's then keeps all but the entry.
  const changes = await sql`update run_changes c set external_id = null, dn = ${FORGOTTEN},
      user_id = case when f.owned then null else c.user_id end,
      login = case when f.owned then null else c.login end,
      changes = case when f.owned then '[]' else c.changes end,
      error = case when f.owned then null else c.error end
    from forgotten_rows f where c.run_id = f.run_id and c.seq = f.seq`.execute(trx);
  const events = await eraseEvents(trx, userId, entries, names);
  for (const name of names.filter(isTelling)) await eraseWithOthers(trx, name);
  for (const { directory, externalId } of entries)
    await sql`delete from app_users where directory = ${directory}
      and external_id = ${externalId}`.execute(trx);
  for (const { directory, externalId } of entries) await eraseLeft(trx, directory, externalId);
  if (userId !== null) {
    await eraseAccounts(trx, userId);
    await deleteUser(trx, userId);
  }
  return {
    appProfiles: entries.length,
    images: Number(images.numAffectedRows ?? 0),
    changes: Number(changes.numAffectedRows ?? 0),
    events,
  };
}

const NOBODY = "00000000-0000-0000-0000-000000000000";

/** Logins and DNs that the person had; logins of others, and DNs of entries that are there, are not. */
async function namesOf(
  trx: Trx,
  userId: string | null,
  entries: readonly Trace[],
): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select distinct name from (
      select login as name from forgotten_rows where owned union select dn from forgotten_rows
      union select login from users where id = ${userId}::uuid
      union select unnest(${entries.map((one) => one.dn)}::text[])) n
    where name is not null and name <> ${FORGOTTEN}
      and not exists (select from users u where lower(u.login) = lower(name)
        and u.id is distinct from ${userId}::uuid)
      and not exists (select from run_changes c where lower(c.login) = lower(name)
        and c.user_id <> coalesce(${userId}::uuid, ${NOBODY}::uuid)
        and c.applied and c.action <> 'failed'
        and not exists (select from forgotten_rows f
          where f.run_id = c.run_id and f.seq = c.seq and f.owned))
      and not exists (select from app_users a where lower(a.dn) = lower(name)
        and not exists (select from ${asRows(entries)}
          where e.directory = a.directory and e.id = a.external_id))`.execute(trx);
  return rows.map((row) => row.name);
}

/** Events about the person; of a user who is there, only those that name the entry lose its name. */
async function eraseEvents(
  trx: Trx,
  userId: string | null,
  entries: readonly Trace[],
  names: readonly string[],
): Promise<number> {
  const ids = entries.map((one) => one.externalId);
  const keys = [...new Set([...names, ...ids, ...(userId === null ? [] : [userId])])];
  // By the index first; what it finds are numbers, and compared again.
  const result = await sql`update system_log l set debug_data = '{}',
    reason = case when l.reason is null then null else ${FORGOTTEN} end,
    target = (select jsonb_agg(case when t->>'type' = 'AppInstance' then t else t || jsonb_build_object(
      'id', ${FORGOTTEN}::text, 'alternateId', ${FORGOTTEN}::text, 'displayName', ${FORGOTTEN}::text) end)
      from jsonb_array_elements(target) t)
    where rollcall_people_keys(target) && (select array_agg(hashtext(n)) from unnest(${keys}::text[]) n)
      and case when exists (select from jsonb_array_elements(target) t join users u
          on t->>'type' = 'User' and u.id::text = t->>'id' where u.id is distinct from ${userId}::uuid)
        then false
        else exists (select from jsonb_array_elements(target) t where t->>'id' = ${userId ?? ""}
          or t->>'type' <> 'AppInstance' and t->>'alternateId' = any(${names}::text[])
          or exists (select from ${asRows(entries)} where t->>'type' = 'AppUser'
            and t->>'id' = e.id and target->-1->>'id' = e.directory)) end`.execute(trx);
  // Somebody else's event keeps all but a name that was the person's.
  await sql`update system_log l set target = (select jsonb_agg(
      case when t->>'type' <> 'AppInstance' and t->>'alternateId' = any(${names}::text[])
        then t || jsonb_build_object('alternateId', ${FORGOTTEN}::text, 'displayName', ${FORGOTTEN}::text)
        else t end) from jsonb_array_elements(target) t)
    where rollcall_people_keys(target) && (select array_agg(hashtext(n)) from unnest(${names}::text[]) n)
      and exists (select from jsonb_array_elements(target) t
        where t->>'type' <> 'AppInstance' and t->>'alternateId' = any(${names}::text[]))`.execute(
    trx,
  );
  return Number(result.numAffectedRows ?? 0);
}

/** Logins and names of entries; anything else may be a part of any text. */
function isTelling(name: string): boolean {
  return /[@=]/.test(name);
}

const OF_OTHERS = [
  ["run_changes", ["changes", "error"]],
  ["run_undo", ["user_before", "app_user_before"]],
] as const;
const AT_ONCE = 500;

/**
 * What others' histories say of the person: as a manager, or as who had a login already. What other
 * people's own profiles say comes from their directory, and stays as it is there.
 */
async function eraseWithOthers(trx: Trx, name: string): Promise<void> {
  // As it stands in the text of JSON.
  const inner = JSON.stringify(name).slice(1, -1);
  for (const [table, columns] of OF_OTHERS)
    for (const column of columns) {
      const at = sql.ref(column);
      const { rows } = await sql<{ run: string; seq: number; value: unknown }>`
        select run_id as run, seq, ${at} as value from ${sql.table(table)}
        where position(${inner} in ${at}::text) > 0`.execute(trx);
      for (let from = 0; from < rows.length; from += AT_ONCE) {
        const some = rows.slice(from, from + AT_ONCE).map(({ run, seq, value }) => {
          // What is put back must not be a word of ours.
          const instead = table === "run_undo" ? undefined : FORGOTTEN;
          return { run, seq, value: forgetName(value, name, instead) };
        });
        await sql`update ${sql.table(table)} t set ${at} = x.value
          from jsonb_to_recordset(${jsonText(some)}::jsonb) as x (run uuid, seq int, value jsonb)
          where t.run_id = x.run and t.seq = x.seq`.execute(trx);
      }
    }
  const told = await sql<{ id: string; data: unknown }>`
    select id, debug_data as data from system_log
    where position(${inner} in debug_data::text) > 0`.execute(trx);
  for (const { id, data } of told.rows)
    await sql`update system_log set debug_data = ${jsonText(forgetName(data, name, FORGOTTEN))}::jsonb
      where id = ${id}::uuid`.execute(trx);
  // Somebody who should have had the login, and could not.
  await sql`update run_changes c set login = coalesce(
      (select u.login from users u where u.id = c.user_id), ${FORGOTTEN})
    where lower(c.login) = lower(${name}) and c.action = 'failed'`.execute(trx);
  const failing = await sql<{ directory: string; id: string; error: unknown }>`
    select directory, external_id as id, error from app_users
    where error is not null and position(${inner} in error::text) > 0`.execute(trx);
  for (const { directory, id, error } of failing.rows)
    await sql`update app_users set error = ${jsonText(forgetName(error, name, FORGOTTEN))}::jsonb
      where directory = ${directory} and external_id = ${id}`.execute(trx);
}
