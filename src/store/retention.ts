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
 * @param most batches, of images and of all else; what is left is deleted the next time
 * @returns how many rows went
 */
export async function thinHistory(
  store: Store,
  keep: { readonly undoDays: number; readonly runDays: number },
  most: number,
): Promise<number> {
  const idleDays = Math.min(keep.runDays, IDLE_DAYS);
  const days = Math.min(idleDays, keep.undoDays);
  const { rows } = await sql`select 1 from runs r where ${endedBefore(days)} limit 1`.execute(
    store.db,
  );
  if (rows.length === 0) return 0; // nearly always; asking costs less than looking
  const idle = sql`${endedBefore(idleDays)} and (r.dry_run or r.status = 'cancelled')`;
  const old = sql`${endedBefore(keep.runDays)} and r.id not in (${needed})`;
  return (
    (await thinImages(store, keep.undoDays, most * BATCH)) +
    (await thinTold(store, idle, most * BATCH)) +
    (await thinRuns(store, old, most * BATCH))
  );
}

/** What is told of runs, which may lie on other servers than the runs. */
const HISTORY = ["run_undo", "run_changes", "push_changes"] as const;
type History = (typeof HISTORY)[number];

/** Runs that are looked at in one go. */
const RUNS = 500;

/** Deletes images, of the oldest run that has some and on. @param most rows */
async function thinImages(store: Store, days: number, most: number): Promise<number> {
  // No run ends before it begins, which its identifier tells.
  const before = lowestId(Date.now() - days * DAY);
  let total = 0;
  for (let after = NO_RUN; total < most;) {
    const { rows } = await sql<{ id: string }>`select run_id as id from run_undo
      where run_id > ${after} and run_id < ${before} order by run_id limit 1`.execute(store.db);
    const [oldest] = rows;
    if (oldest === undefined) break;
    after = oldest.id;
    const which = sql`r.id = ${oldest.id} and ${endedBefore(days)} and r.status <> 'held'`;
    for (const id of await runsWhere(store, which))
      total += await deleteTold(store, "run_undo", id, most - total);
  }
  return total;
}

const NO_RUN = "00000000-0000-0000-0000-000000000000";

/** Deletes who was concerned by runs, which stay. @param which a condition on `r` @param most rows */
async function thinTold(store: Store, which: RawBuilder<unknown>, most: number): Promise<number> {
  let total = 0;
  for (const id of await runsWhere(store, sql`not r.thinned and ${which}`)) {
    for (const table of ["run_changes", "push_changes"] as const)
      total += await deleteTold(store, table, id, most - total);
    if (total >= most) break;
    // Nobody looks again.
    await sql`update runs set thinned = true where id = ${id}`.execute(store.db);
  }
  return total;
}

/** Deletes runs with all that is told of them. @param which a condition on `r` @param most rows */
async function thinRuns(store: Store, which: RawBuilder<unknown>, most: number): Promise<number> {
  const ended: string[] = [];
  let total = 0;
  for (const id of await runsWhere(store, which)) {
    for (const table of HISTORY) total += await deleteTold(store, table, id, most - total);
    if (total >= most) break;
    ended.push(id);
  }
  if (ended.length === 0) return total;
  return total + (await deleted(store, sql`delete from runs where id = any(${ended}::uuid[])`));
}

/** The oldest of the runs. */
async function runsWhere({ db }: Store, which: RawBuilder<unknown>): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select r.id from runs r where ${which} order by r.id limit ${RUNS}`.execute(db);
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
