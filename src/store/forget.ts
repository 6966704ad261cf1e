/**
 * Whatever is kept of a person, and its end: profile, app profiles, history, images for putting runs
 * back, and the events of the System Log. Events and histories stay as such, without whom they are
 * about, so that what a run did can still be counted.
 */
import { sql, type RawBuilder } from "kysely";
import type { AppUserStatus } from "../model/user.ts";
import type { Connection, Trx } from "./connection.ts";
import { deleteUser } from "./edits.ts";

/** In place of every name. */
export const FORGOTTEN = "[forgotten]";

/** An app profile by its directory and external id. */
export interface Trace {
  readonly directory: string;
  readonly externalId: string;
  readonly dn: string;
  readonly status: AppUserStatus;
}

/** What was erased. */
export interface Erased {
  readonly appProfiles: number;
  readonly changes: number;
  readonly images: number;
  readonly events: number;
}

/** App profiles of a user, also of directories that they left. */
export async function tracesOfUser(db: Connection | Trx, userId: string): Promise<Trace[]> {
  return await traces(db, sql`user_id = ${userId}::uuid`);
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
  const { rows } = await sql<Trace>`select directory, external_id as "externalId", dn, status
    from app_users where ${which}`.execute(db);
  return rows;
}

/** Identifiers of users who are deleted, by a login that they had once. */
export async function formerUsers(db: Connection | Trx, who: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select distinct c.user_id as id from run_changes c
    where c.user_id is not null and (c.user_id::text = ${who} or lower(c.login) = lower(${who}))
      and not exists (select from users u where u.id = c.user_id)`.execute(db);
  return rows.map((row) => row.id);
}

/** Whether a plan that waits, or is being applied, has the person in it. */
export async function isPlanned(
  db: Connection | Trx,
  userId: string | null,
  entries: readonly Trace[],
): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`select exists (
    select from (select * from plan union all select * from held_plan) p
    where p.user_id = ${userId}::uuid
      or p.external_id = any(${entries.map((one) => one.externalId)}::text[])) as found`.execute(
    db,
  );
  return rows[0]?.found === true;
}

/**
 * Erases a person. @param userId null where an app profile never had a user
 * @param names by which events and changes know them besides: logins, external ids, DNs
 */
export async function erase(
  trx: Trx,
  userId: string | null,
  entries: readonly Trace[],
): Promise<Erased> {
  const ids = entries.map((one) => one.externalId);
  const of = sql`(c.user_id = ${userId}::uuid or exists (
    select from unnest(${entries.map((one) => one.directory)}::text[], ${ids}::text[]) e (directory, id)
    join runs r on r.id = c.run_id
    where e.id = c.external_id and (r.directory = e.directory or r.directory is null)))`;
  const { rows: names } = await sql<{ name: string }>`
    select distinct name from run_changes c cross join lateral (values (c.login), (c.dn)) n (name)
    where name is not null and ${of}`.execute(trx);
  const known = [
    ...new Set([
      ...names.map(({ name }) => name),
      ...ids,
      ...entries.map((one) => one.dn),
      ...(userId === null ? [] : [userId]),
    ]),
  ];
  const images = await sql`delete from run_undo u using run_changes c
    where u.run_id = c.run_id and u.seq = c.seq and ${of}`.execute(trx);
  const changes = await sql`update run_changes c set external_id = null, dn = ${FORGOTTEN},
    user_id = null, login = null, changes = '[]', error = null where ${of}`.execute(trx);
  const events = await eraseEvents(trx, known);
  await eraseWithOthers(trx, known.filter(isTelling));
  for (const { directory, externalId } of entries)
    await sql`delete from app_users where directory = ${directory}
      and external_id = ${externalId}`.execute(trx);
  if (userId !== null) await deleteUser(trx, userId);
  return {
    appProfiles: entries.length,
    images: Number(images.numAffectedRows ?? 0),
    changes: Number(changes.numAffectedRows ?? 0),
    events,
  };
}

/** Logins and names of entries; a bare identifier may be a part of any text. */
function isTelling(name: string): boolean {
  return /[@=]/.test(name);
}

/**
 * What others' histories say of the person: as a manager, or as who had a login already. What other
 * people's own profiles say comes from their directory, and stays as it is there.
 */
async function eraseWithOthers(trx: Trx, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const inner = JSON.stringify(name).slice(1, -1);
    for (const [table, columns] of OF_OTHERS)
      for (const column of columns)
        await sql`update ${sql.table(table)}
          set ${sql.ref(column)} = replace(${sql.ref(column)}::text, ${inner}, ${FORGOTTEN})::jsonb
          where position(${inner} in ${sql.ref(column)}::text) > 0`.execute(trx);
    await sql`update run_changes set login = ${FORGOTTEN} where login = ${name}`.execute(trx);
  }
}

const OF_OTHERS = [
  ["run_changes", ["changes", "error"]],
  ["run_undo", ["user_before", "app_user_before"]],
  ["app_users", ["error"]],
] as const;

async function eraseEvents(trx: Trx, names: readonly string[]): Promise<number> {
  // By the index first; what it finds are numbers, and compared again.
  const result = await sql`update system_log set debug_data = '{}',
    reason = case when reason is null then null else ${FORGOTTEN} end,
    target = (select jsonb_agg(case when t->>'type' = 'AppInstance' then t else t || jsonb_build_object(
      'id', ${FORGOTTEN}::text, 'alternateId', ${FORGOTTEN}::text, 'displayName', ${FORGOTTEN}::text) end)
      from jsonb_array_elements(target) t)
    where rollcall_people_keys(target) && (select array_agg(hashtext(n)) from unnest(${names}::text[]) n)
      and exists (select from jsonb_array_elements(target) t where t->>'type' <> 'AppInstance'
        and (t->>'id' = any(${names}::text[]) or t->>'alternateId' = any(${names}::text[])))`.execute(
    trx,
  );
  return Number(result.numAffectedRows ?? 0);
}
