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
 * @param most batches of a table; what is left is deleted the next time
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
  const steps = [
    oldest("run_undo", sql`${endedBefore(keep.undoDays)} and r.status <> 'held'`),
    oldest("run_changes", sql`${endedBefore(idleDays)} and (r.dry_run or r.status = 'cancelled')`),
    oldest("run_changes", sql`${endedBefore(keep.runDays)} and r.id not in (${needed})`),
    oldest("push_changes", sql`${endedBefore(idleDays)} and (r.dry_run or r.status = 'cancelled')`),
    oldest("push_changes", sql`${endedBefore(keep.runDays)}`),
    sql`delete from runs where id in (
      select r.id from runs r where ${endedBefore(keep.runDays)} and r.id not in (${needed})
        and not exists (select 1 from run_changes c where c.run_id = r.id)
        and not exists (select 1 from push_changes c where c.run_id = r.id)
      order by r.id limit ${BATCH})`,
  ];
  let total = 0;
  for (const step of steps) total += await inBatches(store, step, most);
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

/** In one order everywhere, so that two processes do not wait for each other. */
function oldest(
  table: "run_undo" | "run_changes" | "push_changes",
  which: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`delete from ${sql.table(table)} where (run_id, seq) in (
    select c.run_id, c.seq from runs r join ${sql.table(table)} c on c.run_id = r.id
    where ${which} order by c.run_id, c.seq limit ${BATCH})`;
}

async function inBatches(store: Store, step: RawBuilder<unknown>, most: number): Promise<number> {
  let total = 0;
  for (let i = 0; i < most; i++) {
    const rows = await transact(store, async (trx) => {
      const result = await step.execute(trx);
      return Number(result.numAffectedRows ?? 0);
    });
    total += rows;
    if (rows < BATCH) break;
  }
  return total;
}
