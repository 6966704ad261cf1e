/** What is kept of runs, and for how long. Rows go in batches, so that nobody waits for them. */
import { sql, type RawBuilder } from "kysely";
import { transact, type Store } from "./database.ts";
import { lowestId } from "./filters/log-condition.ts";

const BATCH = 5000;
const DAY = 86_400_000;
/** For how long dry runs and cancelled ones can be looked at person by person. */
const IDLE_DAYS = 30;

/** Runs that later ones look at: the last good import of each directory, and what has not ended. */
const needed = sql`
  select run_id as id from checkpoints
  union all select r.id from runs r where r.status in ('running', 'held')
  union all select last.id from checkpoints c cross join lateral (
    select r.id from runs r
    where r.directory = c.directory and r.kind = 'import' and r.status = 'done' and not r.dry_run
    order by r.id desc limit 1) last`;

/**
 * Deletes what is older: images for putting runs back, and runs with their people. The age of a
 * run counts from its end: one that was held for weeks can be put back as long as any other.
 * @param most batches, of each of the steps; what is left is deleted the next time
 * @returns how many rows went
 */
export async function thinHistory(
  store: Store,
  keep: { readonly undoDays: number; readonly runDays: number },
  most: number,
): Promise<number> {
  const unused = sql`${endedBefore(keep.undoDays)} and r.status <> 'held'`;
  const undone = { days: keep.undoDays, which: unused };
  const images = await thinOldest(store, "run_undo", undone, most * BATCH);
  return (
    images.rows +
    (await thinIdle(store, Math.min(keep.runDays, IDLE_DAYS), most * BATCH)) +
    (await thinRuns(store, keep.runDays, most * BATCH))
  );
}

/** What is told of runs, which may lie on other servers than the runs. */
const HISTORY = ["run_undo", "run_changes", "push_changes"] as const;
type History = (typeof HISTORY)[number];

/** Runs of which something goes. */
interface Old {
  /** They ended longer ago than so many. */
  readonly days: number;
  /** A condition on `r`, which says so, too. */
  readonly which: RawBuilder<unknown>;
}

interface Thinned {
  readonly rows: number;
  /** Whether nothing is left that is old enough. */
  readonly isThrough: boolean;
}

/**
 * Deletes what a table tells of runs, from the oldest that it tells of on; of runs that are gone, too.
 * @param most rows
 */
async function thinOldest(
  store: Store,
  table: History,
  { days, which }: Old,
  most: number,
): Promise<Thinned> {
  let total = 0;
  for (let after = NO_RUN; total < most;) {
    const { rows } = await sql<{ id: string }>`select run_id as id from ${sql.table(table)}
      where run_id > ${after} and run_id < ${idBefore(days)} order by run_id limit 1`.execute(
      store.db,
    );
    const [oldest] = rows;
    if (oldest === undefined) return { rows: total, isThrough: true };
    after = oldest.id;
    const staying = await runsWhere(store, sql`r.id = ${oldest.id} and not (${which})`, 1);
    if (staying.length === 0) total += await deleteTold(store, table, oldest.id, most - total);
  }
  return { rows: total, isThrough: false };
}

const NO_RUN = "00000000-0000-0000-0000-000000000000";

/** Runs that are looked at at a time, and before somebody else's turn. */
const RUNS = 500;
const MOST_RUNS = 5000;

/** Deletes whom dry runs and cancelled ones concerned; the runs stay. @param most rows */
async function thinIdle(store: Store, days: number, most: number): Promise<number> {
  const which = sql`not r.thinned and (r.dry_run or r.status = 'cancelled')
    and r.id < ${idBefore(days)} and ${endedBefore(days)}`;
  let total = 0;
  for (let looked = 0; looked < MOST_RUNS; looked += RUNS) {
    const ids = await runsWhere(store, which, RUNS);
    for (const id of ids) {
      for (const table of ["run_changes", "push_changes"] as const)
        total += await deleteTold(store, table, id, most - total);
      if (total >= most) return total;
      // Nobody looks again.
      await sql`update runs set thinned = true where id = ${id}`.execute(store.db);
    }
    if (ids.length < RUNS) break;
  }
  return total;
}

/** Deletes runs after all that is told of them. @param most rows, of each table */
async function thinRuns(store: Store, days: number, most: number): Promise<number> {
  const old = sql`${endedBefore(days)} and r.id not in (${needed})`;
  let total = 0;
  let isThrough = true;
  for (const table of HISTORY) {
    const thinned = await thinOldest(store, table, { days, which: old }, most);
    total += thinned.rows;
    isThrough &&= thinned.isThrough;
  }
  if (!isThrough) return total;
  const ids = await runsWhere(store, sql`r.id < ${idBefore(days)} and ${old}`, MOST_RUNS);
  if (ids.length === 0) return total;
  return total + (await deleted(store, sql`delete from runs where id = any(${ids}::uuid[])`));
}

/** No run ends before it begins, which its identifier tells. */
function idBefore(days: number): RawBuilder<unknown> {
  return sql`${lowestId(Date.now() - days * DAY)}::uuid`;
}

/** The oldest of the runs. @param which a condition on `r` */
async function runsWhere(
  { db }: Store,
  which: RawBuilder<unknown>,
  limit: number,
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select r.id from runs r where ${which} order by r.id limit ${limit}`.execute(db);
  return rows.map((row) => row.id);
}

/**
 * Deletes what a table tells of a run, batch by batch, until so many rows or more are gone.
 * @returns how many went
 */
async function deleteTold(
  store: Store,
  table: History,
  runId: string,
  most: number,
): Promise<number> {
  const first = sql`select seq from ${sql.table(table)} where run_id = ${runId} order by seq`;
  let total = 0;
  while (total < most) {
    // Mostly nothing is there, and looking costs less than a transaction.
    const { rows } = await sql`${first} limit 1`.execute(store.db);
    if (rows.length === 0) break;
    total += await deleted(
      store,
      sql`delete from ${sql.table(table)} where run_id = ${runId}
        and seq in (${first} limit ${BATCH})`,
    );
  }
  return total;
}

/**
 * Deletes events of the System Log that are older.
 * @param most batches; what is left is deleted the next time. @returns how many went
 */
export async function thinLog(store: Store, days: number, most: number): Promise<number> {
  const before = lowestId(Date.now() - days * DAY);
  const step = sql`delete from system_log where id in (
    select id from system_log where id < ${before}::uuid order by id limit ${BATCH})`;
  return await inBatches(store, step, most);
}

/**
 * Deletes app profiles of people who left a directory that long ago and have no access any more.
 * @returns how many went
 */
export async function thinRemoved(
  store: Store,
  days: number | null,
  most: number,
): Promise<number> {
  if (days === null) return 0;
  const step = sql`delete from app_users where (directory, external_id) in (
    select a.directory, a.external_id from app_users a left join users u on u.id = a.user_id
    where a.status = 'removed' and a.removed_at < clock_timestamp() - ${days} * interval '1 day'
      and (u.id is null or u.status = 'deprovisioned')
    order by a.directory, a.external_id limit ${BATCH})`;
  return await inBatches(store, step, most);
}

function endedBefore(days: number): RawBuilder<unknown> {
  return sql`r.finished_at < clock_timestamp() - ${days} * interval '1 day'`;
}

async function deleted(store: Store, statement: RawBuilder<unknown>): Promise<number> {
  return await transact(store, async (trx) => {
    const result = await statement.execute(trx);
    return Number(result.numAffectedRows ?? 0);
  });
}

async function inBatches(store: Store, step: RawBuilder<unknown>, most: number): Promise<number> {
  let total = 0;
  for (let i = 0; i < most; i++) {
    const rows = await deleted(store, step);
    total += rows;
    if (rows < BATCH) break;
  }
  return total;
}
