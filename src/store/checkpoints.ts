import { sql } from "kysely";
import type { Checkpoint } from "../model/checkpoint.ts";
import type { Mark } from "../model/incremental.ts";
import type { SearchFacts } from "../model/run.ts";
import type { Connection, Trx } from "./connection.ts";
import { jsonText } from "./json-text.ts";

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
    readAt: row.read_at ?? row.full_at,
    scope: row.scope,
    mark: row.mark,
    search: row.search,
    fullReason: row.full_reason,
  };
}

/** Moves the checkpoint of a full import; only in the transaction of the run's last change. */
export async function moveCheckpoint(
  trx: Trx,
  directory: string,
  to: {
    readonly runId: string;
    readonly fingerprint: string;
    readonly entries: number;
    readonly startedAt: string;
    readonly scope: string;
    readonly mark: Mark | null;
    readonly search: SearchFacts | null;
  },
): Promise<void> {
  const search = to.search === null ? null : jsonText(to.search);
  const mark = to.mark === null ? null : jsonText(to.mark);
  await sql`
    insert into checkpoints (directory, run_id, fingerprint, entries, full_at, read_at, scope, mark,
      search)
    values (${directory}, ${to.runId}, ${to.fingerprint}, ${to.entries},
      ${to.startedAt}::timestamptz,
      ${to.startedAt}::timestamptz, ${to.scope}, ${mark}::jsonb, ${search}::jsonb)
    on conflict (directory) do update set
      run_id = excluded.run_id, fingerprint = excluded.fingerprint, entries = excluded.entries,
      full_at = excluded.full_at, read_at = excluded.read_at, scope = excluded.scope,
        mark = excluded.mark,
      search = coalesce(excluded.search, checkpoints.search),
      -- Not what was asked for after that run had read.
      full_reason = case when checkpoints.full_reason_at > excluded.full_at
        then checkpoints.full_reason end`.execute(trx);
}

/** Moves the checkpoint of an incremental import; only in the transaction of the run's last change. */
export async function advanceCheckpoint(
  trx: Trx,
  directory: string,
  to: { readonly startedAt: string; readonly mark: Mark },
): Promise<void> {
  await sql`update checkpoints set mark = ${jsonText(to.mark)}::jsonb,
    read_at = ${to.startedAt}::timestamptz
    where directory = ${directory}`.execute(trx);
}

/** Makes the next import a full one, because what is kept is not what the last one left. */
export async function requireFullImport(
  trx: Trx,
  directory: string,
  reason: string,
): Promise<void> {
  await trx
    .updateTable("checkpoints")
    .set({ full_reason: reason, full_reason_at: sql<Date>`clock_timestamp()` })
    .where("directory", "=", directory)
    .execute();
}
