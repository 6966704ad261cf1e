/** The import safeguard: whether a plan may be applied, or has to wait for a person. Pure. */
import type { Held } from "../model/run.ts";
import type { SafeguardLimits } from "../model/settings.ts";

export interface PlanSummary {
  readonly directory: string;
  /** Entries that the read returned. */
  readonly read: number;
  /** People who left the directory's scope or were disabled in it. */
  readonly removals: number;
  /** People of the directory before the run. */
  readonly total: number;
  /** People of all directories before the run. */
  readonly orgTotal: number;
  /** How many of the removals are those of earlier incremental imports that count together with this one. */
  readonly earlier?: number;
}

/**
 * Judges a plan. Limits trip when exceeded, not when reached; the directory's come before the
 * organisation's. An empty read of a directory that had people is held whatever the limits are:
 * a typing mistake in a filter looks exactly like it.
 */
export function judge(
  plan: PlanSummary,
  directory: SafeguardLimits,
  organisation: SafeguardLimits,
): Held | null {
  if (plan.read === 0 && plan.total > 0) return emptyRead(plan);
  const held = judgeLimits(plan, directory, organisation);
  const { earlier = 0 } = plan;
  if (held === null || earlier === 0) return held;
  const reason = `${held.reason} ${earlier} of them were removed by incremental imports of the last 24 hours.`;
  return { ...held, reason };
}

function judgeLimits(
  plan: PlanSummary,
  directory: SafeguardLimits,
  organisation: SafeguardLimits,
): Held | null {
  const percent = share(plan.removals, plan.total);
  const facts = { removals: plan.removals, total: plan.total, percent };
  if (directory.count !== null && plan.removals > directory.count) {
    const reason = `${plan.removals} people of ${plan.directory} would be removed; the limit is ${directory.count}.`;
    return { level: "directory", reason, ...facts, limit: directory.count };
  }
  if (exceeds(plan.removals, plan.total, directory)) {
    const reason = `${plan.removals} of ${plan.total} people of ${plan.directory} would be removed (${percent} %); the limit is ${directory.percent} %.`;
    return { level: "directory", reason, ...facts, limit: directory.percent ?? 0 };
  }
  return judgeOrganisation(plan, organisation);
}

function judgeOrganisation(plan: PlanSummary, limits: SafeguardLimits): Held | null {
  const percent = share(plan.removals, plan.orgTotal);
  const facts = { removals: plan.removals, total: plan.orgTotal, percent };
  if (limits.count !== null && plan.removals > limits.count) {
    const reason = `${plan.removals} people would be removed; the organisation's limit is ${limits.count}.`;
    return { level: "org", reason, ...facts, limit: limits.count };
  }
  if (exceeds(plan.removals, plan.orgTotal, limits)) {
    const reason = `${plan.removals} of the organisation's ${plan.orgTotal} people would be removed (${percent} %); the limit is ${limits.percent} %.`;
    return { level: "org", reason, ...facts, limit: limits.percent ?? 0 };
  }
  return null;
}

function emptyRead({ directory, removals, total }: PlanSummary): Held {
  const reason = `The read of ${directory} returned nobody, although ${total} people were there before. If a filter, a base or the bind account's rights were changed, that is the cause.`;
  return { level: "directory", reason, removals, total, percent: share(removals, total), limit: 0 };
}

function exceeds(removals: number, total: number, limits: SafeguardLimits): boolean {
  return (
    limits.percent !== null && total >= limits.minimum && removals * 100 > limits.percent * total
  );
}

/** A percentage with one decimal place, for people; limits are compared with the exact one. */
function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 1000) / 10;
}
