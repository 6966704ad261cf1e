/** Requests that must start a run only once, however often they are sent. */
import { sql } from "kysely";
import type { Connection } from "./connection.ts";

/** Whose request it is, under which key, and what it asks for. */
export interface OnceKey {
  readonly tokenId: string;
  readonly key: string;
  /** Hash of what was asked for. */
  readonly request: string;
}

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
    .onConflict((conflict) => conflict.doNothing())
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

/** Keeps the run that a request started. */
export async function keepStarted(
  db: Connection,
  { tokenId, key }: OnceKey,
  runId: string,
): Promise<void> {
  await db
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
