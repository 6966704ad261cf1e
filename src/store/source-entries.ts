/** Entries of identity sources: what was taken up of all sessions. Whoever left is remembered for a while. */
import { sql } from "kysely";
import type { BroughtChange, BroughtEntries, BroughtEntry } from "../model/identity-source.ts";
import type { Connection, Trx } from "./connection.ts";

/** An import that is older than this reads everybody anew. */
const LEFT_DAYS = 30;

/**
 * Takes up what is in a session: each person is as it says, or as before. Under the lock of the source.
 * @returns the position that imports have come to when they have it
 */
export async function takeUp(trx: Trx, directory: string, session: string): Promise<bigint> {
  const { rows } = await sql<{ position: string }>`
    update identity_sources set position = position + 1 where directory = ${directory}
    returning position`.execute(trx);
  const position = rows[0]?.position ?? "0";
  await sql`
    with brought as (
      select u.external_id, had.profile as before, case when u.profile is not null then
        jsonb_strip_nulls(case when u.anew then u.profile
          else coalesce(had.profile, '{}'::jsonb) || u.profile end) end as profile
      from identity_source_uploads u left join identity_source_entries had
        on had.directory = ${directory} and had.external_id = u.external_id
      where u.session_id = ${session}::uuid)
    insert into identity_source_entries (directory, external_id, profile, position)
    select ${directory}, external_id, profile, ${position}::bigint from brought
    where profile is distinct from before
    on conflict (directory, external_id) do update set profile = excluded.profile,
      position = excluded.position, changed_at = clock_timestamp()`.execute(trx);
  await forgetLeft(trx, directory);
  return BigInt(position);
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

/** Erases what is kept of somebody who left, and what was brought to a source that is no more. */
export async function eraseBrought(trx: Trx, directory: string, externalId: string): Promise<void> {
  await trx
    .deleteFrom("identity_source_entries")
    .where("directory", "=", directory)
    .where("external_id", "=", externalId)
    .execute();
}

/** What the agent of an identity source reads. */
export function broughtEntries(db: Connection, directory: string): BroughtEntries {
  return {
    page: async (after, limit) => await pageOf(db, directory, after, limit),
    byIds: async (ids) => {
      const { rows } = await sql<Row>`
        select external_id, profile from identity_source_entries
        where directory = ${directory} and profile is not null
          and external_id = any(${ids}::text[])`.execute(db);
      return rows.map(toEntry);
    },
    position: async () => (await sourceOf(db, directory)).position,
    changesSince: async (position, limit) => {
      const { position: now, forgotten } = await sourceOf(db, directory);
      // One that is ahead of us belongs to another database.
      if (position < forgotten || position > now) return null;
      return await changesOf(db, directory, position, limit);
    },
  };
}

interface Row {
  external_id: string;
  profile: BroughtEntry["profile"];
}

function toEntry({ external_id: externalId, profile }: Row): BroughtEntry {
  return { externalId, profile };
}

async function pageOf(
  db: Connection,
  directory: string,
  after: string | null,
  limit: number,
): Promise<BroughtEntry[]> {
  const { rows } = await sql<Row>`
    select external_id, profile from identity_source_entries
    where directory = ${directory} and profile is not null
      and (${after}::text is null or external_id > ${after}::text)
    order by external_id limit ${limit}`.execute(db);
  return rows.map(toEntry);
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
): Promise<{ readonly position: bigint; readonly forgotten: bigint }> {
  const row = await db
    .selectFrom("identity_sources")
    .select(["position", "forgotten"])
    .where("directory", "=", directory)
    .executeTakeFirst();
  return { position: BigInt(row?.position ?? 0), forgotten: BigInt(row?.forgotten ?? 0) };
}
