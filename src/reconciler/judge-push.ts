/** Whether a push may be carried out, or takes so much away that a person shall look first. Pure. */
import type { PushLimits } from "../model/app.ts";
import type { PushHeld } from "../model/account.ts";

export interface PushTally {
  /** Accounts that are active in the app before the push. */
  readonly accounts: number;
  /** Of these, to be deactivated or deleted. */
  readonly losses: number;
  /** To be changed. Creations and adoptions are no danger. */
  readonly updates: number;
  /** Memberships of pushed groups before the push, and those that are taken away. */
  readonly memberships: number;
  readonly removedMemberships: number;
}

/** @returns the first limit that is exceeded, the worst first; null if none is */
export function judgePush(limits: PushLimits, tally: PushTally): PushHeld | null {
  const { accounts, losses, updates, memberships, removedMemberships } = tally;
  return (
    judgeLosses(limits, losses, accounts, "deactivations") ??
    judgeLosses(limits, removedMemberships, memberships, "memberships") ??
    judgeShare(limits.updates, limits.minimum, { some: updates, all: accounts, of: "updates" })
  );
}

const WORDS = {
  deactivations: "accounts would be taken away",
  memberships: "memberships of pushed groups would be taken away",
  updates: "accounts would be changed",
} as const;
type Of = keyof typeof WORDS;

function judgeLosses(
  { percent, minimum, count }: PushLimits,
  some: number,
  all: number,
  of: "deactivations" | "memberships",
): PushHeld | null {
  if (count !== null && some > count) {
    const reason = `${some} of ${all} ${WORDS[of]}; the limit is ${count}.`;
    return held(of, reason, { some, all, limit: count, unit: "people" });
  }
  return judgeShare(percent, minimum, { some, all, of });
}

function judgeShare(
  limit: number | null,
  minimum: number,
  { some, all, of }: { readonly some: number; readonly all: number; readonly of: Of },
): PushHeld | null {
  if (limit === null || all < minimum || all === 0) return null;
  const percent = (some * 100) / all;
  if (percent <= limit) return null;
  const reason = `${some} of ${all} ${WORDS[of]} (${percent.toFixed(1)} %); the limit is ${limit} %.`;
  return held(of, reason, { some, all, limit, unit: "%" });
}

function held(
  of: Of,
  reason: string,
  {
    some,
    all,
    limit,
    unit,
  }: {
    readonly some: number;
    readonly all: number;
    readonly limit: number;
    readonly unit: PushHeld["unit"];
  },
): PushHeld {
  const percent = all === 0 ? 0 : Math.round((some * 1000) / all) / 10;
  return { level: "app", reason, removals: some, total: all, percent, limit, of, unit };
}
