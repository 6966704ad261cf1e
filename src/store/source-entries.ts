/** Entries of identity sources: what was taken up of all sessions. Whoever left is remembered for a while. */
import { sql } from "kysely";
import type {
  BroughtChange,
  BroughtEntries,
  BroughtEntry,
  BroughtNews,
} from "../model/identity-source.ts";
import type { Connection, Trx } from "./connection.ts";
import {
  endIdleSessions,
  isIdle,
  lockSource,
  merged,
  noteTakenUp,
  reachedPosition,
  waitingSessions,
} from "./source-sessions.ts";

/** An import that is older than this reads everybody anew. */
const LEFT_DAYS = 30;

/**
 * Takes up all sessions that wait, in the order in which they were started: each person is as they say, or as
 * before. Only under the claim of an import, so that nobody reads meanwhile.
 * @returns whether anything is known of people, and which sessions nobody went on with
 */
export async function takeUpWaiting(
  trx: Trx,
  directory: string,
): Promise<{ readonly isKnown: boolean; readonly expired: readonly string[] }> {
  await lockSource(trx, directory);
  const expired = await endIdleSessions(trx, directory);
  for (const session of await waitingSessions(trx, directory)) {
    const position = await takeUp(trx, directory, session);
    await noteTakenUp(trx, session, position);
  }
  await forgetLeft(trx, directory);
  return { isKnown: !(await newsOf(trx, directory)).isEmpty, expired };
}

/** @returns the position that imports have come to when they have it */
async function takeUp(trx: Trx, directory: string, session: string): Promise<string> {
  const { rows } = await sql<{ position: string }>`
    update identity_sources set position = position + 1, known = true
    where directory = ${directory} returning position`.execute(trx);
  const position = rows[0]?.position ?? "0";
  const added = merged(sql`coalesce(had.profile, '{}'::jsonb)`, sql`u.profile`);
  await sql`
    with brought as (
      select u.external_id, had.profile as before, case when u.profile is not null then
        jsonb_strip_nulls(case when u.anew then u.profile else ${added} end) end as profile
      from identity_source_uploads u left join identity_source_entries had
        on had.directory = ${directory} and had.external_id = u.external_id
      where u.session_id = ${session}::uuid)
    insert into identity_source_entries (directory, external_id, profile, position)
    select ${directory}, external_id, profile, ${position}::bigint from brought
    where profile is distinct from before
    on conflict (directory, external_id) do update set profile = excluded.profile,
      position = excluded.position, changed_at = clock_timestamp()`.execute(trx);
  return position;
}

async function forgetLeft(trx: Trx, directory: string): Promise<void> {
  await sql`
    with old as (
      delete from identity_source_entries where directory = ${directory} and profile is null
        and changed_at < clock_timestamp() - make_interval(days => ${LEFT_DAYS}::int)
      returning position)
    update identity_sources set forgotten = greatest(forgotten, (select max(position) from old))
    where directory = ${directory} and exists (select 1 from old)`.execute(trx);
}

/** Whether anything is kept of an identity source of this name. */
export async function hasBrought(db: Connection, directory: string): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`select
    exists (select from identity_source_entries where directory = ${directory})
    or exists (select from identity_source_sessions where directory = ${directory}) as found`.execute(
    db,
  );
  return rows[0]?.found === true;
}

/** Erases what was brought to a source that is no more; were there one again, it begins empty. */
export async function eraseSource(trx: Trx, directory: string): Promise<void> {
  for (const table of ["identity_source_entries", "identity_source_sessions"] as const)
    await trx.deleteFrom(table).where("directory", "=", directory).execute();
  // So that no import goes on from what it knew before.
  await sql`update identity_sources set position = position + 1, forgotten = position + 1,
    known = false where directory = ${directory}`.execute(trx);
}

/** Whether somebody is brought, or will be by a session that is open or waits; one that expired brings nobody. */
export async function isBrought(
  db: Connection,
  directory: string,
  externalId: string,
): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`select exists (
      select from identity_source_entries
      where directory = ${directory} and external_id = ${externalId} and profile is not null)
    or exists (
      select from identity_source_uploads u join identity_source_sessions s on s.id = u.session_id
      where s.directory = ${directory} and u.external_id = ${externalId}
        and u.profile is not null and not (s.status <> 'TRIGGERED' and ${isIdle})) as found`.execute(
    db,
  );
  return rows[0]?.found === true;
}

/** Forgets that somebody was there. */
export async function eraseLeft(trx: Trx, directory: string, externalId: string): Promise<void> {
  await trx
    .deleteFrom("identity_source_entries")
    .where("directory", "=", directory)
    .where("external_id", "=", externalId)
    .where("profile", "is", null)
    .execute();
}

/** What the agent of an identity source reads. */
export function broughtEntries(db: Connection, directory: string): BroughtEntries {
  return {
    page: async (after, ids) => await pageOf(db, directory, after, ids),
    news: async () => await newsOf(db, directory),
    changesSince: async (position, limit) => {
      const { position: now, forgotten } = await sourceOf(db, directory);
      // One that is ahead of us belongs to another database.
      if (position < forgotten || position > now) return null;
      return await changesOf(db, directory, position, limit);
    },
  };
}

async function newsOf(db: Connection, directory: string): Promise<BroughtNews> {
  const { position, known } = await sourceOf(db, directory);
  const waiting = (await waitingSessions(db, directory)).join(" ");
  const isEmpty = !known && waiting === "";
  const isBehind = position > (await reachedPosition(db, directory));
  return { position, waiting, isBehind, isEmpty };
}

interface Row {
  external_id: string;
  profile: BroughtEntry["profile"];
}

/** Of a page: no more people, and no more bytes than this behind the first one. */
const PAGE = 1000;
const PAGE_BYTES = 4 * 1024 * 1024;

async function pageOf(
  db: Connection,
  directory: string,
  after: string | null,
  ids: readonly string[] | null,
): Promise<BroughtEntry[]> {
  const { rows } = await sql<Row>`
    select external_id, profile from (
      select external_id, profile, sum(size) over (order by external_id) - size as before from (
        select external_id, profile, octet_length(profile::text) as size
        from identity_source_entries
        where directory = ${directory} and profile is not null
          and (${after}::text is null or external_id > ${after}::text)
          and (${ids}::text[] is null or external_id = any(${ids}::text[]))
        order by external_id limit ${PAGE}) sized) page
    where before < ${PAGE_BYTES} order by external_id`.execute(db);
  return rows.map(({ external_id: externalId, profile }) => ({ externalId, profile }));
}

async function changesOf(
  db: Connection,
  directory: string,
  position: bigint,
  limit: number,
): Promise<BroughtChange[]> {
  const { rows } = await sql<{ external_id: string; is_gone: boolean }>`
    select external_id, profile is null as is_gone from identity_source_entries
    where directory = ${directory} and position > ${String(position)}::bigint
    order by position limit ${limit}`.execute(db);
  return rows.map(({ external_id: externalId, is_gone: isGone }) => ({ externalId, isGone }));
}

async function sourceOf(
  db: Connection,
  directory: string,
): Promise<{ readonly position: bigint; readonly forgotten: bigint; readonly known: boolean }> {
  const row = await db
    .selectFrom("identity_sources")
    .select(["position", "forgotten", "known"])
    .where("directory", "=", directory)
    .executeTakeFirst();
  const { position = "0", forgotten = "0", known = false } = row ?? {};
  return { position: BigInt(position), forgotten: BigInt(forgotten), known };
}
