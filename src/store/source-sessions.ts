/** Sessions in which people are brought to identity sources, and what is in them until it is taken up. */
import { sql, type Selectable } from "kysely";
import {
  IDLE_HOURS,
  POSITION,
  type Brought,
  type SourceSession,
} from "../model/identity-source.ts";
import type { Connection, Trx } from "./connection.ts";
import { jsonText } from "./json-text.ts";
import type { IdentitySourceSessionsTable } from "./tables.ts";

const COLUMNS = ["id", "directory", "status", "position", "created_at", "updated_at"] as const;
const isOpen = sql<boolean>`status in ('CREATED', 'IN_PROGRESS')`;
const isIdle = sql<boolean>`updated_at <= clock_timestamp() - make_interval(hours => ${IDLE_HOURS}::int)`;
/** How long it is remembered what became of a session. */
const KEPT_DAYS = 30;

/** One after another, so that two sessions of a source are not begun, or taken up, at once. */
export async function lockSource(trx: Trx, directory: string): Promise<void> {
  await sql`insert into identity_sources (directory) values (${directory})
    on conflict (directory) do nothing`.execute(trx);
  await sql`select 1 from identity_sources where directory = ${directory} for update`.execute(trx);
}

/**
 * Ends sessions that nobody went on with, and forgets those that ended long ago.
 * @returns whose end that was
 */
export async function endIdleSessions(trx: Trx, directory: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    update identity_source_sessions set status = 'EXPIRED'
    where directory = ${directory} and ${isOpen} and ${isIdle} returning id`.execute(trx);
  for (const { id } of rows) await dropUploads(trx, id);
  await sql`delete from identity_source_sessions where directory = ${directory} and not (${isOpen})
    and updated_at < clock_timestamp() - make_interval(days => ${KEPT_DAYS}::int)
    and (position is null or position <= ${reached(directory)})`.execute(trx);
  return rows.map(({ id }) => id);
}

export async function insertSourceSession(
  trx: Trx,
  session: Pick<SourceSession, "id" | "directory">,
): Promise<SourceSession> {
  const row = await trx
    .insertInto("identity_source_sessions")
    .values({ ...session, status: "CREATED", position: null })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
  return toSession(row, 0n);
}

/** Of one source; the newest first. */
export async function listSourceSessions(
  db: Connection,
  directory: string,
): Promise<SourceSession[]> {
  const rows = await db
    .selectFrom("identity_source_sessions")
    .select(COLUMNS)
    .where("directory", "=", directory)
    .orderBy("created_at", "desc")
    .execute();
  const position = await reachedPosition(db, directory);
  return rows.map((row) => toSession(row, position));
}

/** @returns null if the source has none of this id */
export async function sourceSession(
  db: Connection,
  directory: string,
  id: string,
): Promise<SourceSession | null> {
  const row = await db
    .selectFrom("identity_source_sessions")
    .select(COLUMNS)
    .where("directory", "=", directory)
    .where(sql<boolean>`id::text = ${id}`)
    .executeTakeFirst();
  return row === undefined ? null : toSession(row, await reachedPosition(db, directory));
}

/** @returns how many requests it had, this one counted; null if it is not open (any more) */
export async function countUpload(trx: Trx, id: string): Promise<number | null> {
  const { rows } = await sql<{ uploads: number }>`
    update identity_source_sessions set uploads = uploads + 1, status = 'IN_PROGRESS',
      updated_at = clock_timestamp()
    where id::text = ${id} and ${isOpen} and not (${isIdle}) returning uploads`.execute(trx);
  return rows[0]?.uploads ?? null;
}

/**
 * Adds to what a session will take up. Of a person who is brought again, what is named later counts, and
 * what was named earlier stays; of one who was gone in between, nothing stays.
 * @param people each once
 */
export async function addUploads(trx: Trx, id: string, people: readonly Brought[]): Promise<void> {
  if (people.length === 0) return;
  await sql`
    insert into identity_source_uploads as had (session_id, external_id, profile)
    select ${id}::uuid, one.value ->> 'externalId', nullif(one.value -> 'profile', 'null'::jsonb)
    from jsonb_array_elements(${jsonText(people)}::jsonb) one
    on conflict (session_id, external_id) do update set
      anew = had.anew or had.profile is null,
      profile = case when excluded.profile is null then null
        else coalesce(had.profile, '{}'::jsonb) || excluded.profile end`.execute(trx);
}

export async function setSourceSession(
  trx: Trx,
  id: string,
  to: { readonly status: IdentitySourceSessionsTable["status"]; readonly position?: bigint },
): Promise<void> {
  await trx
    .updateTable("identity_source_sessions")
    .set({
      status: to.status,
      updated_at: sql<Date>`clock_timestamp()`,
      ...(to.position === undefined ? {} : { position: String(to.position) }),
    })
    .where("id", "=", id)
    .execute();
}

export async function dropUploads(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom("identity_source_uploads").where("session_id", "=", id).execute();
}

/** How far imports have come, in the positions of what was taken up. */
const reached = (directory: string) => sql<string>`coalesce(
  (select (mark -> 'positions' ->> ${POSITION})::bigint from checkpoints
    where directory = ${directory}), 0)`;

async function reachedPosition(db: Connection, directory: string): Promise<bigint> {
  const { rows } = await sql<{ position: string }>`
    select ${reached(directory)} as position`.execute(db);
  return BigInt(rows[0]?.position ?? 0);
}

type Row = Pick<Selectable<IdentitySourceSessionsTable>, (typeof COLUMNS)[number]>;

/** What was taken up is completed when an import has come so far, whichever run it was. */
function toSession(row: Row, position: bigint): SourceSession {
  const isThere = row.status === "TRIGGERED" && BigInt(row.position ?? 0) <= position;
  return {
    id: row.id,
    directory: row.directory,
    status: isThere ? "COMPLETED" : row.status,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
