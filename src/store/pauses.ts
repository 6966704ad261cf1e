/** Directories that are left alone for a while after a failure, for all replicas and over restarts. */
import type { Pause } from "../model/pause.ts";
import type { Connection } from "./connection.ts";

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

/** @param pause null: it is not left alone any more, whoever failed to reach it */
export async function keepPause(
  db: Connection,
  directory: string,
  reached: string,
  pause: Pause | null,
): Promise<void> {
  if (pause === null) {
    await db.deleteFrom("directory_pauses").where("directory", "=", directory).execute();
    return;
  }
  const { failures, code } = pause;
  const row = { reached, failures, code, until: new Date(pause.until) };
  await db
    .insertInto("directory_pauses")
    .values({ directory, ...row })
    .onConflict((conflict) => conflict.column("directory").doUpdateSet(row))
    .execute();
}
