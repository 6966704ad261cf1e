/**
 * The applying phase: the plan, step by step and batch by batch, each batch in a transaction of
 * its own that also notes how far the run is. A process that takes over goes on from there.
 */
import { RollcallError, type Problem } from "../model/errors.ts";
import { STEPS, type Step } from "../model/plan.ts";
import type { RunCounts } from "../model/run.ts";
import { failPlanned } from "../reconciler/decide.ts";
import { applyBatch, conflicts, vacateLogins, type Batch, type Conflict } from "../store/apply.ts";
import { transact, type Trx } from "../store/database.ts";
import { fence } from "../store/leases.ts";
import { planRows, planSteps, replacePlanRows, type PlanName } from "../store/plan.ts";
import { updateRun } from "../store/runs.ts";
import type { RunContext } from "./context.ts";
import { loginTaken } from "./resolve-logins.ts";

const BATCH_ROWS = 2000;
const UNIQUE_VIOLATION = "23505";

export interface PlanPosition {
  readonly name: PlanName;
  readonly size: number;
  readonly step: Step;
  readonly seq: number;
}

/**
 * Applies what is left of a plan.
 * @returns the counts, in which people whose data changed meanwhile have become failures
 * @throws RollcallError `run.handedBack` if the run was interrupted; the rest can be applied later
 */
export async function applyPlan(context: RunContext, from: PlanPosition, counts: RunCounts): Promise<RunCounts> {
  const steps = await planSteps(context.engine.store.db, from.name, context.runId);
  let current = counts;
  let done = 0;
  for (const step of STEPS.slice(STEPS.indexOf(from.step))) {
    const rows = steps.get(step) ?? 0;
    // People who exchange logins go together, however many they are.
    const size = step === "loginMove" ? from.size : BATCH_ROWS;
    for (let seq = step === from.step ? from.seq : 0; rows > 0 && seq < from.size; seq += size) {
      interruptible(context);
      const to = Math.min(seq + size, from.size);
      current = await applyOne(context, { ...batchOf(context, from.name, step), from: seq, to }, current);
      done = Math.min(done + size, from.size);
      context.progress({ directory: context.settings.name, phase: "applying", done, total: from.size });
    }
  }
  return current;
}

function batchOf(context: RunContext, plan: PlanName, step: Step): Omit<Batch, "from" | "to"> {
  return { plan, runId: context.runId, directory: context.settings.name, step };
}

function interruptible({ signal }: RunContext): void {
  if (!signal.aborted) return;
  if (signal.reason instanceof RollcallError) throw signal.reason;
  throw new RollcallError("run.handedBack", "The run was interrupted while it was applying its plan; the rest will be applied by the next start.");
}

async function applyOne(context: RunContext, batch: Batch, counts: RunCounts): Promise<RunCounts> {
  const { store } = context.engine;
  for (let attempt = 1; ; attempt++) {
    try {
      return await transact(store, (trx) => applyIn(trx, context, batch, counts));
    } catch (error) {
      // Somebody took a login between our look and our write: look again.
      if (attempt >= 3 || !(error instanceof Error && "code" in error && error.code === UNIQUE_VIOLATION)) throw error;
    }
  }
}

async function applyIn(trx: Trx, context: RunContext, batch: Batch, counts: RunCounts): Promise<RunCounts> {
  await fence(trx, context.lease);
  if (batch.step === "loginMove") await vacateLogins(trx, batch);
  const inTheWay = await conflicts(trx, batch);
  const current = inTheWay.length === 0 ? counts : await failConflicts(trx, batch, inTheWay, counts);
  await applyBatch(trx, batch, context.actor);
  await updateRun(trx, context.runId, { applied: { step: batch.step, seq: batch.to }, counts: current });
  return current;
}

async function failConflicts(trx: Trx, batch: Batch, list: readonly Conflict[], counts: RunCounts): Promise<RunCounts> {
  const reasons = new Map(list.map((conflict) => [conflict.seq, conflict]));
  let current = counts;
  const rows = await planRows(trx, batch.plan, batch.runId, [...reasons.keys()]);
  const failed = rows.map((row) => {
    const { action } = row.planned;
    current = { ...current, [action]: current[action] - 1, failed: current.failed + 1 };
    return { ...row, planned: failPlanned(batch.directory, row.planned, problemOf(reasons.get(row.seq))), claimsLogin: false };
  });
  await replacePlanRows(trx, batch.plan, batch.runId, failed);
  return current;
}

function problemOf(conflict: Conflict | undefined): Problem {
  if (conflict?.holder != null) return loginTaken(conflict);
  const message = "The user was changed by something else while the run was under way; the next import tries again.";
  return { code: "run.planOutdated", field: "user", message };
}
