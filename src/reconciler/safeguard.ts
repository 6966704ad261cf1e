/** The import safeguard: whether a plan may be applied, or has to wait for a person. Pure. */
import type { Held, HeldFor, MembershipFigures, Vanished } from "../model/run.ts";
import type { RemovalLimits, SafeguardLimits } from "../model/settings.ts";

export interface PlanSummary {
  readonly directory: string;
  /** Entries that the read returned. */
  readonly read: number;
  /** Entries that the last good read returned; null if there is none to compare with. */
  readonly lastRead: number | null;
  /** People who left the directory's scope or were disabled in it. */
  readonly removals: number;
  /** Of these, people who left the scope. */
  readonly gone: number;
  /** People of the directory before the run. */
  readonly total: number;
  /** People of all directories before the run. */
  readonly orgTotal: number;
  /** How many of the removals were done by earlier imports that count together with this one. */
  readonly earlier: number;
  /** People who had a user before the run and are looked at in it. */
  readonly existing: number;
  /** Of these, people who fail and did not before. */
  readonly failures: number;
  /** Of these, people a value of whom would be overwritten or emptied. */
  readonly updates: number;
  /** Of these, people who would get another login. */
  readonly logins: number;
  /** Containers that are gone with people of theirs, the largest first. */
  readonly vanished: readonly Vanished[];
  /** Why the read may not have shown everybody; null: nothing speaks for that. */
  readonly doubt: string | null;
  /** People without access who would get it back, or got it back by imports just before. */
  readonly grants: number;
  /** Of these, by imports just before. */
  readonly earlierGrants: number;
  /** People of the directory who have no access before the run; null: nobody has counted. */
  readonly withoutAccess: number | null;
  /** What goes of the memberships that the directory's groups tell; null: none, or only a few. */
  readonly memberships: MembershipFigures | null;
}

/** So many people who are gone with their container did not leave one by one. */
const TOGETHER = 5;

/** What the plan itself tells, of all that is judged. */
export type PlanFigures = Pick<
  PlanSummary,
  "removals" | "gone" | "existing" | "failures" | "updates" | "logins" | "grants" | "vanished"
>;

/** Fewer than these may come and go without looking suspicious: people, or memberships of groups. */
export const HANDFUL = 10;

/**
 * Judges a plan. Limits trip when exceeded, not when reached; the directory's come before the
 * organisation's. What looks like a broken search is held although it was read whole: nobody
 * (whatever the limits are), or far fewer people, or other people than the last time.
 */
export function judge(
  plan: PlanSummary,
  directory: SafeguardLimits,
  organisation: RemovalLimits,
): Held | null {
  if (plan.read === 0 && plan.total > 0) return emptyRead(plan);
  const held =
    judgeRemovals(plan, directory) ??
    judgeRead(plan, directory) ??
    judgeVanished(plan, directory) ??
    judgeDoubt(plan, directory) ??
    judgeMemberships(plan, directory) ??
    judgeUpdates(plan, directory) ??
    judgeOrganisation(plan, organisation);
  if (held?.of === "grants" && plan.earlierGrants > 0) {
    const reason = `${held.reason} ${plan.earlierGrants} of them got it back by imports of the last 24 hours, which count together with this one.`;
    return { ...held, reason };
  }
  if (held === null || plan.earlier === 0 || held.of !== "removals") return held;
  const reason = `${held.reason} ${plan.earlier} of them were removed by imports just before, which count together with this one: incremental ones of the last 24 hours, or one that was interrupted.`;
  return { ...held, reason };
}

function judgeRemovals(plan: PlanSummary, limits: SafeguardLimits): Held | null {
  const { removals, total, directory } = plan;
  if (limits.count !== null && removals > limits.count) {
    const reason = `${removals} people of ${directory} would be removed; the limit is ${limits.count}.`;
    return held(plan, "removals", {
      reason,
      part: removals,
      whole: total,
      limit: limits.count,
      unit: "people",
    });
  }
  if (!exceeds(removals, total, limits.percent, limits.minimum)) return null;
  const limit = limits.percent ?? 0;
  const reason = `${removals} of ${total} people of ${directory} would be removed (${share(removals, total)} %); the limit is ${limit} %.`;
  return held(plan, "removals", { reason, part: removals, whole: total, limit });
}

/**
 * The read itself, which needs no minimum: a directory of eighty people can be searched with a
 * wrong filter as well. Whether fewer came, or as many others, is the same to those who did not.
 */
function judgeRead(plan: PlanSummary, { drop }: SafeguardLimits): Held | null {
  const { read, lastRead, gone, total, directory } = plan;
  if (drop === null) return null;
  const missing = lastRead === null ? 0 : lastRead - read;
  if (lastRead !== null && missing >= HANDFUL && missing * 100 > drop * lastRead) {
    const reason = `The read of ${directory} returned ${read} people; the last good import returned ${lastRead} (${share(missing, lastRead)} % fewer; the limit is ${drop} %).`;
    return held(plan, "people read", { reason, part: missing, whole: lastRead, limit: drop });
  }
  if (gone < HANDFUL || gone * 100 <= drop * total) return null;
  const reason = `${gone} of the ${total} people that ${directory} had are not in the read (${share(gone, total)} %; the limit is ${drop} %), as if it were another directory.`;
  return held(plan, "people read", { reason, part: gone, whole: total, limit: drop });
}

/**
 * A part of the tree that is gone with everybody in it looks like a right that was lost, or a server
 * that does not answer behind this one, however small the part is.
 */
function judgeVanished(plan: PlanSummary, { drop }: SafeguardLimits): Held | null {
  const [largest] = plan.vanished;
  if (drop === null || largest === undefined) return null;
  const all = plan.vanished.reduce((sum, one) => sum + one.people, 0);
  if (largest.people < TOGETHER && all < HANDFUL) return null;
  const { dn, people, stays } = largest;
  const others = plan.vanished.length - 1;
  const more =
    others === 0 ? "" : `, and ${others} other ${others === 1 ? "container" : "containers"}`;
  const what = stays
    ? `Nobody is shown any more of the ${people} people who were in ${dn}`
    : `${dn} is not shown any more, and with it the ${people} people who were below it`;
  const reason = `${what}${more}: they did not leave one by one, or the account cannot see that part of ${plan.directory}.`;
  return held(plan, "people read", {
    reason,
    part: all,
    whole: plan.total,
    limit: TOGETHER - 1,
    unit: "people",
  });
}

/** Nobody is taken for gone by a read of which it is not certain that it was whole. */
function judgeDoubt(plan: PlanSummary, { drop }: SafeguardLimits): Held | null {
  const { doubt, gone, total, directory } = plan;
  if (drop === null || doubt === null || gone === 0) return null;
  const reason = `${gone} of the ${total} people that ${directory} had are not in the read. ${doubt}`;
  return held(plan, "people read", { reason, part: gone, whole: total, limit: 0, unit: "people" });
}

/**
 * Groups give and take access to apps, and values. Where most of what they said is gone at once, the
 * account cannot see groups, or their members, any more; nobody left them one by one. A group that is
 * gone while most others are there was deleted.
 */
function judgeMemberships(plan: PlanSummary, { drop }: SafeguardLimits): Held | null {
  const { directory, memberships: figures } = plan;
  if (drop === null || figures === null) return null;
  const { memberships, groups, goneGroups, goneMemberships } = figures;
  const isHidden = goneGroups > 1 && goneGroups * 100 > drop * groups;
  const lost = figures.lost + (isHidden ? goneMemberships : 0);
  if (lost < HANDFUL || lost * 100 <= drop * memberships) return null;
  const percent = share(lost, memberships);
  const reason = `${lost} of the ${memberships} memberships that the groups of ${directory} told are not told any more (${percent} %; the limit is ${drop} %), as if the account could not see groups or their members.`;
  return held(plan, "memberships", { reason, part: lost, whole: memberships, limit: drop });
}

function judgeUpdates(plan: PlanSummary, limits: SafeguardLimits): Held | null {
  const { directory, logins, updates, failures, grants } = plan;
  const whole = Math.max(plan.total, plan.existing);
  if (exceeds(failures, whole, limits.failures, limits.minimum)) {
    const limit = limits.failures ?? 0;
    const reason = `${failures} of ${whole} people of ${directory} could not be updated, although they could before (${share(failures, whole)} %); the limit is ${limit} %.`;
    return held(plan, "failures", { reason, part: failures, whole, limit });
  }
  if (exceeds(logins, whole, limits.logins, limits.minimum)) {
    const limit = limits.logins ?? 0;
    const reason = `${logins} of ${whole} people of ${directory} would get another login (${share(logins, whole)} %); the limit is ${limit} %.`;
    return held(plan, "logins", { reason, part: logins, whole, limit });
  }
  if (exceeds(grants, whole, limits.grants, limits.minimum)) {
    const limit = limits.grants ?? 0;
    const reason = `${grants} of ${whole} people of ${directory} who have no access would get it back (${share(grants, whole)} %); the limit is ${limit} %.`;
    return held(plan, "grants", { reason, part: grants, whole, limit });
  }
  const { withoutAccess } = plan;
  if (
    limits.grants !== null &&
    withoutAccess !== null &&
    grants >= HANDFUL &&
    grants * 2 > withoutAccess
  ) {
    const reason = `${grants} of the ${withoutAccess} people of ${directory} who have no access would get it back, as if what tells that they have none could not be seen any more.`;
    return held(plan, "grants", { reason, part: grants, whole: withoutAccess, limit: 50 });
  }
  // That a directory that was just connected gives its values is what it was connected for.
  if (plan.total === 0 || !exceeds(updates, whole, limits.updates, limits.minimum)) return null;
  const limit = limits.updates ?? 0;
  const reason = `Values of ${updates} of ${whole} people of ${directory} would be overwritten or emptied (${share(updates, whole)} %); the limit is ${limit} %.`;
  return held(plan, "updates", { reason, part: updates, whole, limit });
}

function judgeOrganisation(plan: PlanSummary, limits: RemovalLimits): Held | null {
  const { removals, orgTotal } = plan;
  const level = { ...plan, level: "org" } as const;
  if (limits.count !== null && removals > limits.count) {
    const reason = `${removals} people would be removed; the organisation's limit is ${limits.count}.`;
    return held(level, "removals", {
      reason,
      part: removals,
      whole: orgTotal,
      limit: limits.count,
      unit: "people",
    });
  }
  if (!exceeds(removals, orgTotal, limits.percent, limits.minimum)) return null;
  const limit = limits.percent ?? 0;
  const reason = `${removals} of the organisation's ${orgTotal} people would be removed (${share(removals, orgTotal)} %); the limit is ${limit} %.`;
  return held(level, "removals", { reason, part: removals, whole: orgTotal, limit });
}

function emptyRead(plan: PlanSummary): Held {
  const { directory, removals, total } = plan;
  const reason = `The read of ${directory} returned nobody, although ${total} people were there before.`;
  return held(plan, "people read", { reason, part: removals, whole: total, limit: 0 });
}

function held(
  { level = "directory", removals }: PlanSummary & { readonly level?: Held["level"] },
  of: HeldFor,
  found: {
    readonly reason: string;
    readonly part: number;
    readonly whole: number;
    readonly limit: number;
    readonly unit?: Held["unit"];
  },
): Held {
  const { reason, part, whole: total, limit, unit = "%" } = found;
  return {
    level,
    reason,
    removals,
    total,
    percent: share(part, total),
    limit,
    of,
    unit,
    findings: [],
  };
}

function exceeds(part: number, whole: number, percent: number | null, minimum: number): boolean {
  return percent !== null && whole >= minimum && part * 100 > percent * whole;
}

/** A percentage with one decimal place, for people; limits are compared with the exact one. */
function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 1000) / 10;
}
