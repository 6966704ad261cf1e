/** Pushes: their records, and per account what they did or would do. */
import { sql, type Selectable } from "kysely";
import {
  NO_PUSH_COUNTS,
  type AccountAction,
  type AccountChange,
  type AccountError,
  type AccountReason,
  type Push,
  type PushChange,
  type PushCounts,
  type PushHeld,
  type PushKind,
} from "../model/account.ts";
import { RollcallError } from "../model/errors.ts";
import type { EventActor } from "../model/event.ts";
import type { RunState, RunStatus, Trigger } from "../model/run.ts";
import { changedConditions, type ChangedFilter } from "./changed-people.ts";
import type { Connection, Trx } from "./connection.ts";
import { jsonText } from "./json-text.ts";
import type { PushChangesTable, RunsTable } from "./tables.ts";

export function toPush(row: Selectable<RunsTable>): Push {
  return {
    id: row.id,
    app: row.app ?? "",
    kind: row.kind as PushKind,
    trigger: row.trigger as Trigger,
    actor: row.actor,
    dryRun: row.dry_run,
    status: row.status as RunStatus,
    state: (row.status === "running" ? row.phase : row.status) as RunState,
    counts: { ...NO_PUSH_COUNTS, ...(row.counts as PushCounts) },
    phases: row.phases,
    held: row.held as PushHeld | null,
    error: row.error,
    decidedBy: row.decided_by,
    reverts: row.reverts,
    userIds: row.scope === "" ? null : (JSON.parse(row.scope) as string[]),
    startedAt: row.started_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}

export interface NewPush {
  readonly id: string;
  readonly app: string;
  readonly kind: PushKind;
  readonly trigger: Trigger;
  readonly actor: EventActor;
  readonly dryRun: boolean;
  readonly reverts: string | null;
  /** Only these users were asked for; null: everybody. */
  readonly userIds: readonly string[] | null;
}

export async function insertPush(trx: Trx, push: NewPush): Promise<void> {
  await trx
    .insertInto("runs")
    .values({
      id: push.id,
      kind: push.kind,
      directory: null,
      app: push.app,
      type: "full",
      trigger: push.trigger,
      actor: jsonText(push.actor),
      dry_run: push.dryRun,
      status: "running",
      phase: "reading",
      counts: jsonText(NO_PUSH_COUNTS),
      phases: "[]",
      fingerprint: "",
      plan_size: 0,
      scope: push.userIds === null ? "" : jsonText(push.userIds),
      reverts: push.reverts,
    })
    .execute();
}

/** Leaves no trace of a push that found nothing to do and that nobody asked for. */
export async function dropPush(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom("runs").where("id", "=", id).where("app", "is not", null).execute();
}

/** A push by its id, or by the beginning of it if only one fits; null if there is none. */
export async function findPush(db: Connection, id: string): Promise<Push | null> {
  const prefix = id.toLowerCase();
  if (!/^[0-9a-f-]{4,36}$/.test(prefix)) return null;
  const rows = await db
    .selectFrom("runs")
    .selectAll()
    .where("app", "is not", null)
    .where(sql<boolean>`id::text like ${`${prefix}%`}`)
    .limit(2)
    .execute();
  const [row] = rows;
  if (rows.length > 1)
    throw new RollcallError(
      "run.notFound",
      `Several pushes begin with ${id}; give more of the id.`,
    );
  return row === undefined ? null : toPush(row);
}

export interface PushesQuery {
  readonly app: string | null;
  readonly status: string | null;
  readonly limit: number;
}

/** Pushes, newest first. */
export async function listPushes(db: Connection, query: PushesQuery): Promise<Push[]> {
  let select = db
    .selectFrom("runs")
    .selectAll()
    .where("app", "is not", null)
    .orderBy("id", "desc")
    .limit(query.limit);
  if (query.app !== null) select = select.where("app", "=", query.app);
  if (query.status !== null) select = select.where("status", "=", query.status);
  return (await select.execute()).map(toPush);
}

/** One account of a push, as it is planned or was done. */
export interface PlannedPush {
  readonly seq: number;
  /** Of the order in which things are sent. */
  readonly step: number;
  readonly action: AccountAction;
  readonly userId: string | null;
  readonly login: string | null;
  readonly externalId: string | null;
  readonly reason: AccountReason | null;
  readonly changes: readonly AccountChange[];
  readonly error: AccountError | null;
  readonly applied: boolean;
  readonly lost: boolean;
}

/** Writes rows of a push's history, or writes them anew. */
export async function savePushChanges(
  trx: Trx,
  runId: string,
  changes: readonly PlannedPush[],
): Promise<void> {
  if (changes.length === 0) return;
  const rows = changes.map((one) => ({
    seq: one.seq,
    step: one.step,
    action: one.action,
    user_id: one.userId,
    login: one.login,
    external_id: one.externalId,
    reason: one.reason,
    changes: one.changes,
    error: one.error,
    applied: one.applied,
    lost: one.lost,
  }));
  await sql`insert into push_changes (run_id, seq, step, action, user_id, login, external_id,
      reason, changes, error, applied, lost)
    select ${runId}::uuid, x.seq, x.step, x.action, x.user_id, x.login, x.external_id, x.reason,
      x.changes, nullif(x.error, 'null'::jsonb), x.applied, x.lost
    from jsonb_to_recordset(${jsonText(rows)}::jsonb) as x (seq int, step int, action text,
      user_id uuid, login text, external_id text, reason text, changes jsonb, error jsonb,
      applied boolean, lost boolean)
    on conflict (run_id, seq) do update set action = excluded.action, step = excluded.step,
      external_id = excluded.external_id, reason = excluded.reason, changes = excluded.changes,
      error = excluded.error, applied = excluded.applied, lost = excluded.lost,
      login = excluded.login`.execute(trx);
}

/** What is still to be done of one step of a push's plan, a page in its order. */
export async function plannedPushes(
  db: Connection,
  runId: string,
  step: number,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<PlannedPush[]> {
  const rows = await db
    .selectFrom("push_changes")
    .selectAll()
    .where("run_id", "=", runId)
    .where("step", "=", step)
    .where("applied", "=", false)
    .where("seq", ">", after)
    .orderBy("seq")
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...toChange(row), step: row.step }));
}

function toChange(row: Selectable<PushChangesTable>): PushChange {
  return {
    seq: row.seq,
    action: row.action as AccountAction,
    userId: row.user_id,
    login: row.login,
    externalId: row.external_id,
    reason: row.reason as AccountReason | null,
    changes: row.changes,
    error: row.error,
    applied: row.applied,
    lost: row.lost,
  };
}

export interface PushPeopleQuery {
  readonly after: number;
  readonly limit: number;
  readonly action: string | null;
  /** Only those whom the safeguard counts as losing something. */
  readonly counted: boolean;
  readonly only?: ChangedFilter;
}

/** Per account what a push did or would do. */
export async function pushChanges(
  db: Connection,
  runId: string,
  query: PushPeopleQuery,
): Promise<PushChange[]> {
  let select = db
    .selectFrom("push_changes")
    .selectAll()
    .where("run_id", "=", runId)
    .where("seq", ">", query.after)
    .orderBy("seq")
    .limit(query.limit);
  if (query.action !== null) select = select.where("action", "=", query.action);
  if (query.counted) select = select.where("lost", "=", true);
  for (const condition of changedConditions(query.only)) select = select.where(condition);
  return (await select.execute()).map(toChange);
}

/** How many accounts a push treated in which way. @param applied only what was done */
export async function countPushActions(
  db: Connection,
  runId: string,
  applied: boolean,
): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom("push_changes")
    .select(["action", sql<number>`count(*)::int`.as("count")])
    .where("run_id", "=", runId)
    .where((row) => (applied ? row("applied", "=", true) : row.lit(true)))
    .groupBy("action")
    .execute();
  return new Map(rows.map((row) => [row.action, row.count]));
}

/** How many people a push sends something for, sent something for, or leaves out; each counts once. */
export async function countPushedPeople(db: Connection, runId: string): Promise<number> {
  const { rows } = await sql<{ people: number }>`
    select count(distinct user_id)::int as people from push_changes
    where run_id = ${runId}
      and action in ('created', 'adopted', 'updated', 'reactivated', 'failed', 'skipped')`.execute(
    db,
  );
  return rows[0]?.people ?? 0;
}

/**
 * How many accounts lost access, and memberships were taken away, by pushes of an app in the last
 * minutes that nobody approved: what goes on for a while would otherwise pass in slices.
 */
export async function recentLosses(
  db: Connection,
  app: string,
  minutes: number,
): Promise<{ readonly accounts: number; readonly memberships: number }> {
  const pushes = await sql<{ id: string }>`
    select r.id from runs r
    where r.app = ${app} and not r.dry_run and r.status in ('done', 'failed')
      and r.finished_at > clock_timestamp() - ${minutes} * interval '1 minute'
      and r.id > coalesce((select max(id::text)::uuid from runs
        where app = ${app} and decided_by is not null and status in ('done', 'failed')),
        '00000000-0000-0000-0000-000000000000'::uuid)`.execute(db);
  const { rows } = await sql<{ accounts: number; memberships: number }>`
    select count(*) filter (where action in ('deactivated', 'deleted'))::int as accounts,
      count(*) filter (where action = 'removed')::int as memberships
    from push_changes
    where run_id = any(${pushes.rows.map((row) => row.id)}::uuid[]) and lost and applied`.execute(
    db,
  );
  return rows[0] ?? { accounts: 0, memberships: 0 };
}

/** Memberships of a group that a push said it would take away are taken away. */
export async function noteRemovals(
  trx: Trx,
  runId: string,
  group: string,
  userIds: readonly string[],
): Promise<void> {
  await sql`update push_changes set applied = true
    where run_id = ${runId} and action = 'removed' and user_id = any(${userIds}::uuid[])
      and changes -> 0 ->> 'from' = ${group}`.execute(trx);
}

/** The groups from which a push says it would take these users: by user, names as they are in the app. */
export async function removalsOf(
  db: Connection,
  runId: string,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { rows } = await sql<{ user_id: string; names: string[] }>`
    select user_id, array_agg(changes -> 0 ->> 'from') as names from push_changes
    where run_id = ${runId} and action = 'removed' and user_id = any(${userIds}::uuid[])
    group by user_id`.execute(db);
  return new Map(rows.map((row) => [row.user_id, new Set(row.names)]));
}

/** The number behind the last row's. */
export async function nextSeq(db: Connection, runId: string): Promise<number> {
  const row = await db
    .selectFrom("push_changes")
    .select((one) => one.fn.max("seq").as("seq"))
    .where("run_id", "=", runId)
    .executeTakeFirst();
  return row?.seq == null ? 0 : row.seq + 1;
}
