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
    sql`r.directory = ${directory} and r.kind = 'import' and r.status = 'done' and not r.dry_run
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
    sql`r.directory = ${directory} and r.kind = 'import' and r.status = 'failed'
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
async function losses(db: Connection, planOf: string, which: RawBuilder<unknown>): Promise<Losses> {
  // Run by run, each by the key of its people; a join would read everybody's history.
  const result = await sql<Losses>`
    select count(distinct l.external_id)::int as lost,
      (count(distinct l.external_id) filter (where a.status = 'removed'))::int as gone
    from runs r cross join lateral (
      select c.external_id from run_changes c
      where c.run_id = r.id and c.lost and c.applied and c.external_id is not null offset 0
    ) l
    join app_users a on a.directory = r.directory and a.external_id = l.external_id
      and a.status in ('disabled', 'removed')
    where ${which} and not exists (
      select 1 from plan p where p.run_id = ${planOf} and p.lost
        and p.external_id = l.external_id)`.execute(db);
  return result.rows[0] ?? { lost: 0, gone: 0 };
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
  const result = await sql<{ granted: number }>`
    select count(distinct g.external_id)::int as granted
    from runs r cross join lateral (
      select c.external_id from run_changes c
      where c.run_id = r.id and c.reason = 'regained' and c.applied
        and c.external_id is not null offset 0
    ) g
    join app_users a on a.directory = r.directory and a.external_id = g.external_id
      and a.status = 'active'
    where r.directory = ${directory} and r.kind = 'import' and r.status = 'done' and not r.dry_run
      and r.decided_by is null
      and r.started_at > greatest(clock_timestamp() - interval '24 hours', coalesce((
        select max(f.finished_at) from runs f
        where f.directory = ${directory} and f.kind = 'import' and f.status = 'done'
          and f.decided_by is not null), '-infinity'))
      and not exists (select 1 from plan p
        where p.run_id = ${planOf} and p.external_id = g.external_id)`.execute(db);
  return result.rows[0]?.granted ?? 0;
}
