import type { RunContext } from "../../engine/engine.ts";
/**
 * What becomes of a plan that is complete: its logins are made unique, the safeguard judges it, and
 * it is shown (dry run), held, or applied. The same for imports and force syncs.
 */
import { STEPS } from "../../model/plan.ts";
import type { Held, Run, RunCounts } from "../../model/run.ts";
import { writeHistory } from "../../store/apply.ts";
import { transact, type Trx } from "../../store/database.ts";
import { fence } from "../../store/leases.ts";
import { keepPlan } from "../../store/plan.ts";
import { openRuns, updateRun, type OpenRun } from "../../store/runs.ts";
import { appendEvents } from "../../store/system-log.ts";
import { addTotals } from "../../store/totals.ts";
import {
  applyToEnd,
  cancelHeld,
  finishRun,
  noteRun,
  requireRun,
  type Stopwatch,
} from "../record/end.ts";
import * as events from "../record/events.ts";
import { totalsOf } from "../record/totals.ts";
import type { PlanBuilder } from "./builder.ts";
import { resolveLogins } from "./claims.ts";
import { judgePlan, type Before } from "./judge.ts";

export interface Considered {
  /** How many people were looked at. */
  readonly read: number;
  /** Null if the run takes nothing from anybody, so that nobody has to be counted. */
  readonly before: Before | null;
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
  const { unique } = engine.rules;
  const target = { name: "plan", runId, directory: settings.name, unique } as const;
  await resolveLogins(db, target, (was, now) => plan.recount(was, now));
  const run = await requireRun(context, runId);
  const held = before === null ? null : await judgePlan(context, plan, run, { read, before });
  signal.throwIfAborted();
  const counts = plan.counts(read);
  const phases = watch.phases();
  await noteRun(context, { phase: "judging", counts, phases, planSize: plan.size });
  if (run.dryRun) await endDryRun(context, run, { counts, held, planSize: plan.size }, phases);
  else if (held !== null) await hold(context, run, held, { planSize: plan.size, read });
  else await applyNow(context, run, { planSize: plan.size, read }, phases);
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

interface Size {
  readonly planSize: number;
  /** How many people were looked at. */
  readonly read: number;
}

async function hold(
  context: RunContext,
  run: OpenRun,
  held: Held,
  { planSize, read }: Size,
): Promise<void> {
  await transact(context.engine.store, async (trx) => {
    await fence(trx, context.lease);
    const replaces = await replaceHeld(trx, context, run, read);
    await keepHistory(trx, context, planSize);
    await keepPlan(trx, run.id);
    await updateRun(trx, run.id, { status: "held", held, ...replaces });
    await addTotals(trx, totalsOf(run, "held", {}));
    await appendEvents(trx, run.id, context.actor, [events.roadblock(run, held)]);
  });
}

async function applyNow(
  context: RunContext,
  run: OpenRun,
  { planSize, read }: Size,
  phases: Run["phases"],
): Promise<void> {
  const { engine, runId } = context;
  await transact(engine.store, async (trx) => {
    await fence(trx, context.lease);
    const replaces = await replaceHeld(trx, context, run, read);
    await updateRun(trx, runId, { phase: "applying", planSize, ...replaces });
  });
  await applyToEnd(context, await requireRun(context, runId), phases);
}

/** What a plan would do stays visible after the plan itself is gone. */
async function keepHistory(trx: Trx, context: RunContext, planSize: number): Promise<void> {
  const { runId, settings } = context;
  for (const step of STEPS) {
    await writeHistory(
      trx,
      { plan: "plan", runId, directory: settings.name, step, from: 0, to: planSize, unique: [] },
      false,
    );
  }
}

/**
 * Whoever read changes only does not know what a full import found missing, a force sync of one
 * person nothing of the others, and no import what a person wanted to be linked, cut or put back.
 */
function isReplaced(older: OpenRun, { kind, type }: OpenRun, read: number): boolean {
  if (kind === "import" && !["import", "force-sync"].includes(older.kind)) return false;
  if (kind === "import") return type === "full" || older.type === "incremental";
  return kind === "force-sync" && older.kind === "force-sync" && older.counts.read <= read;
}

/** A newer verdict on the directory takes the place of an older plan that nobody released. */
async function replaceHeld(
  trx: Trx,
  context: RunContext,
  run: OpenRun,
  read: number,
): Promise<{ readonly replaces?: string }> {
  const all = await openRuns(trx, context.settings.name, "held");
  const held = all.filter((older) => isReplaced(older, run, read));
  for (const older of held) {
    await cancelHeld(trx, context, older, `replaced by run ${context.runId}`);
  }
  const last = held.at(-1);
  return last === undefined ? {} : { replaces: last.id };
}
