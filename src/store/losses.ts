/** What earlier imports took, or gave back, where it counts together with the plan at hand. */
import { sql, type RawBuilder } from "kysely";
import type { Connection } from "./connection.ts";

/** People whom imports took something from: in all, and of these who left the scope. */
export interface Losses {
  readonly lost: number;
  readonly gone: number;
}

/**
 * Losses by the incremental imports of the last 24 hours, since the last full import and since
 * somebody last approved a run: what was approved is not held against anybody again.
 */
export async function lossesInSlices(
  db: Connection,
  directory: string,
  planOf: string,
): Promise<Losses> {
  return await losses(
    db,
    planOf,
    directory,
    sql`r.kind = 'import' and r.status = 'done' and not r.dry_run
      and r.type = 'incremental' and r.decided_by is null
      and r.started_at > greatest(clock_timestamp() - interval '24 hours', coalesce((
        select max(f.finished_at) from runs f
        where f.directory = ${directory} and f.kind = 'import' and f.status = 'done'
          and not f.dry_run
          and (f.type = 'full' or f.decided_by is not null)), '-infinity'))`,
  );
}

/**
 * Losses by a run whose plan the database lost in the middle of its application, since the last
 * import that was applied whole. What is left of it counts together with them, as it did when the
 * whole plan was judged.
 */
export async function lossesByLostPlans(
  db: Connection,
  directory: string,
  planOf: string,
): Promise<Losses> {
  return await losses(
    db,
    planOf,
    directory,
    sql`r.kind = 'import' and r.status = 'failed'
      and r.error->>'code' = 'run.planLost'
      and r.started_at > coalesce((
        select max(d.started_at) from runs d
        where d.directory = ${directory} and d.kind = 'import' and d.status = 'done'
          and not d.dry_run
      ), '-infinity')`,
  );
}

/**
 * People, each once: those who have their access again are not lost any more, and those of the plan
 * at hand are counted there.
 */
async function losses(
  db: Connection,
  planOf: string,
  directory: string,
  which: RawBuilder<unknown>,
): Promise<Losses> {
  const sum = { lost: 0, gone: 0 };
  for await (const ids of peopleOf(db, await importsWhere(db, directory, which), sql`lost`)) {
    const { rows } = await sql<Losses>`
      select count(*)::int as lost, (count(*) filter (where a.status = 'removed'))::int as gone
      from app_users a
      where a.directory = ${directory} and a.external_id = any(${ids}::text[])
        and a.status in ('disabled', 'removed') and not exists (
          select 1 from plan p where p.run_id = ${planOf} and p.lost
            and p.external_id = a.external_id)`.execute(db);
    sum.lost += rows[0]?.lost ?? 0;
    sum.gone += rows[0]?.gone ?? 0;
  }
  return sum;
}

/** @param which a condition on `r` */
async function importsWhere(
  db: Connection,
  directory: string,
  which: RawBuilder<unknown>,
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select r.id from runs r where r.directory = ${directory} and ${which}`.execute(db);
  return rows.map((row) => row.id);
}

const AT_ONCE = 10_000;

/** The external ids of people whom runs treated so, each once, in pages. @param how a condition on `run_changes` */
async function* peopleOf(
  db: Connection,
  runIds: readonly string[],
  how: RawBuilder<unknown>,
): AsyncGenerator<string[]> {
  if (runIds.length === 0) return;
  for (let after: string | undefined = ""; after !== undefined;) {
    const page: { rows: { id: string }[] } = await sql<{ id: string }>`
      select distinct external_id as id from run_changes
      where run_id = any(${runIds}::uuid[]) and ${how} and applied and external_id > ${after}
      order by external_id limit ${AT_ONCE}`.execute(db);
    const ids = page.rows.map((row) => row.id);
    if (ids.length > 0) yield ids;
    after = ids.length < AT_ONCE ? undefined : ids.at(-1);
  }
}

/**
 * People to whom the imports of the last 24 hours gave access back, and who have it, since somebody last
 * approved a run: what cannot be seen any more may be lost a few people at a time.
 */
export async function grantsLately(
  db: Connection,
  directory: string,
  planOf: string,
): Promise<number> {
  const runIds = await importsWhere(
    db,
    directory,
    sql`r.kind = 'import' and r.status = 'done' and not r.dry_run
      and r.decided_by is null
      and r.started_at > greatest(clock_timestamp() - interval '24 hours', coalesce((
        select max(f.finished_at) from runs f
        where f.directory = ${directory} and f.kind = 'import' and f.status = 'done'
          and f.decided_by is not null), '-infinity'))`,
  );
  let granted = 0;
  for await (const ids of peopleOf(db, runIds, sql`reason = 'regained'`)) {
    const { rows } = await sql<{ granted: number }>`
      select count(*)::int as granted from app_users a
      where a.directory = ${directory} and a.external_id = any(${ids}::text[])
        and a.status = 'active' and not exists (
          select 1 from plan p where p.run_id = ${planOf} and p.external_id = a.external_id)`.execute(
      db,
    );
    granted += rows[0]?.granted ?? 0;
  }
  return granted;
}
