import type { RunContext } from "../../engine/engine.ts";
/** What all runs have in common: how they begin, end, fail, and are taken up again. */
import { asRollcallError, RollcallError } from "../../model/errors.ts";
import type { EventDraft } from "../../model/event.ts";
import type { PhaseTime, Run, RunCounts } from "../../model/run.ts";
import { refreshStatistics } from "../../store/app-users.ts";
import { forgetDisconnected } from "../../store/app-users.ts";
import {
  advanceCheckpoint,
  moveCheckpoint,
  readCheckpoint,
  requireFullImport,
} from "../../store/checkpoints.ts";
import { transact, type Trx } from "../../store/database.ts";
import { countActions } from "../../store/history.ts";
import { fence } from "../../store/leases.ts";
import { applyObjects, dropObjects } from "../../store/objects.ts";
import { dropApplied, dropPlan, type PlanName } from "../../store/plan.ts";
import { findRun, openRuns, updateRun, type OpenRun, type RunUpdate } from "../../store/runs.ts";
import { appendEvents } from "../../store/system-log.ts";
import { addTotals } from "../../store/totals.ts";
import { applyPlan } from "../plan/apply.ts";
import { isDataFault } from "../plan/refused.ts";
import * as events from "./events.ts";
import { noteApproved } from "./mapped.ts";
import { totalsOf } from "./totals.ts";

/** From this many changes on, the database should look at its tables anew. */
const LARGE = 1000;

/** Measures phases for the run's record. */
export class Stopwatch {
  readonly #phases: PhaseTime[] = [];
  #phase = "";
  #startedAt = Date.now();

  begin(phase: string): void {
    this.#close();
    this.#phase = phase;
    this.#startedAt = Date.now();
  }

  phases(): readonly PhaseTime[] {
    this.#close();
    return this.#phases;
  }

  #close(): void {
    if (this.#phase === "") return;
    const seconds = (Date.now() - this.#startedAt) / 1000;
    this.#phases.push({
      phase: this.#phase,
      startedAt: new Date(this.#startedAt).toISOString(),
      seconds,
    });
    this.#phase = "";
  }
}

/** A dry run may say that it would be held; its plan is a passing one all the same. */
function planNameOf(run: Pick<Run, "held" | "dryRun">): PlanName {
  return run.held === null || run.dryRun ? "plan" : "held_plan";
}

/** Tells of the run; only while the claim on the directory is ours. */
export async function log(context: RunContext, ...drafts: readonly EventDraft[]): Promise<void> {
  await transact(context.engine.store, async (trx) => {
    await fence(trx, context.lease);
    await appendEvents(trx, context.runId, context.actor, drafts);
  });
}

/** Writes down how far the run is; only while the claim on the directory is ours. */
export async function noteRun(context: RunContext, update: RunUpdate): Promise<void> {
  await transact(context.engine.store, async (trx) => {
    await fence(trx, context.lease);
    await updateRun(trx, context.runId, update);
  });
}

export async function requireRun(
  context: Pick<RunContext, "engine">,
  id: string,
): Promise<OpenRun> {
  const run = await findRun(context.engine.store.db, id);
  if (run === null) throw new RollcallError("run.notFound", `There is no run ${id}.`);
  return run;
}

/** Ends a run as done; an import's checkpoint moves in the same transaction. */
export async function finishRun(
  context: RunContext,
  run: OpenRun,
  counts: RunCounts,
  phases: readonly PhaseTime[],
): Promise<void> {
  const { engine, settings, lease } = context;
  await transact(engine.store, async (trx) => {
    await fence(trx, lease);
    if (run.kind === "import" && !run.dryRun) {
      await applyObjects(trx, run.id, settings.name);
      await moveTo(trx, context, run, counts);
      if (counts.skipped > 0) {
        const reason = `People were left out of the run ${run.id}, which was approved.`;
        await requireFullImport(trx, settings.name, reason);
      }
    }
    if (!run.dryRun) await askForAll(trx, context, run);
    await updateRun(trx, run.id, { status: "done", counts, phases, finished: true });
    await addTotals(trx, totalsOf(run, "done", { counts, phases }));
    await appendEvents(trx, run.id, context.actor, [events.completed(run, counts)]);
    await dropObjects(trx, run.id);
    await dropPlan(trx, planNameOf(run), run.id);
  });
}

/** After some runs, changes alone would not bring what is missing. */
async function askForAll(
  trx: Trx,
  { engine, settings: { name } }: RunContext,
  { kind, reverts }: OpenRun,
): Promise<void> {
  if (kind === "revert") await requireFullImport(trx, name, `The run ${reverts} was put back.`);
  if (kind === "force-sync" && !engine.settings.has(name))
    await requireFullImport(
      trx,
      name,
      "It was out of the configuration, and its links were ended.",
    );
}

async function moveTo(
  trx: Trx,
  { settings, fingerprint }: RunContext,
  run: OpenRun,
  { read: entries, skipped }: RunCounts,
): Promise<void> {
  const { id: runId, startedAt, scope, mark } = run;
  // A read that showed people as gone who were there is no measure for later ones.
  const search = skipped > 0 ? null : run.search;
  if (run.type === "full") {
    // Whoever is not there now may arrive later.
    const before = await readCheckpoint(trx, settings.name);
    if (before !== null && before.fullReason !== null) await forgetDisconnected(trx, settings.name);
    const to = { runId, fingerprint, entries, startedAt, scope, mark, search };
    await moveCheckpoint(trx, settings.name, to);
  } else if (mark !== null) {
    await advanceCheckpoint(trx, settings.name, { startedAt, mark });
  }
}

/** Ends a run as failed. Nothing of its plan that was not applied will be. */
export async function failRun(
  context: RunContext,
  run: Pick<
    OpenRun,
    "id" | "kind" | "directory" | "type" | "trigger" | "dryRun" | "held" | "phase"
  >,
  thrown: unknown,
): Promise<void> {
  const { store } = context.engine;
  const { code, message } = asRollcallError(thrown);
  const error = { code, message, phase: run.phase };
  await transact(store, async (trx) => {
    await fence(trx, context.lease);
    await updateRun(trx, run.id, { status: "failed", error, finished: true });
    await addTotals(trx, totalsOf(run, "failed", { code }));
    await appendEvents(trx, run.id, context.actor, [events.runFailed(run, error)]);
    await dropPlan(trx, planNameOf(run), run.id);
    await dropObjects(trx, run.id);
  });
}

/**
 * Takes up what an interrupted process left: a plan that was being applied is applied to its end,
 * everything before that is dropped, because nothing had been changed. A plan that cannot be
 * applied ends as failed, so that it does not stand in the way of the directory for ever.
 * @param changes false for dry runs, which leave a half-applied plan to others
 * @returns the runs that were finished
 */
export async function recover(context: RunContext, changes = true): Promise<OpenRun[]> {
  const { db } = context.engine.store;
  const finished: OpenRun[] = [];
  for (const run of await openRuns(db, context.settings.name, "running")) {
    const resumed: RunContext = { ...context, runId: run.id, fingerprint: run.fingerprint };
    if (run.phase !== "applying") {
      await failRun(
        resumed,
        run,
        new RollcallError("run.interrupted", "The process ended before anything was changed."),
      );
      continue;
    }
    const name = `${run.kind === "import" ? "import" : run.kind === "revert" ? "revert" : "force sync"} ${run.id}`;
    if (!changes) {
      context.note(`An interrupted run waits to be finished by the next one: ${name}.`);
      continue;
    }
    context.note(`Finishing what was interrupted: ${name} …`);
    const rows = await dropApplied(db, planNameOf(run), run.id);
    if (rows !== run.planSize) {
      const message =
        "The database lost the rest of the plan in a restart; what was applied is complete for each person.";
      await failRun(resumed, run, new RollcallError("run.planLost", message));
      continue;
    }
    try {
      await applyToEnd(resumed, run, run.phases);
      const ended = await requireRun(resumed, run.id);
      await noteApproved(resumed, ended);
      finished.push(ended);
    } catch (thrown) {
      if (!isDataFault(thrown)) throw thrown;
      await failRun(resumed, run, thrown);
    }
  }
  return finished;
}

/** Applies a run from where it stands, and ends it. */
export async function applyToEnd(
  context: RunContext,
  run: OpenRun,
  before: readonly PhaseTime[],
): Promise<void> {
  const watch = new Stopwatch();
  watch.begin("applying");
  await applyPlan(context, planNameOf(run), run.planSize);
  const counts = await appliedCounts(context, run.counts);
  if (run.planSize >= LARGE) await refreshStatistics(context.engine.store.db);
  await finishRun(context, run, counts, [...before, ...watch.phases()]);
}

/** What was really done, which the history knows; people who were left alone are not in it. */
async function appliedCounts(context: RunContext, planned: RunCounts): Promise<RunCounts> {
  const actions = await countActions(context.engine.store.db, context.runId);
  const { read, unchanged, ignored } = planned;
  const [created = 0, updated = 0, removed = 0, failed = 0, skipped = 0] = (
    ["created", "updated", "removed", "failed", "skipped"] as const
  ).map((action) => actions.get(action));
  return { read, created, updated, unchanged, removed, failed, ignored, skipped };
}

/** Drops the plan of a held run and ends it as cancelled. */
export async function cancelHeld(
  trx: Trx,
  context: Pick<RunContext, "actor">,
  run: OpenRun,
  by: string,
): Promise<void> {
  await updateRun(trx, run.id, { status: "cancelled", decidedBy: by, finished: true });
  await addTotals(trx, totalsOf(run, "cancelled", {}));
  await appendEvents(trx, run.id, context.actor, [events.cancelled(run, by)]);
  await trx.deleteFrom("held_plan").where("run_id", "=", run.id).execute();
  await dropObjects(trx, run.id);
}
