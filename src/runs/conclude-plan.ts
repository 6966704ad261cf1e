/**
 * What becomes of a plan that is complete: its logins are made unique, the safeguard judges it, and
 * it is shown (dry run), held, or applied. The same for imports and force syncs.
 */
import { STEPS } from "../model/plan.ts";
import type { Held, Run, RunCounts } from "../model/run.ts";
import { judge } from "../reconciler/safeguard.ts";
import { writeHistory } from "../store/apply.ts";
import { transact, type Trx } from "../store/database.ts";
import { fence } from "../store/leases.ts";
import { keepPlan } from "../store/plan.ts";
import { openRuns, removedBefore, updateRun, type OpenRun } from "../store/runs.ts";
import { appendEvents } from "../store/system-log.ts";
import type { RunContext } from "./context.ts";
import { applyToEnd, cancelHeld, finishRun, requireRun, type Stopwatch } from "./lifecycle.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import { resolveLogins } from "./resolve-logins.ts";
import * as events from "./run-events.ts";

export interface Considered {
  /** How many people were looked at. */
  readonly read: number;
  /**
   * People in the scope before the run: of this directory, and of all. Null if the run takes
   * nothing from anybody, so that nobody has to be counted.
   */
  readonly before: { readonly own: number; readonly all: number } | null;
}

/** Ends a run whose plan is complete, in one of the three ways. */
export async function concludePlan(
  context: RunContext,
  plan: PlanBuilder,
  { read, before }: Considered,
  watch: Stopwatch,
): Promise<void> {
  const { engine, runId, settings, signal } = context;
  const { db } = engine.store;
  await resolveLogins(db, { name: "plan", runId, directory: settings.name }, (was) =>
    plan.recount(was),
  );
  const run = await requireRun(context, runId);
  const held = before === null ? null : await judgePlan(context, plan, run, read, before);
  signal.throwIfAborted();
  const counts = plan.counts(read);
  const phases = watch.phases();
  await updateRun(db, runId, { phase: "judging", counts, phases, planSize: plan.size });
  if (run.dryRun) await endDryRun(context, run, { counts, held, planSize: plan.size }, phases);
  else if (held !== null) await hold(context, run, held, plan.size);
  else await applyNow(context, run, plan.size, phases);
}

/**
 * Incremental imports are judged together with those before them: a deletion that goes on for
 * hours would otherwise pass in slices.
 */
async function judgePlan(
  { settings, engine }: RunContext,
  plan: PlanBuilder,
  run: Run,
  read: number,
  before: { readonly own: number; readonly all: number },
): Promise<Held | null> {
  const everybody = run.kind === "import" && run.type === "full";
  const earlier =
    run.type === "incremental" ? await removedBefore(engine.store.db, settings.name) : 0;
  const summary = {
    directory: settings.name,
    // Whoever does not read everybody knows of the others that they are still there.
    read: everybody ? read : before.own - plan.counts(read).removed,
    removals: plan.lost + earlier,
    total: before.own + earlier,
    orgTotal: before.all + earlier,
    earlier,
  };
  return judge(summary, settings.importSafeguard, engine.organisation);
}

async function endDryRun(
  context: RunContext,
  run: OpenRun,
  result: { readonly counts: RunCounts; readonly held: Held | null; readonly planSize: number },
  phases: Run["phases"],
): Promise<void> {
  const { store } = context.engine;
  await transact(store, async (trx) => {
    await fence(trx, context.lease);
    await keepHistory(trx, context, result.planSize);
    await updateRun(trx, run.id, { held: result.held });
  });
  await finishRun(context, run, result.counts, phases);
}

async function hold(
  context: RunContext,
  run: OpenRun,
  held: Held,
  planSize: number,
): Promise<void> {
  await transact(context.engine.store, async (trx) => {
    await fence(trx, context.lease);
    if (run.kind === "import") await replaceHeld(trx, context);
    await keepHistory(trx, context, planSize);
    await keepPlan(trx, run.id);
    await updateRun(trx, run.id, { status: "held", held });
    await appendEvents(trx, run.id, context.actor, [events.roadblock(run, held)]);
  });
}

async function applyNow(
  context: RunContext,
  run: OpenRun,
  planSize: number,
  phases: Run["phases"],
): Promise<void> {
  const { engine, runId } = context;
  await transact(engine.store, async (trx) => {
    await fence(trx, context.lease);
    if (run.kind === "import") await replaceHeld(trx, context);
    await updateRun(trx, runId, { phase: "applying", planSize });
  });
  await applyToEnd(context, await requireRun(context, runId), phases);
}

/** What a plan would do stays visible after the plan itself is gone. */
async function keepHistory(trx: Trx, context: RunContext, planSize: number): Promise<void> {
  const { runId, settings } = context;
  for (const step of STEPS) {
    await writeHistory(
      trx,
      { plan: "plan", runId, directory: settings.name, step, from: 0, to: planSize },
      false,
    );
  }
}

/** A newer verdict on the directory takes the place of an older plan that nobody released. */
async function replaceHeld(trx: Trx, context: RunContext): Promise<void> {
  for (const older of await openRuns(trx, context.settings.name, "held")) {
    await cancelHeld(trx, context, older, `replaced by run ${context.runId}`);
  }
}
