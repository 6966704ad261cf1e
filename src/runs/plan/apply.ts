import type { RunContext } from "../../engine/engine.ts";
import { loadKept } from "../../engine/people/stored.ts";
/**
 * The applying phase: the plan, step by step and batch by batch. Each batch is a transaction that
 * also writes the history of its people, so a process that takes over knows what is left. On a
 * server two batches are written at a time; they touch different people.
 */
import { RollcallError, type Problem } from "../../model/errors.ts";
import { STEPS } from "../../model/plan.ts";
import { failPlanned } from "../../reconciler/decide-failure.ts";
import {
  applyBatch,
  conflicts,
  restoreLogins,
  vacateLogins,
  type Batch,
  type Conflict,
} from "../../store/apply.ts";
import { transact, type Trx } from "../../store/database.ts";
import { fence } from "../../store/leases.ts";
import { planRows, planSteps, replacePlanRows, type PlanName } from "../../store/plan.ts";
import { loginTaken, valueTaken } from "./claims.ts";
import { failUnstorable, failUnstorableMoves, isDataFault, sqlState } from "./refused.ts";

const BATCH_ROWS = 2500;
const UNIQUE_VIOLATION = "23505";
/** Whoever cannot be stored even as a failure must not be tried for ever. */
const MOST_MOVES = 3;

/**
 * Applies all rows of a plan. People whose data changed meanwhile become failures.
 * @param size the number behind the last row's
 * @throws RollcallError `run.handedBack` if the run was interrupted; the rest can be applied later
 */
export async function applyPlan(context: RunContext, plan: PlanName, size: number): Promise<void> {
  const { store } = context.engine;
  const { runId, settings, progress } = context;
  const steps = await planSteps(store.db, plan, runId);
  const total = [...steps.values()].reduce((sum, rows) => sum + rows, 0);
  const atOnce = store.kind === "postgres" ? 2 : 1;
  let done = 0;
  for (const step of STEPS) {
    const rows = steps.get(step) ?? 0;
    // People who exchange logins go together, however many they are.
    const batchSize = step === "loginMove" ? size : BATCH_ROWS;
    for (let seq = rows > 0 ? 0 : size; seq < size; seq += batchSize * atOnce) {
      interruptible(context, done, total);
      const starts = Array.from({ length: atOnce }, (_, i) => seq + i * batchSize).filter(
        (from) => from < size,
      );
      const results = await Promise.allSettled(
        starts.map((from) =>
          applyOne(context, {
            plan,
            runId,
            directory: settings.name,
            step,
            from,
            to: Math.min(from + batchSize, size),
            unique: context.engine.rules.unique,
          }),
        ),
      );
      for (const result of results) {
        if (result.status === "rejected") throw result.reason;
      }
      done = Math.min(done + batchSize * starts.length, total);
      progress({ directory: settings.name, phase: "applying", done, total });
    }
  }
}

function interruptible({ signal, runId }: RunContext, done: number, total: number): void {
  if (!signal.aborted) return;
  if (signal.reason instanceof RollcallError) throw signal.reason;
  const message = `The run ${runId} was interrupted while it was applying its plan; about ${done} of ${total} people are done.`;
  throw new RollcallError("run.handedBack", message);
}

async function applyOne(context: RunContext, batch: Batch): Promise<void> {
  const { store } = context.engine;
  for (let attempt = 1; ; attempt++) {
    try {
      await transact(store, (trx) => applyIn(trx, context, batch));
      return;
    } catch (error) {
      const state = sqlState(error);
      // Somebody took a login between our look and our write: look again.
      if (state === UNIQUE_VIOLATION && attempt < 3) continue;
      if (!isDataFault(error)) throw error;
      if (batch.step !== "loginMove") return await applyHalves(context, batch, error);
      if (attempt > MOST_MOVES || !(await failUnstorableMoves(context, batch))) throw error;
    }
  }
}

/** The database refuses a value: one person's fault must not stop the others of the batch. */
async function applyHalves(context: RunContext, batch: Batch, cause: unknown): Promise<void> {
  const middle = Math.floor((batch.from + batch.to) / 2);
  if (middle === batch.from) {
    await failUnstorable(context, batch, cause);
    return;
  }
  await applyOne(context, { ...batch, to: middle });
  await applyOne(context, { ...batch, from: middle });
}

function keepsUndo({ engine }: RunContext): boolean {
  return engine.history.undoDays > 0;
}

async function applyIn(trx: Trx, context: RunContext, batch: Batch): Promise<void> {
  await fence(trx, context.lease);
  const exchange = batch.step === "loginMove";
  for (let before = Number.POSITIVE_INFINITY; ;) {
    if (exchange) await vacateLogins(trx, batch);
    const inTheWay = await conflicts(trx, batch);
    if (inTheWay.length === 0) break;
    // In an exchange, whoever fails may stand in the way of another; but never more than there are.
    if (before <= 0)
      throw new RollcallError(
        "internal.error",
        "people of a batch stand in each other's way for ever",
      );
    before = Math.min(before, batch.to - batch.from) - 1;
    // Who fails keeps the login, which may be what somebody else of the batch was to get.
    const failed = await failConflicts(trx, batch, inTheWay);
    if (exchange) await restoreLogins(trx, failed);
  }
  await applyBatch(trx, batch, context.actor, keepsUndo(context));
}

/** @returns the ids of the users who keep what they have */
async function failConflicts(trx: Trx, batch: Batch, list: readonly Conflict[]): Promise<string[]> {
  const reasons = new Map(list.map((conflict) => [conflict.seq, conflict]));
  const rows = await planRows(trx, batch.plan, batch.runId, [...reasons.keys()]);
  const kept = await loadKept(trx, batch.directory, rows);
  const failed = rows.map((row) => {
    const problem = problemOf(reasons.get(row.seq));
    const planned = failPlanned(batch.directory, row.planned, problem, kept(row.planned));
    return { ...row, planned, claimsLogin: false };
  });
  await replacePlanRows(trx, batch.plan, batch.runId, failed);
  return rows.flatMap((row) => row.planned.userId ?? []);
}

function problemOf(conflict: Conflict | undefined): Problem {
  if (conflict?.holder != null) {
    const { attribute, holder, login } = conflict;
    return attribute === null
      ? loginTaken(conflict)
      : valueTaken({ attribute, holder, value: login ?? "" });
  }
  const message =
    "The user was changed by something else while the run was under way; the next import tries again.";
  return { code: "run.planOutdated", field: "user", message };
}
