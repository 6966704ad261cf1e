/** A plan on its way into the store: applied to its end, also when another process began it. */
import { RollcallError } from "../../model/errors.ts";
import { RUN_TITLES, type PhaseTime, type RunCounts } from "../../model/run.ts";
import { countActions } from "../../store/history.ts";
import { dropApplied } from "../../store/plan.ts";
import { openRuns, type OpenRun } from "../../store/runs.ts";
import { isDataFault } from "../../store/sql-state.ts";
import { refreshStatistics } from "../../store/statistics.ts";
import type { Claimed, RunContext } from "../record/context.ts";
import { failRun, finishRun } from "../record/end.ts";
import { noteApproved } from "../record/mapped.ts";
import { requireRun } from "../record/notes.ts";
import { Stopwatch } from "../record/stopwatch.ts";
import { applyPlan } from "./apply.ts";
import { workOn } from "../../store/leases.ts";
import { write } from "../record/write.ts";

/** From this many changes on, the database should look at its tables anew. */
const LARGE = 1000;

/** A run that is there already, under the claim of this process. */
export function resumedRun(claimed: Claimed, { id, fingerprint }: OpenRun): RunContext {
  return { ...claimed, run: { id, fingerprint, now: Date.now() } };
}

/**
 * Takes up what an interrupted process left: a plan that was being applied is applied to its end,
 * everything before that is dropped, because nothing had been changed. A plan that cannot be
 * applied ends as failed, so that it does not stand in the way of the directory for ever.
 * @param changes false for dry runs, which leave a half-applied plan to others
 * @returns the runs that were finished
 */
export async function recover(claimed: Claimed, changes = true): Promise<OpenRun[]> {
  const finished: OpenRun[] = [];
  const { engine, directory } = claimed;
  for (const run of await openRuns(engine.store.db, directory.name, "running")) {
    if (run.state !== "applying") {
      const message = "The process ended before anything was changed.";
      await failRun(claimed, run, new RollcallError("run.interrupted", message));
      continue;
    }
    const name = `${RUN_TITLES[run.kind]} ${run.id}`;
    if (!changes) {
      claimed.note(`An interrupted run waits to be finished by the next one: ${name}.`);
      continue;
    }
    claimed.note(`Finishing what was interrupted: ${name} …`);
    const ended = await takeUp(claimed, run);
    if (ended !== null) finished.push(ended);
  }
  return finished;
}

/** Applies the rest of a plan. @returns the run; null if it could not be finished, and failed */
async function takeUp(claimed: Claimed, run: OpenRun): Promise<OpenRun | null> {
  const rows = await dropApplied(claimed.engine.store.db, run.planTable, run.id);
  if (rows !== run.planSize) {
    const message =
      "The database lost the rest of the plan in a restart; what was applied is complete for each person.";
    await failRun(claimed, run, new RollcallError("run.planLost", message));
    return null;
  }
  const context = resumedRun(claimed, run);
  try {
    await write(context, (trx) => workOn(trx, context.lease, run.id));
    await applyToEnd(context, run, run.phases);
    const ended = await requireRun(context, run.id);
    await noteApproved(context, ended);
    return ended;
  } catch (thrown) {
    if (!isDataFault(thrown)) throw thrown;
    await failRun(claimed, run, thrown);
    return null;
  }
}

/** Applies a run from where it stands, and ends it. @param before the phases before this one */
export async function applyToEnd(
  context: RunContext,
  run: OpenRun,
  before: readonly PhaseTime[],
): Promise<void> {
  const watch = new Stopwatch();
  watch.begin("applying");
  await applyPlan(context, run.planTable, run.planSize);
  const counts = await appliedCounts(context, run.counts);
  if (run.planSize >= LARGE) await refreshStatistics(context.engine.store.db, "people");
  await finishRun(context, run, counts, [...before, ...watch.phases()]);
}

/** What was really done, which the history knows; people who were left alone are not in it. */
async function appliedCounts({ engine, run }: RunContext, planned: RunCounts): Promise<RunCounts> {
  const actions = await countActions(engine.store.db, run.id);
  const { read, unchanged, ignored } = planned;
  const [created = 0, updated = 0, removed = 0, failed = 0, skipped = 0] = (
    ["created", "updated", "removed", "failed", "skipped"] as const
  ).map((action) => actions.get(action));
  return { read, created, updated, unchanged, removed, failed, ignored, skipped };
}
