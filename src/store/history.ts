/** What runs did, or would do, with each person. */
import { sql, type RawBuilder } from "kysely";
import type { CutLink, UserChange } from "../model/history.ts";
import type { Action, HeldFor, Reason, RunChange } from "../model/run.ts";
import { changedConditions, type ChangedFilter } from "./changed-people.ts";
import type { Connection, Trx } from "./connection.ts";
import { runsByIds, type RunOfChange } from "./runs.ts";

export interface ChangeQuery {
  readonly after: number;
  readonly limit: number;
  readonly action: string | null;
  /** Only people whom the safeguard counts; for what, says the run. Null: everybody. */
  readonly counted: HeldFor | null;
  readonly only?: ChangedFilter;
}

function countedFor(of: HeldFor): RawBuilder<boolean> {
  if (of === "removals" || of === "people read") return sql<boolean>`lost`;
  // Who is a member is told by groups, not by people.
  if (of === "memberships") return sql<boolean>`false`;
  if (of === "grants") return sql<boolean>`reason = 'regained'`;
  if (of === "failures") return sql<boolean>`action = 'failed'`;
  const login = of === "logins" ? sql`and c.value->>'attribute' = 'login'` : sql``;
  return sql<boolean>`action = 'updated' and exists (
    select 1 from jsonb_array_elements(changes) c where c.value->'from' <> 'null'::jsonb ${login})`;
}

/** Per person what a run did or would do, a page in order of the plan. */
export async function runChanges(
  db: Connection,
  runId: string,
  query: ChangeQuery,
): Promise<(RunChange & { readonly seq: number })[]> {
  let select = db
    .selectFrom("run_changes")
    .selectAll()
    .where("run_id", "=", runId)
    .where("seq", ">", query.after)
    .orderBy("seq")
    .limit(query.limit);
  if (query.action !== null) select = select.where("action", "=", query.action);
  if (query.counted !== null) select = select.where(countedFor(query.counted));
  for (const condition of changedConditions(query.only)) select = select.where(condition);
  const rows = await select.execute();
  return rows.map((row) => ({
    seq: row.seq,
    action: row.action as Action,
    externalId: row.external_id,
    dn: row.dn,
    login: row.login,
    userId: row.user_id,
    changes: row.changes,
    error: row.error,
    applied: row.applied,
    reason: row.reason as Reason | null,
    lost: row.lost,
  }));
}

/** How many people of a run's history were created, updated, removed and failed. */
export async function countActions(db: Connection, runId: string): Promise<Map<Action, number>> {
  const rows = await db
    .selectFrom("run_changes")
    .select(["action", sql<number>`count(*)::int`.as("count")])
    .where("run_id", "=", runId)
    .groupBy("action")
    .execute();
  return new Map(rows.map((row) => [row.action as Action, row.count]));
}

/** Drops what was shown of a held run, whose history is written anew as it is applied. */
export async function dropShown(trx: Trx, runId: string): Promise<void> {
  await trx.deleteFrom("run_changes").where("run_id", "=", runId).execute();
}

/** Failures that runs reported for entries without an identifier, as "DN code". */
export async function reportedFailures(
  db: Connection,
  runIds: readonly string[],
  dns: readonly string[],
): Promise<Set<string>> {
  const rows = await db
    .selectFrom("run_changes")
    .select(["dn", "error"])
    .where(sql<boolean>`run_id = any(${runIds}::uuid[])`)
    .where("action", "=", "failed")
    .where("external_id", "is", null)
    .where(sql<boolean>`dn = any(${dns}::text[])`)
    .execute();
  return new Set(rows.map((row) => `${row.dn} ${row.error?.code ?? ""}`));
}

/**
 * The last change of every attribute of a user, by its name. What is not among them is as it was at
 * the user's creation, or was changed long ago.
 */
export async function lastChangesOf(
  db: Connection,
  userId: string,
): Promise<ReadonlyMap<string, UserChange>> {
  const rows = await sql<{ attribute: string; run_id: string; seq: number }>`
    select distinct on (e.value->>'attribute') e.value->>'attribute' as attribute, c.run_id, c.seq
    from run_changes c cross join lateral jsonb_array_elements(c.changes) e
    where c.user_id = ${userId}::uuid and c.action <> 'created' and c.applied
    order by e.value->>'attribute', c.run_id desc, c.seq`.execute(db);
  if (rows.rows.length === 0) return new Map();
  const changes = await userChanges(db, userId)
    .where("run_id", "in", [...new Set(rows.rows.map((row) => row.run_id))])
    .execute();
  const told = await withRuns(db, changes);
  const found = new Map(told.map(({ row, run }) => [keyOf(row), toUserChange({ row, run })]));
  return new Map(
    rows.rows.flatMap(({ attribute, run_id: run, seq }) => {
      const change = found.get(keyOf({ run_id: run, seq }));
      return change === undefined ? [] : [[attribute, change] as const];
    }),
  );
}

/** How a user's entry left a directory's scope, the last time; null if it did not, or long ago. */
export async function lastRemovalOf(
  db: Connection,
  userId: string,
  directory: string,
): Promise<UserChange | null> {
  const removals = userChanges(db, userId).where("action", "=", "removed");
  const last = await lastWhose(db, removals, (run) => run.directory === directory);
  return last === null ? null : toUserChange(last);
}

/**
 * The last link of a user that a person cut; null if there is none, or it is long ago.
 * @param directory to which the link was; null: to any
 */
export async function lastCutOf(
  db: Connection,
  userId: string,
  directory: string | null,
): Promise<CutLink | null> {
  const cuts = userChanges(db, userId)
    .where("action", "=", "updated")
    .where("reason", "=", "unlinked");
  const last = await lastWhose(
    db,
    cuts,
    (run) => directory === null || run.directory === directory,
  );
  if (last === null) return null;
  const { row, run } = last;
  return {
    directory: run.directory ?? "",
    externalId: row.external_id ?? "",
    dn: row.dn,
    by: run.actor.displayName,
    at: run.startedAt,
    run: row.run_id,
  };
}

/** The last changes of a user, newest first. The user's creation is not among them. */
export async function changesOfUser(
  db: Connection,
  userId: string,
  limit: number,
): Promise<UserChange[]> {
  const rows = await userChanges(db, userId).limit(limit).execute();
  return (await withRuns(db, rows)).map(toUserChange);
}

/** What was done to a user, newest first. */
function userChanges(db: Connection, userId: string) {
  return db
    .selectFrom("run_changes")
    .select(["run_id", "seq", "action", "reason", "changes", "error", "external_id", "dn"])
    .where("user_id", "=", userId)
    .where(sql<boolean>`action <> 'created'`)
    .where("applied", "=", true)
    .orderBy("run_id", "desc")
    .orderBy("seq");
}

type ChangeRow = Awaited<ReturnType<ReturnType<typeof userChanges>["execute"]>>[number];

function keyOf({ run_id: run, seq }: Pick<ChangeRow, "run_id" | "seq">): string {
  return `${run} ${seq}`;
}

interface ToldChange {
  readonly row: ChangeRow;
  readonly run: RunOfChange;
}

/** Changes with their runs, in the same order. */
async function withRuns(db: Connection, rows: readonly ChangeRow[]): Promise<ToldChange[]> {
  const runs = await runsByIds(
    db,
    rows.map((row) => row.run_id),
  );
  return rows.flatMap((row) => {
    const run = runs.get(row.run_id);
    return run === undefined ? [] : [{ row, run }];
  });
}

const AT_ONCE = 20;

/** The last one of a user's changes whose run fits. */
async function lastWhose(
  db: Connection,
  changes: ReturnType<typeof userChanges>,
  fits: (run: RunOfChange) => boolean,
): Promise<ToldChange | null> {
  for (let from = 0; ; from += AT_ONCE) {
    const rows = await changes.offset(from).limit(AT_ONCE).execute();
    const last = (await withRuns(db, rows)).find(({ run }) => fits(run));
    if (last !== undefined || rows.length < AT_ONCE) return last ?? null;
  }
}

function toUserChange({ row, run }: ToldChange): UserChange {
  return {
    run: row.run_id,
    at: run.finishedAt ?? run.startedAt,
    kind: run.kind,
    directory: run.directory,
    by: run.decidedBy ?? run.actor.displayName,
    action: row.action as Action,
    reason: row.reason as Reason | null,
    changes: row.changes,
    error: row.error,
  };
}
