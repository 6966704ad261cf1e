/**
 * The applying phase: the plan, step by step and batch by batch. Each batch is a transaction that
 * also writes the history of its people, so a process that takes over knows what is left. On a
 * server two batches are written at a time; they touch different people.
 */
import { RollcallError, type Problem } from "../model/errors.ts";
import { STEPS } from "../model/plan.ts";
import { failPlanned } from "../reconciler/decide.ts";
import { applyBatch, conflicts, vacateLogins, type Batch, type Conflict } from "../store/apply.ts";
import { transact, type Trx } from "../store/database.ts";
import { fence } from "../store/leases.ts";
import { planRows, planSteps, replacePlanRows, type PlanName } from "../store/plan.ts";
import type { RunContext } from "./context.ts";
import { loginTaken } from "./resolve-logins.ts";

const BATCH_ROWS = 2500;
const UNIQUE_VIOLATION = "23505";

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
      interruptible(context);
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

function interruptible({ signal }: RunContext): void {
  if (!signal.aborted) return;
  if (signal.reason instanceof RollcallError) throw signal.reason;
  throw new RollcallError(
    "run.handedBack",
    "The run was interrupted while it was applying its plan; the rest will be applied by the next start.",
  );
}

async function applyOne(context: RunContext, batch: Batch): Promise<void> {
  const { store } = context.engine;
  for (let attempt = 1; ; attempt++) {
    try {
      return await transact(store, (trx) => applyIn(trx, context, batch));
    } catch (error) {
      // Somebody took a login between our look and our write: look again.
      if (
        attempt >= 3 ||
        !(error instanceof Error && "code" in error && error.code === UNIQUE_VIOLATION)
      )
        throw error;
    }
  }
}

async function applyIn(trx: Trx, context: RunContext, batch: Batch): Promise<void> {
  await fence(trx, context.lease);
  if (batch.step === "loginMove") await vacateLogins(trx, batch);
  const inTheWay = await conflicts(trx, batch);
  if (inTheWay.length > 0) await failConflicts(trx, batch, inTheWay);
  await applyBatch(trx, batch, context.actor);
}

async function failConflicts(trx: Trx, batch: Batch, list: readonly Conflict[]): Promise<void> {
  const reasons = new Map(list.map((conflict) => [conflict.seq, conflict]));
  const rows = await planRows(trx, batch.plan, batch.runId, [...reasons.keys()]);
  const failed = rows.map((row) => {
    const planned = failPlanned(
      batch.directory,
      row.planned,
      problemOf(reasons.get(row.seq)),
      null,
    );
    return { ...row, planned, claimsLogin: false };
  });
  await replacePlanRows(trx, batch.plan, batch.runId, failed);
}

function problemOf(conflict: Conflict | undefined): Problem {
  if (conflict?.holder != null) return loginTaken(conflict);
  const message =
    "The user was changed by something else while the run was under way; the next import tries again.";
  return { code: "run.planOutdated", field: "user", message };
}
