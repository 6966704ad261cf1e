/** Directories that are left alone for a while after a failure, for all replicas and over restarts. */
import { sql } from "kysely";
import type { Pause } from "../model/pause.ts";
import type { Connection, Trx } from "./connection.ts";

/** @param reached as what it was reached; a pause of another server or account says nothing. Null: none */
export async function pauseOf(
  db: Connection,
  directory: string,
  reached: string,
): Promise<Pause | null> {
  const row = await db
    .selectFrom("directory_pauses")
    .select(["failures", "code", "until"])
    .where("directory", "=", directory)
    .where("reached", "=", reached)
    .executeTakeFirst();
  return row === undefined ? null : { ...row, until: row.until.getTime() };
}

export async function keepPause(
  db: Connection,
  directory: string,
  reached: string,
  { failures, code, until }: Pause,
): Promise<void> {
  const row = { failures, code, until: new Date(until), since: sql<Date>`clock_timestamp()` };
  await db
    .insertInto("directory_pauses")
    .values({ directory, reached, ...row })
    .onConflict((conflict) => conflict.columns(["directory", "reached"]).doUpdateSet(row))
    .execute();
}

/**
 * It is not left alone any more, whoever failed to reach it: it was read.
 * @param begun what failed later than this counts on
 */
export async function endPauses(
  db: Connection | Trx,
  directory: string,
  begun: Date,
): Promise<void> {
  await db
    .deleteFrom("directory_pauses")
    .where("directory", "=", directory)
    .where("since", "<", begun)
    .execute();
}
