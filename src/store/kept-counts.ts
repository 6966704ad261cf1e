/** What takes long to count, as it was counted last, and whether anything changed since. */
import { sql } from "kysely";
import type { Connection } from "./connection.ts";

export interface KeptCount {
  readonly countedAt: Date;
  /** How long it took. */
  readonly milliseconds: number;
  readonly value: unknown;
}

export async function readCount(db: Connection, name: string): Promise<KeptCount | null> {
  const row = await db
    .selectFrom("kept_counts")
    .select(["counted_at", "milliseconds", "value"])
    .where("name", "=", name)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { counted_at: countedAt, milliseconds, value } = row;
  return { countedAt, milliseconds, value };
}

/** Where another process has counted later, that stays. What nobody asks for any more goes after a month. */
export async function keepCount(db: Connection, name: string, count: KeptCount): Promise<void> {
  const { countedAt, milliseconds, value } = count;
  await sql`insert into kept_counts (name, counted_at, milliseconds, value)
    values (${name}, ${countedAt}, ${milliseconds}, ${JSON.stringify(value)}::jsonb)
    on conflict (name) do update set counted_at = excluded.counted_at,
      milliseconds = excluded.milliseconds, value = excluded.value
    where kept_counts.counted_at < excluded.counted_at`.execute(db);
  await db
    .deleteFrom("kept_counts")
    .where("counted_at", "<", sql<Date>`clock_timestamp() - interval '1 month'`)
    .execute();
}

export async function forgetCount(db: Connection, name: string): Promise<void> {
  await db.deleteFrom("kept_counts").where("name", "=", name).execute();
}

export async function clockOf(db: Connection): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db);
  return rows[0]?.now ?? new Date();
}

/**
 * Whether what was counted then may be another number by now: a run has written since, or is writing. A
 * run's end is on record before it is seen, hence some seconds more.
 */
export async function mayHaveChanged(db: Connection, { countedAt }: KeptCount): Promise<boolean> {
  const { rows } = await sql<{ changed: boolean }>`
    select exists (select from runs where status = 'running' and phase = 'applying' and not dry_run)
      or exists (select from runs where not dry_run
        and finished_at > ${countedAt}::timestamptz - interval '10 seconds'
        and (plan_size > 0 or kind <> 'import')) as changed`.execute(db);
  return rows[0]?.changed ?? true;
}
