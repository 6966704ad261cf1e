/** What takes long to count, as it was counted last, and whether anything changed since. */
import { sql } from "kysely";
import type { Connection } from "./connection.ts";

/** What a count saw: everything that was committed when it began. */
export interface Sight {
  /** Of a copy elsewhere, what was seen here says nothing. */
  readonly database: number;
  /** In Postgres' own words; see `pg_current_snapshot`. */
  readonly seen: string;
  readonly countedAt: Date;
}

export interface KeptCount extends Sight {
  /** How long it took. */
  readonly milliseconds: number;
  readonly value: unknown;
}

const DATABASE = sql<number>`(select oid::int8::float8 from pg_database where datname = current_database())`;

/** What a count would see that begins now. */
export async function sightOf(db: Connection): Promise<Sight> {
  const { rows } = await sql<Sight>`select ${DATABASE} as database,
    pg_current_snapshot()::text as seen, clock_timestamp() as "countedAt"`.execute(db);
  const [sight] = rows;
  if (sight === undefined) throw new Error("the database does not tell what it sees");
  return sight;
}

/**
 * Whether something was committed that a count did not see. Transactions below its horizon it saw all.
 * @param sight of the count
 */
export async function hasChanged(
  db: Connection,
  { database, seen }: Pick<Sight, "database" | "seen">,
): Promise<boolean> {
  const { rows } = await sql<{ changed: boolean }>`
    select ${DATABASE} <> ${database}::float8 or exists (
      select from data_changes where xid >= pg_snapshot_xmin(${seen}::pg_snapshot)
        and not pg_visible_in_snapshot(xid, ${seen}::pg_snapshot)) as changed`.execute(db);
  return rows[0]?.changed ?? true;
}

export async function readCount(db: Connection, name: string): Promise<KeptCount | null> {
  const { rows } = await sql<KeptCount>`
    select database::int8::float8 as database, seen::text as seen, counted_at as "countedAt",
      milliseconds, value from kept_counts where name = ${name}`.execute(db);
  return rows[0] ?? null;
}

/** Where another process has counted later, that stays. What nobody asks for any more goes after a week. */
export async function keepCount(db: Connection, name: string, count: KeptCount): Promise<void> {
  const { database, seen, countedAt, milliseconds, value } = count;
  await sql`insert into kept_counts (name, database, seen, counted_at, milliseconds, value)
    values (${name}, ${database}::int8::oid, ${seen}::pg_snapshot, ${countedAt}, ${milliseconds},
      ${JSON.stringify(value)}::jsonb)
    on conflict (name) do update set database = excluded.database, seen = excluded.seen,
      counted_at = excluded.counted_at, milliseconds = excluded.milliseconds, value = excluded.value
    where kept_counts.counted_at < excluded.counted_at`.execute(db);
  await db
    .deleteFrom("kept_counts")
    .where("counted_at", "<", sql<Date>`clock_timestamp() - interval '1 week'`)
    .execute();
}

export async function forgetCount(db: Connection, name: string): Promise<void> {
  await db.deleteFrom("kept_counts").where("name", "=", name).execute();
}

/**
 * Forgets changes that every count has seen that is kept. Those of the last hour stay, because of counts
 * that are being made.
 */
export async function thinChanges(db: Connection): Promise<void> {
  await sql`delete from data_changes where at < clock_timestamp() - interval '1 hour'
    and xid < coalesce((select min(pg_snapshot_xmin(seen)) from kept_counts),
      pg_snapshot_xmin(pg_current_snapshot()))`.execute(db);
}
