/** What is kept of runs, and for how long. Rows go in batches, so that nobody waits for them. */
import { sql } from "kysely";
import type { Connection } from "./database.ts";

const BATCH = 5000;

/** Ids of runs are ordered by time (RFC 9562 section 5.7), so the age of a row is in its key. */
function idAt(time: number): string {
  const hex = Math.max(0, time).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

/** Runs that later ones look at: the last good import of each directory, and what has not ended. */
const needed = sql`
  select run_id from checkpoints
  union select r.id from runs r where r.status in ('running', 'held')
  union select (select max(r.id::text)::uuid from runs r
    where r.directory = c.directory and r.kind = 'import' and r.status = 'done' and not r.dry_run)
    from checkpoints c`;

/**
 * Deletes what is older: images for putting runs back, and runs with their people.
 * @param most batches of a table; what is left is deleted the next time
 * @returns how many rows went
 */
export async function thinHistory(
  db: Connection,
  keep: { readonly undoDays: number; readonly runDays: number },
  now: number,
  most: number,
): Promise<number> {
  const undo = idAt(now - keep.undoDays * 86_400_000);
  const old = idAt(now - keep.runDays * 86_400_000);
  const undoRows = await inBatches(most, async () => {
    const result = await sql`delete from run_undo where (run_id, seq) in (
      select run_id, seq from run_undo where run_id < ${undo} limit ${BATCH})`.execute(db);
    return Number(result.numAffectedRows ?? 0);
  });
  const people = await inBatches(most, async () => {
    const result = await sql`delete from run_changes where (run_id, seq) in (
      select run_id, seq from run_changes
      where run_id < ${old} and run_id not in (select id from (${needed}) n (id) where id is not null) limit ${BATCH})`.execute(
      db,
    );
    return Number(result.numAffectedRows ?? 0);
  });
  const runs = await inBatches(most, async () => {
    const result = await sql`delete from runs where id in (
      select id from runs where id < ${old} and id not in (select id from (${needed}) n (id) where id is not null)
        and not exists (select 1 from run_changes c where c.run_id = runs.id) limit ${BATCH})`.execute(
      db,
    );
    return Number(result.numAffectedRows ?? 0);
  });
  return undoRows + people + runs;
}

async function inBatches(most: number, one: () => Promise<number>): Promise<number> {
  let total = 0;
  for (let i = 0; i < most; i++) {
    const rows = await one();
    total += rows;
    if (rows < BATCH) break;
  }
  return total;
}
