import type { RunContext } from "../../engine/engine.ts";
import type { Held } from "../../model/run.ts";
import { absenceFindings, evidenceFindings, searchFindings } from "../../reconciler/findings.ts";
import { judge, type PlanSummary } from "../../reconciler/safeguard.ts";
import { readCheckpoint, type Checkpoint } from "../../store/checkpoints.ts";
import type { Connection } from "../../store/database.ts";
import { lossesByLostPlans, lossesInSlices, type Losses } from "../../store/losses.ts";
import type { OpenRun } from "../../store/runs.ts";
import type { PlanBuilder } from "./builder.ts";

/** People in the scope before the run: of this directory, and of all. */
export interface Before {
  readonly own: number;
  readonly all: number;
}

/**
 * Has the safeguard judge a plan, and says what speaks for which cause. Incremental imports are
 * judged together with those before them: a deletion that goes on for hours would otherwise pass
 * in slices.
 */
export async function judgePlan(
  { settings, engine }: RunContext,
  plan: PlanBuilder,
  run: OpenRun,
  considered: { readonly read: number; readonly before: Before },
): Promise<Held | null> {
  const { db } = engine.store;
  const earlier = await earlierLosses(db, run, settings.name);
  const checkpoint = await readCheckpoint(db, settings.name);
  const { before } = considered;
  const summary: PlanSummary = {
    directory: settings.name,
    ...readingOf(plan, run, considered, checkpoint),
    removals: plan.lost + earlier.lost,
    gone: run.kind === "import" ? plan.gone + earlier.gone : 0,
    total: before.own + earlier.gone,
    orgTotal: before.all + earlier.gone,
    earlier: earlier.lost,
    existing: plan.existing + plan.counts(considered.read).unchanged,
    // Putting back restores what a person may have approved before.
    failures: run.kind === "revert" ? 0 : plan.failures,
    updates: run.kind === "revert" ? 0 : plan.overwritten,
    logins: run.kind === "revert" ? 0 : plan.logins,
  };
  const held = judge(summary, settings.importSafeguard, engine.organisation);
  if (held === null || (held.of !== "removals" && held.of !== "people read")) return held;
  return { ...held, findings: findingsOf(plan, run, checkpoint) };
}

async function earlierLosses(db: Connection, run: OpenRun, directory: string): Promise<Losses> {
  const none = { lost: 0, gone: 0 };
  const slices = run.type === "incremental" ? await lossesInSlices(db, directory, run.id) : none;
  const rest = run.kind === "import" ? await lossesByLostPlans(db, directory, run.id) : none;
  return { lost: slices.lost + rest.lost, gone: slices.gone + rest.gone };
}

/** Whoever does not read everybody knows of the others that they are still there. */
function readingOf(
  plan: PlanBuilder,
  run: OpenRun,
  { read, before }: { readonly read: number; readonly before: Before },
  checkpoint: Checkpoint | null,
): Pick<PlanSummary, "read" | "lastRead"> {
  if (run.kind !== "import") return { read: before.own, lastRead: null };
  if (run.type === "incremental") return { read: before.own - plan.gone, lastRead: null };
  // Incremental imports since the last full one may have changed how many there are.
  const comparable = checkpoint?.fullAt.getTime() === checkpoint?.readAt.getTime();
  return { read, lastRead: comparable ? (checkpoint?.entries ?? null) : null };
}

function findingsOf(plan: PlanBuilder, run: OpenRun, checkpoint: Checkpoint | null): string[] {
  return [
    ...(run.search === null ? [] : searchFindings(checkpoint?.search ?? null, run.search)),
    ...(run.evidence === null ? [] : evidenceFindings(run.evidence)),
    ...absenceFindings(plan.reasons),
  ];
}
