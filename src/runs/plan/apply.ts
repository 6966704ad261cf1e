/**
 * The applying phase: the plan, step by step and batch by batch. Each batch is a transaction that
 * also writes the history of its people, so a process that takes over knows what is left. On a
 * server two batches are written at a time; they touch different people.
 */
import { loadStored } from "../../engine/people/stored.ts";
import { stoppedBy } from "../../model/asked-by.ts";
import { RollcallError, type Problem } from "../../model/errors.ts";
import { STEPS } from "../../model/plan.ts";
import { failPlanned } from "../../reconciler/decide-failure.ts";
import { loginTaken, valueTaken } from "../../reconciler/taken.ts";
import {
  applyBatch,
  conflicts,
  restoreLogins,
  vacateLogins,
  type PlanSlice,
  type Conflict,
} from "../../store/apply.ts";
import type { Trx } from "../../store/connection.ts";
import { planRows, planSteps, replacePlanRows, type PlanName } from "../../store/plan.ts";
import { isDataFault, sqlState } from "../../store/sql-state.ts";
import type { RunContext } from "../record/context.ts";
import { write } from "../record/write.ts";
import { failUnstorable, failRefusedExchanges } from "./refused.ts";

const BATCH_ROWS = 2500;
const UNIQUE_VIOLATION = "23505";
/** Whoever cannot be stored even as a failure must not be tried for ever. */
const MOST_EXCHANGES = 3;

/**
 * Applies all rows of a plan. People whose data changed meanwhile become failures.
 * @param size the number behind the last row's
 * @throws RollcallError `run.handedBack` if the run was interrupted; the rest can be applied later
 */
export async function applyPlan(context: RunContext, plan: PlanName, size: number): Promise<void> {
  const { engine, directory, run, progress } = context;
  const { store, rules } = engine;
  const steps = await planSteps(store.db, plan, run.id);
  const total = [...steps.values()].reduce((sum, rows) => sum + rows, 0);
  const atOnce = store.kind === "postgres" ? 2 : 1;
  let done = 0;
  for (const step of STEPS) {
    const rows = steps.get(step) ?? 0;
    // People who exchange logins go together, however many they are.
    const batchSize = step === "exchange" ? size : BATCH_ROWS;
    for (let seq = rows > 0 ? 0 : size; seq < size; seq += batchSize * atOnce) {
      interruptible(context, done, total);
      const starts = Array.from({ length: atOnce }, (_, i) => seq + i * batchSize).filter(
        (from) => from < size,
      );
      const common = { plan, runId: run.id, directory: directory.name, step, unique: rules.unique };
      const slices = starts.map((from): PlanSlice => {
        return { ...common, from, to: Math.min(from + batchSize, size) };
      });
      const results = await Promise.allSettled(slices.map((slice) => applyOne(context, slice)));
      for (const result of results) {
        if (result.status === "rejected") throw result.reason;
      }
      done = Math.min(done + batchSize * starts.length, total);
      progress({ directory: directory.name, phase: "applying", done, total });
    }
  }
}

function interruptible({ signal, run }: RunContext, done: number, total: number): void {
  if (!signal.aborted) return;
  if (signal.reason instanceof RollcallError) throw signal.reason;
  const message = `The run ${run.id} was interrupted while it was applying its plan; about ${done} of ${total} people are done${stoppedBy(signal)}.`;
  throw new RollcallError("run.handedBack", message);
}

async function applyOne(context: RunContext, slice: PlanSlice): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await write(context, (trx) => applyIn(trx, context, slice));
      return;
    } catch (error) {
      const state = sqlState(error);
      // Somebody took a login between our look and our write: look again.
      if (state === UNIQUE_VIOLATION && attempt < 3) continue;
      if (!isDataFault(error)) throw error;
      if (slice.step !== "exchange") return await applyHalves(context, slice, error);
      if (attempt > MOST_EXCHANGES || !(await failRefusedExchanges(context, slice))) throw error;
    }
  }
}

/** The database refuses a value: one person's fault must not stop the others of the batch. */
async function applyHalves(context: RunContext, slice: PlanSlice, cause: unknown): Promise<void> {
  const middle = Math.floor((slice.from + slice.to) / 2);
  if (middle === slice.from) {
    await failUnstorable(context, slice, cause);
    return;
  }
  await applyOne(context, { ...slice, to: middle });
  await applyOne(context, { ...slice, from: middle });
}

function keepsUndo({ engine }: RunContext): boolean {
  return engine.retention.undoDays > 0;
}

async function applyIn(trx: Trx, context: RunContext, slice: PlanSlice): Promise<void> {
  const exchange = slice.step === "exchange";
  if (exchange) await vacateLogins(trx, slice);
  for (let before = Number.POSITIVE_INFINITY; ;) {
    const inTheWay = await conflicts(trx, slice);
    if (inTheWay.length === 0) break;
    // In an exchange, whoever fails may stand in the way of another; but never more than there are.
    if (before <= 0)
      throw new RollcallError(
        "internal.error",
        "people of a slice stand in each other's way for ever",
      );
    before = Math.min(before, slice.to - slice.from) - 1;
    // Who fails keeps the login, which may be what somebody else of the batch was to get.
    const failed = await failConflicts(trx, slice, inTheWay);
    if (exchange) await restoreLogins(trx, failed);
  }
  await applyBatch(trx, slice, context.actor, keepsUndo(context));
}

/** @returns the ids of the users who keep what they have */
async function failConflicts(
  trx: Trx,
  slice: PlanSlice,
  list: readonly Conflict[],
): Promise<string[]> {
  const reasons = new Map(list.map((conflict) => [conflict.seq, conflict]));
  const rows = await planRows(trx, slice.plan, slice.runId, [...reasons.keys()]);
  const kept = await loadStored(trx, slice.directory, rows);
  const failed = rows.map((row) => {
    const problem = problemOf(reasons.get(row.seq));
    const planned = failPlanned(slice.directory, row.planned, problem, kept(row.planned));
    return { ...row, planned };
  });
  await replacePlanRows(trx, slice.plan, slice.runId, failed);
  return rows.flatMap((row) => row.planned.userId ?? []);
}

function problemOf(conflict: Conflict | undefined): Problem {
  if (conflict?.holder != null) {
    const { attribute, holder, value } = conflict;
    return attribute === null
      ? loginTaken({ login: value, holder })
      : valueTaken({ attribute, holder, value: value ?? "" });
  }
  const message =
    "The user was changed by something else while the run was under way; the next import tries again.";
  return { code: "run.planOutdated", field: "user", message };
}
