/** Sessions in which people are brought to identity sources, and what is in them until it is taken up. */
import { sql, type RawBuilder, type Selectable } from "kysely";
import { isUuid } from "../lib/uuid.ts";
import {
  IDLE_HOURS,
  POSITION,
  type Brought,
  type SourceSession,
  type SourceSessionStatus,
} from "../model/identity-source.ts";
import type { Connection, Trx } from "./connection.ts";
import { jsonText } from "./json-text.ts";
import type { IdentitySourceSessionsTable } from "./tables.ts";

const COLUMNS = ["id", "directory", "status", "position", "created_at", "updated_at"] as const;
const isOpen = sql<boolean>`status in ('CREATED', 'IN_PROGRESS')`;
/** Whether nobody went on with a session for too long, should it be open. */
export const isIdle = sql<boolean>`updated_at <= clock_timestamp() - make_interval(hours => ${IDLE_HOURS}::int)`;
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
    and (status <> 'TRIGGERED' or position <= ${reached(directory)})`.execute(trx);
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
  return toSession({ ...row, is_idle: false }, 0n);
}

/** Of one source; the newest first. */
export async function listSourceSessions(
  db: Connection,
  directory: string,
): Promise<SourceSession[]> {
  const rows = await db
    .selectFrom("identity_source_sessions")
    .select(COLUMNS)
    .select(isIdle.as("is_idle"))
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
  if (!isUuid(id)) return null;
  const row = await db
    .selectFrom("identity_source_sessions")
    .select(COLUMNS)
    .select(isIdle.as("is_idle"))
    .where("directory", "=", directory)
    .where("id", "=", id)
    .executeTakeFirst();
  return row === undefined ? null : toSession(row, await reachedPosition(db, directory));
}

/** @returns how many requests it had, this one counted; null if it is not open (any more) */
export async function countUpload(trx: Trx, id: string): Promise<number | null> {
  const { rows } = await sql<{ uploads: number }>`
    update identity_source_sessions set uploads = uploads + 1, status = 'IN_PROGRESS',
      updated_at = clock_timestamp()
    where id = ${id}::uuid and ${isOpen} and not (${isIdle}) returning uploads`.execute(trx);
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
        else ${merged(sql`coalesce(had.profile, '{}'::jsonb)`, sql`excluded.profile`)} end`.execute(
    trx,
  );
}

/** What is named later counts, however its name is spelled: names of attributes have no case. */
export function merged(
  earlier: RawBuilder<unknown>,
  later: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`(coalesce((select jsonb_object_agg(e.key, e.value) from jsonb_each(${earlier}) e
    where not exists (select from jsonb_object_keys(${later}) l (key)
      where lower(l.key) = lower(e.key))), '{}'::jsonb) || ${later})`;
}

/** Those that wait to be taken up, in the order in which they were started. */
export async function waitingSessions(db: Connection, directory: string): Promise<string[]> {
  const rows = await db
    .selectFrom("identity_source_sessions")
    .select("id")
    .where("directory", "=", directory)
    .where("status", "=", "TRIGGERED")
    .where("position", "is", null)
    .orderBy("updated_at")
    .orderBy("id")
    .execute();
  return rows.map(({ id }) => id);
}

/** What was in a session is among the entries. */
export async function noteTakenUp(trx: Trx, id: string, position: string): Promise<void> {
  await trx
    .updateTable("identity_source_sessions")
    .set({ position })
    .where("id", "=", id)
    .execute();
  await dropUploads(trx, id);
}

export async function setSourceSession(
  trx: Trx,
  id: string,
  status: IdentitySourceSessionsTable["status"],
): Promise<void> {
  await trx
    .updateTable("identity_source_sessions")
    .set({ status, updated_at: sql<Date>`clock_timestamp()` })
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

export async function reachedPosition(db: Connection, directory: string): Promise<bigint> {
  const { rows } = await sql<{ position: string }>`
    select ${reached(directory)} as position`.execute(db);
  return BigInt(rows[0]?.position ?? 0);
}

type Row = Pick<Selectable<IdentitySourceSessionsTable>, (typeof COLUMNS)[number]> & {
  readonly is_idle: boolean;
};

function toSession(row: Row, position: bigint): SourceSession {
  return {
    id: row.id,
    directory: row.directory,
    status: statusOf(row, position),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/**
 * What was taken up is completed when an import has come so far, whichever run it was; and one that nobody went
 * on with has expired, whether or not anybody has noted it.
 */
function statusOf(row: Row, position: bigint): SourceSessionStatus {
  const { status, position: own } = row;
  if (status === "TRIGGERED") return own !== null && BigInt(own) <= position ? "COMPLETED" : status;
  const isOpenStill = status === "CREATED" || status === "IN_PROGRESS";
  return isOpenStill && row.is_idle ? "EXPIRED" : status;
}
