/** Held plans: whom they take something from, and who is left out of them. */
import { sql } from "kysely";
import { STEPS } from "../model/plan.ts";
import type { Reason } from "../model/run.ts";
import { dependsOnUser } from "./apply.ts";
import type { Connection, Trx } from "./connection.ts";

/** Somebody whom the safeguard counts, or whose place another entry takes. */
export interface LostRow {
  readonly seq: number;
  readonly externalId: string;
  readonly reason: Reason | null;
}

function lost(db: Connection, runId: string) {
  return db
    .selectFrom("held_plan")
    .select(["seq", "external_id", "reason"])
    .where("run_id", "=", runId)
    .where(sql<boolean>`(lost or reason = 'replaced')`)
    .where("external_id", "is not", null);
}

type Row = { seq: number; external_id: string | null; reason: string | null };

function toLost({ seq, external_id: id, reason }: Row): LostRow {
  return { seq, externalId: id ?? "", reason: reason as Reason | null };
}

export async function countLost(db: Connection, runId: string): Promise<number> {
  const row = await lost(db, runId)
    .clearSelect()
    .select(sql<number>`count(*)::int`.as("count"))
    .executeTakeFirst();
  return row?.count ?? 0;
}

/** A page of them, in order of the plan. */
export async function lostAfter(
  db: Connection,
  runId: string,
  after: number,
  limit: number,
): Promise<LostRow[]> {
  const rows = await lost(db, runId).where("seq", ">", after).orderBy("seq").limit(limit).execute();
  return rows.map(toLost);
}

/** Those of them who have one of the identifiers. */
export async function lostAmong(
  db: Connection,
  runId: string,
  ids: readonly string[],
): Promise<LostRow[]> {
  if (ids.length === 0) return [];
  const rows = await lost(db, runId)
    .where(sql<boolean>`external_id = any(${ids}::text[])`)
    .execute();
  return rows.map(toLost);
}

/**
 * Rows of a plan whose user, or whose app user, was written by something else since it was made.
 * Of a removed app user, the time of the last import stays; its status tells.
 */
export async function outdatedRows(db: Connection, runId: string): Promise<number[]> {
  const { rows } = await sql<{ seq: number }>`
    select p.seq from held_plan p
    join runs r on r.id = p.run_id
    left join users u on u.id = p.user_id
    left join app_users a on a.directory = r.directory and a.external_id = p.external_id
    where p.run_id = ${runId} and (
      (${dependsOnUser} and (u.id is null or u.version <> p.base_version))
      or (p.app_status is not null and a.imported_at > r.started_at)
      or (p.action in ('removed', 'failed') and a.status = 'removed')
      or (p.app_user_id is not null and a.user_id is null
        and a.link->>'how' in ('ignored', 'unlinked')
        and r.kind <> 'link'))`.execute(db);
  return rows.map((row) => row.seq);
}

/**
 * Takes rows out of a held plan, with whatever else it does to the same users: an entry that was
 * replaced and the one that took its place stay or go together. The run's history tells of them.
 * @returns how many there were
 */
export async function leaveOut(
  trx: Trx,
  runId: string,
  seqs: readonly number[],
  reason: Extract<Reason, "cameBack" | "changedSince">,
): Promise<number> {
  if (seqs.length === 0) return 0;
  const leftOut = sql`run_id = ${runId} and (seq = any(${seqs}::int[]) or user_id in (
    select p.user_id from held_plan p
    where p.run_id = ${runId} and p.user_id is not null and not p.user_new
      and p.seq = any(${seqs}::int[])))`;
  const result = await sql`
    insert into run_changes (run_id, seq, action, external_id, dn, user_id, login, changes, error,
      applied, reason, lost)
    select run_id, seq, 'skipped', external_id, dn, case when user_new then null else user_id
      end, user_login,
      '[]'::jsonb, null, true, ${reason}, false
    from held_plan where ${leftOut}`.execute(trx);
  await sql`delete from held_plan where ${leftOut}`.execute(trx);
  return Number(result.numAffectedRows ?? 0);
}

/** Rows that leave or make somebody active, with the value of an attribute of the entry. */
export async function activeRows(
  db: Connection,
  runId: string,
  attribute: string,
): Promise<{ seq: number; value: string }[]> {
  const { rows } = await sql<{ seq: number; value: string }>`
    select p.seq, one.value from held_plan p
    cross join lateral jsonb_each_text(p.app_profile::jsonb) as one
    where p.run_id = ${runId} and p.app_status = 'active' and lower(one.key) = ${attribute.toLowerCase()}`.execute(
    db,
  );
  return rows;
}

/** Active people of a directory from whom a held plan takes nothing; a few of them. */
export async function keptPeople(
  db: Connection,
  directory: string,
  runId: string,
  limit: number,
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select a.external_id as id from app_users a
    where a.directory = ${directory} and a.status = 'active' and not exists (
      select 1 from held_plan p
      where p.run_id = ${runId} and (p.lost or p.action = 'removed')
        and p.external_id = a.external_id)
    limit ${limit}`.execute(db);
  return rows.map((row) => row.id);
}

/** Rows that would create a user, in order of the plan. */
export async function creationsAfter(
  db: Connection,
  runId: string,
  after: number,
  limit: number,
): Promise<number[]> {
  const rows = await db
    .selectFrom("held_plan")
    .select("seq")
    .where("run_id", "=", runId)
    .where("step", "=", STEPS.indexOf("creation"))
    .where("seq", ">", after)
    .orderBy("seq")
    .limit(limit)
    .execute();
  return rows.map((row) => row.seq);
}
