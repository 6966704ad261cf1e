import { sql } from "kysely";
import type { Connection, Trx } from "./database.ts";

/** How far a directory is imported: the last run that was applied whole, and what it read. */
export interface Checkpoint {
  readonly runId: string;
  readonly fingerprint: string;
  readonly entries: number;
  /** When that run began: whatever it saw unchanged was current then. */
  readonly fullAt: Date;
}

export async function readCheckpoint(
  db: Connection,
  directory: string,
): Promise<Checkpoint | null> {
  const row = await db
    .selectFrom("checkpoints")
    .selectAll()
    .where("directory", "=", directory)
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    runId: row.run_id,
    fingerprint: row.fingerprint,
    entries: row.entries,
    fullAt: row.full_at,
  };
}

/** Moves the checkpoint; only in the transaction of the run's last change. */
export async function moveCheckpoint(
  trx: Trx,
  directory: string,
  to: {
    readonly runId: string;
    readonly fingerprint: string;
    readonly entries: number;
    readonly startedAt: string;
  },
): Promise<void> {
  await sql`
    insert into checkpoints (directory, run_id, fingerprint, entries, full_at)
    values (${directory}, ${to.runId}, ${to.fingerprint}, ${to.entries}, ${to.startedAt}::timestamptz)
    on conflict (directory) do update set
      run_id = excluded.run_id, fingerprint = excluded.fingerprint, entries = excluded.entries, full_at = excluded.full_at`.execute(
    trx,
  );
}
