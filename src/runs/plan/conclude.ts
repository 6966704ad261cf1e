/**
 * What becomes of a plan that is complete: its logins are made unique, the safeguard judges it, and
 * it is shown (dry run), held, or applied. The same for imports and force syncs.
 */
import { STEPS } from "../../model/plan.ts";
import type { Held } from "../../model/run.ts";
import { writeHistory } from "../../store/apply.ts";
import type { Trx } from "../../store/connection.ts";
import { keepPlan } from "../../store/plan.ts";
import { beginApplying, holdRun } from "../../store/run-steps.ts";
import { openRuns, type OpenRun } from "../../store/runs.ts";
import { appendEvents } from "../../store/system-log.ts";
import { addTotals } from "../../store/totals.ts";
import type { RunContext } from "../record/context.ts";
import { dropHeld, finishDryRun } from "../record/end.ts";
import * as events from "../record/events.ts";
import { KINDS } from "../record/kinds.ts";
import { note, requireRun } from "../record/notes.ts";
import type { Stopwatch } from "../record/stopwatch.ts";
import { totalsOf } from "../record/totals.ts";
import { write } from "../record/write.ts";
import type { PlanBuilder } from "./builder.ts";
import { settleClaims } from "./claims.ts";
import { applyToEnd } from "./finish.ts";
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
  const { engine, directory, signal } = context;
  const { unique } = engine.rules;
  const target = {
    name: "plan",
    runId: context.run.id,
    directory: directory.name,
    unique,
    repeatsLogins: plan.repeatsLogins,
  } as const;
  await settleClaims(engine.store.db, target, (was, now) => plan.recount(was, now));
  const judged = await requireRun(context, context.run.id);
  const held = before === null ? null : await judgePlan(context, plan, judged, { read, before });
  signal.throwIfAborted();
  const counts = plan.counts(read);
  const phases = watch.phases();
  await note(context, { counts, phases, planSize: plan.size });
  const run = { ...judged, counts, phases, planSize: plan.size };
  if (run.dryRun) {
    const keep = (trx: Trx): Promise<void> => keepHistory(trx, run);
    await finishDryRun(context, run, { counts, held, phases }, keep);
  } else if (held !== null) {
    await hold(context, run, held);
  } else {
    await applyNow(context, run);
  }
}

async function hold(context: RunContext, run: OpenRun, held: Held): Promise<void> {
  await write(context, async (trx) => {
    const replaces = await replaceHeld(trx, context, run);
    await keepHistory(trx, run);
    await keepPlan(trx, run.id);
    await holdRun(trx, run.id, held, replaces);
    await addTotals(trx, totalsOf(run, "held", {}));
    await appendEvents(trx, run.id, context.actor, [events.roadblock(run, held)]);
  });
}

async function applyNow(context: RunContext, run: OpenRun): Promise<void> {
  await write(context, async (trx) => {
    const replaces = await replaceHeld(trx, context, run);
    await beginApplying(trx, run.id, replaces);
  });
  await applyToEnd(context, run, run.phases);
}

/** What a plan would do stays visible after the plan itself is gone. */
async function keepHistory(trx: Trx, { id: runId, directory, planSize }: OpenRun): Promise<void> {
  const all = { plan: "plan", runId, directory: directory ?? "", from: 0, to: planSize } as const;
  for (const step of STEPS) await writeHistory(trx, { ...all, step, unique: [] }, false);
}

/**
 * A newer verdict on the directory takes the place of an older plan that nobody released.
 * @returns the last run whose place it takes
 */
async function replaceHeld(trx: Trx, context: RunContext, run: OpenRun): Promise<string | null> {
  const all = await openRuns(trx, context.directory.name, "held");
  const { replaces } = KINDS[run.kind];
  const held = all.filter((older) => replaces(older, run));
  for (const older of held) await dropHeld(trx, context, older, `replaced by run ${run.id}`);
  return held.at(-1)?.id ?? null;
}
