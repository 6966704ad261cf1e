import type { AppProfile } from "./entry.ts";
import type { Problem } from "./errors.ts";
import type { PersonEvent } from "./event.ts";
import type { Action, AttributeChange, Reason } from "./run.ts";
import type { AppUserStatus, LinkOrigin, UserProfile, UserStatus, ValueSource } from "./user.ts";

/**
 * In which order a plan is applied. Removals first, then people who take a login that somebody
 * else in the plan gives up (all in one transaction, because two may swap), then other changes,
 * then new users.
 */
export const STEPS = ["removal", "exchange", "change", "creation"] as const;
export type Step = (typeof STEPS)[number];

/** What becomes of an app user. */
export interface AppUserWrite {
  readonly dn: string;
  readonly status: AppUserStatus;
  readonly profile: AppProfile;
  /** Of the entry as it was read; empty if it was not read in this run and keeps its hash. */
  readonly hash: string;
  readonly userId: string | null;
  readonly error: Problem | null;
  /** How it came to its user, where that is new; absent if it stays as it is. */
  readonly link?: LinkOrigin;
}

/** What becomes of a user. */
export interface UserWrite {
  readonly id: string;
  readonly isNew: boolean;
  /** The version that this was decided on; 0 for a new user. */
  readonly baseVersion: number;
  readonly login: string;
  readonly profile: UserProfile;
  readonly sources: Readonly<Record<string, ValueSource>>;
  readonly status: UserStatus;
  readonly statusBy: string | null;
}

/** One person of a plan: what is decided, and everything needed to carry it out. */
export interface PlannedChange {
  readonly action: Action;
  /** Null for an entry without an identifier; it is only reported. */
  readonly externalId: string | null;
  readonly dn: string;
  readonly appUser: AppUserWrite | null;
  readonly user: UserWrite | null;
  /** Who this is about, also where the user is not written. */
  readonly login: string | null;
  readonly userId: string | null;
  /** The version of the user that this was decided on, also where the user is not written. */
  readonly userVersion: number;
  /** What becomes of the user profile; empty for a new user, whose whole profile is new. */
  readonly changes: readonly AttributeChange[];
  readonly error: Problem | null;
  readonly events: readonly PersonEvent[];
  /** Counted by the safeguard: left the scope, or was disabled in the directory. */
  readonly lost: boolean;
  /** Why, where that needs a word. */
  readonly reason: Reason | null;
  /** What a run made that is put back now, and so goes: only the app user, or the user as well. */
  readonly deletes: "appUser" | "person" | null;
  /** The user's other directories could not take over; their next imports decide anew. */
  readonly lookAgain: boolean;
  /** Whether the user gets a login that was not the user's before. */
  readonly claimsLogin: boolean;
}
