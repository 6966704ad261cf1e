/** Requests that must start a run only once, however often they are sent. */
import { sql } from "kysely";
import type { OnceName } from "../model/asked-by.ts";
import type { Connection, Trx } from "./connection.ts";

/** Whose request it is, under which key, and what it asks for. */
export interface OnceKey extends OnceName {
  /** Hash of what was asked for. */
  readonly request: string;
}

/** A key whose run has no record after so long is free: whoever had it is gone, or is refused. */
const BEGINS_WITHIN_SECONDS = 60;

/** Longer than any client repeats itself. */
const KEPT_HOURS = 24;

/** Takes a key for a new request. @returns what was asked for under it before; null: nothing */
export async function takeKey(
  db: Connection,
  { tokenId, key, request }: OnceKey,
): Promise<{ readonly request: string; readonly runId: string | null } | null> {
  await sql`delete from started_once
    where created_at < clock_timestamp() - ${KEPT_HOURS} * interval '1 hour'`.execute(db);
  const taken = await db
    .insertInto("started_once")
    .values({ token_id: tokenId, key, request, run_id: null })
    .onConflict((conflict) =>
      conflict
        .columns(["token_id", "key"])
        .doUpdateSet({ request, created_at: sql<Date>`clock_timestamp()` })
        .where("started_once.run_id", "is", null)
        .where(
          sql<boolean>`started_once.created_at
            < clock_timestamp() - ${BEGINS_WITHIN_SECONDS} * interval '1 second'`,
        ),
    )
    .returning("key")
    .executeTakeFirst();
  if (taken !== undefined) return null;
  const row = await db
    .selectFrom("started_once")
    .select(["request", "run_id"])
    .where("token_id", "=", tokenId)
    .where("key", "=", key)
    .executeTakeFirst();
  return { request: row?.request ?? request, runId: row?.run_id ?? null };
}

/** Keeps the run that a request started; in the transaction that makes the run's record. */
export async function keepStarted(
  trx: Trx,
  { tokenId, key }: OnceName,
  runId: string,
): Promise<void> {
  await trx
    .updateTable("started_once")
    .set({ run_id: runId })
    .where("token_id", "=", tokenId)
    .where("key", "=", key)
    .execute();
}

/** Gives a key back whose run did not begin. */
export async function freeKey(db: Connection, { tokenId, key }: OnceKey): Promise<void> {
  await db
    .deleteFrom("started_once")
    .where("token_id", "=", tokenId)
    .where("key", "=", key)
    .where("run_id", "is", null)
    .execute();
}
