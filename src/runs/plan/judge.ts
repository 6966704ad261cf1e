import type { Held } from "../../model/run.ts";
import { absenceFindings, evidenceFindings, searchFindings } from "../../reconciler/findings.ts";
import { HANDFUL, judge, type PlanSummary } from "../../reconciler/safeguard.ts";
import { countWithoutAccess } from "../../store/app-users.ts";
import { readCheckpoint } from "../../store/checkpoints.ts";
import type { Checkpoint } from "../../model/checkpoint.ts";
import type { Connection } from "../../store/connection.ts";
import { membershipLosses, type MembershipLosses } from "../../store/objects.ts";
import {
  grantsLately,
  lossesByLostPlans,
  lossesInSlices,
  type Losses,
} from "../../store/losses.ts";
import type { OpenRun } from "../../store/runs.ts";
import type { RunContext } from "../record/context.ts";
import { KINDS } from "../record/kinds.ts";
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
  { directory, engine }: RunContext,
  plan: PlanBuilder,
  run: OpenRun,
  { read, before }: { readonly read: number; readonly before: Before },
): Promise<Held | null> {
  const { db } = engine.store;
  const { readsDirectory, judges } = KINDS[run.kind];
  const earlier = await earlierLosses(db, run, directory.name);
  const checkpoint = await readCheckpoint(db, directory.name);
  const figures = plan.summary();
  const changes = judges === "all" ? {} : { failures: 0, updates: 0, logins: 0 };
  const granted = judges === "all" ? await grantsOf(db, run, directory.name, figures.grants) : NONE;
  const memberships = await membershipLosses(db, run.id, directory.name, HANDFUL);
  const reading = { read, own: before.own, gone: figures.gone };
  const summary: PlanSummary = {
    ...figures,
    ...changes,
    doubt: run.evidence?.doubt ?? null,
    ...granted,
    ...readingOf(run, reading, checkpoint),
    memberships,
    directory: directory.name,
    removals: figures.removals + earlier.lost,
    gone: readsDirectory ? figures.gone + earlier.gone : 0,
    total: before.own + earlier.gone,
    orgTotal: before.all + earlier.gone,
    earlier: earlier.lost,
  };
  const held = judge(summary, directory.limits, engine.orgLimits);
  if (held?.of === "memberships") return { ...held, findings: groupFindings(memberships) };
  if (held === null || (held.of !== "removals" && held.of !== "people read")) return held;
  return { ...held, findings: findingsOf(plan, run, checkpoint) };
}

const NONE = { grants: 0, earlierGrants: 0, withoutAccess: null } as const;

/** Those who get access back, with those who did lately; one at a time is no other thing than at once. */
async function grantsOf(
  db: Connection,
  run: OpenRun,
  directory: string,
  grants: number,
): Promise<Pick<PlanSummary, "grants" | "earlierGrants" | "withoutAccess">> {
  if (grants === 0) return NONE;
  const earlierGrants = await grantsLately(db, directory, run.id);
  const without = await countWithoutAccess(db, directory);
  return { grants: grants + earlierGrants, earlierGrants, withoutAccess: without + earlierGrants };
}

async function earlierLosses(db: Connection, run: OpenRun, directory: string): Promise<Losses> {
  const none = { lost: 0, gone: 0 };
  const { readsDirectory } = KINDS[run.kind];
  const slices = run.type === "incremental" ? await lossesInSlices(db, directory, run.id) : none;
  const rest = readsDirectory ? await lossesByLostPlans(db, directory, run.id) : none;
  return { lost: slices.lost + rest.lost, gone: slices.gone + rest.gone };
}

/** Which groups lose most; that nobody in particular is concerned is for people to see. */
function groupFindings(memberships: MembershipLosses | null): string[] {
  return (memberships?.losing ?? []).map(({ dn, before, after }) => {
    return `${dn} would have ${after} members; it had ${before}.`;
  });
}

/** Whoever does not read everybody knows of the others that they are still there. */
function readingOf(
  run: OpenRun,
  { read, own, gone }: { readonly read: number; readonly own: number; readonly gone: number },
  checkpoint: Checkpoint | null,
): Pick<PlanSummary, "read" | "lastRead"> {
  if (!KINDS[run.kind].readsDirectory) return { read: own, lastRead: null };
  if (run.type === "incremental") return { read: own - gone, lastRead: null };
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
