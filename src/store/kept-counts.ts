/** What takes long to count, as it was counted last, and whether anything changed since. */
import { sql } from "kysely";
import type { Connection } from "./connection.ts";

/** What a count saw: everything that was committed when it began. */
export interface Sight {
  /** Which database of which cluster: of a copy elsewhere, what was seen here says nothing. */
  readonly database: string;
  /** In Postgres' own words; see `pg_current_snapshot`. */
  readonly seen: string;
  readonly countedAt: Date;
}

export interface KeptCount extends Sight {
  /** How long it took. */
  readonly milliseconds: number;
  readonly value: unknown;
}

const DATABASE = sql<string>`(select c.system_identifier || '.' || d.oid
  from pg_control_system() c, pg_database d where d.datname = current_database())`;

/** What a count would see that begins now. */
export async function sightOf(db: Connection): Promise<Sight> {
  const { rows } = await sql<Sight>`select ${DATABASE} as database,
    pg_current_snapshot()::text as seen, clock_timestamp() as "countedAt"`.execute(db);
  const [sight] = rows;
  if (sight === undefined) throw new Error("the database does not tell what it sees");
  return sight;
}

/**
 * Whether something was committed that a count did not see. Transactions below its horizon it saw all. What
 * was forgotten since may be anything above it. Numbers that no transaction here has had yet came with a
 * copy of another cluster.
 * @param sight of the count
 */
export async function hasChanged(
  db: Connection,
  { database, seen }: Pick<Sight, "database" | "seen">,
): Promise<boolean> {
  const { rows } = await sql<{ changed: boolean }>`
    select ${DATABASE} <> ${database} or exists (
      select from data_changes where xid >= pg_snapshot_xmin(${seen}::pg_snapshot)
        and not pg_visible_in_snapshot(xid, ${seen}::pg_snapshot) and ${isOurs})
      or exists (select from data_changes_forgotten
        where xid >= pg_snapshot_xmin(${seen}::pg_snapshot) and ${isOurs}) as changed`.execute(db);
  return rows[0]?.changed ?? true;
}

const isOurs = sql`xid < pg_snapshot_xmax(pg_current_snapshot())`;

export async function readCount(db: Connection, name: string): Promise<KeptCount | null> {
  const { rows } = await sql<KeptCount>`
    select database, seen::text as seen, counted_at as "countedAt",
      milliseconds, value from kept_counts where name = ${name}`.execute(db);
  return rows[0] ?? null;
}

/** Where another process has counted later, that stays. */
export async function keepCount(db: Connection, name: string, count: KeptCount): Promise<void> {
  const { database, seen, countedAt, milliseconds, value } = count;
  await sql`insert into kept_counts (name, database, seen, counted_at, milliseconds, value)
    values (${name}, ${database}, ${seen}::pg_snapshot, ${countedAt}, ${milliseconds},
      ${JSON.stringify(value)}::jsonb)
    on conflict (name) do update set database = excluded.database, seen = excluded.seen,
      counted_at = excluded.counted_at, milliseconds = excluded.milliseconds, value = excluded.value
    where kept_counts.counted_at < excluded.counted_at
      or kept_counts.database <> excluded.database`.execute(db);
}

export async function forgetCount(db: Connection, name: string): Promise<void> {
  await db.deleteFrom("kept_counts").where("name", "=", name).execute();
}

/**
 * Forgets changes that every count has seen that is kept, but for those of the last hour, because of counts
 * that are being made; and counts that nobody has made anew for a week.
 */
export async function thinChanges(db: Connection): Promise<void> {
  await db
    .deleteFrom("kept_counts")
    .where("counted_at", "<", sql<Date>`clock_timestamp() - interval '1 week'`)
    .execute();
  await sql`with gone as (
      delete from data_changes where at < clock_timestamp() - interval '1 hour'
        and xid < coalesce(
          (select pg_snapshot_xmin(seen) as horizon from kept_counts order by horizon limit 1),
          pg_snapshot_xmin(pg_current_snapshot()))
      returning xid
    )
    insert into data_changes_forgotten (xid)
    select xid from gone order by xid desc limit 1
    on conflict (only_one) do update set xid = excluded.xid
      where data_changes_forgotten.xid < excluded.xid`.execute(db);
}
