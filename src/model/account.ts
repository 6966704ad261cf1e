/** What Rollcall knows of a person in an app. */
import type { AssignedValues } from "./app.ts";
import type { ErrorCode } from "./errors.ts";
import type { EventActor } from "./event.ts";
import type { PhaseTime, RunError, RunState, RunStatus, Trigger } from "./run.ts";
import type { ProfileValue } from "./user.ts";

export type AssignmentKind = "person" | "group" | "condition" | "everyone";

/** By what somebody is assigned: the name of the group, the condition, or the person who did it. */
export interface AssignedBy {
  readonly kind: AssignmentKind;
  readonly name: string;
}

/** Values by the app's attribute. No value is absent, never null. */
export type AccountProfile = Readonly<Record<string, ProfileValue>>;

/**
 * `none`: there is none, as far as is known; `attempted`: a creation may have reached the app, so
 * the next step is a search; `active` and `inactive`: it has an external id; `unsure`: it has one,
 * and switching it on or off was asked for without an answer.
 */
export type AccountState = "none" | "attempted" | "active" | "inactive" | "unsure";

/** Why an account is not what is desired, or a push could not make it so. */
export interface AccountError {
  readonly code: ErrorCode;
  /** The app's attribute, or what was tried. */
  readonly field: string;
  readonly message: string;
  /** The app's own words; null if it said nothing. */
  readonly appSaid: string | null;
}

/** What the app refused. */
export interface Refused {
  readonly what: TaskKind;
  readonly profile: AccountProfile;
}

export interface Account {
  readonly app: string;
  readonly userId: string;
  /** As it was last known; outlives the user. */
  readonly login: string;
  readonly assignedBy: AssignedBy | null;
  readonly values: AssignedValues;
  readonly externalId: string | null;
  readonly state: AccountState;
  /** What the app acknowledged last; null if nothing. */
  readonly acknowledged: AccountProfile | null;
  /** Where what was acknowledged went; see `placesOf`. */
  readonly acknowledgedPlaces: string;
  /** With what the creation was attempted that is in doubt: whoever is looked for may have it. */
  readonly attempted: AccountProfile | null;
  /** Attributes that were sent without an answer: what the app has of them is not known. */
  readonly unsure: readonly string[];
  /** Attributes that the app did not keep although it acknowledged them. */
  readonly notKept: readonly string[];
  /** Of the user that the last decision was made on. */
  readonly userVersion: number;
  /** Of the app's rules that the last decision was made by. */
  readonly fingerprint: string;
  /** Whether nothing is owed until the user, the assignment or the rules change. */
  readonly settled: boolean;
  /** Why nothing was sent although something differs; null: nothing differs, or it was sent. */
  readonly reason: AccountReason | null;
  readonly error: AccountError | null;
  readonly attempts: number;
  /** What was refused: it is not sent again before it changes, or a person retries. */
  readonly refused: Refused | null;
  /** Not tried again before this; milliseconds since 1970. */
  readonly retryAt: number | null;
  /** ISO 8601. */
  readonly lastPush: string | null;
  /** Counts what others asked of the account; what is decided before is not settled by it. */
  readonly touched: number;
}

export const NO_VALUES: AssignedValues = {};

/** Of a person in an app, before anything is known. */
export function newAccount(app: string, userId: string, login: string): Account {
  return {
    app,
    userId,
    login,
    assignedBy: null,
    values: NO_VALUES,
    externalId: null,
    state: "none",
    acknowledged: null,
    acknowledgedPlaces: "",
    attempted: null,
    unsure: [],
    notKept: [],
    userVersion: 0,
    fingerprint: "",
    settled: false,
    reason: null,
    error: null,
    attempts: 0,
    refused: null,
    retryAt: null,
    lastPush: null,
    touched: 0,
  };
}

/** Why an account is changed, or stays as it is although it is not what is desired. */
export const ACCOUNT_REASONS = {
  assigned: "assigned, and the app has no account yet",
  returned: "assigned and active again",
  changed: "what is desired differs from what the app acknowledged",
  managerKnown: "the account that it refers to is there now",
  unassigned: "not assigned any more",
  userInactive: "the user has no access any more",
  userGone: "the user is gone",
  createOff: "Create Users is off, and the app has no account that matches",
  updateOff: "Update User Attributes is off",
  deactivateOff: "Deactivate Users is off",
  kept: "onUnassign keeps the account as it is",
  sourceUnsettled:
    "waits: a source of this person is held or failing, which could explain the loss",
  assignmentUnknown: "waits: whether it is assigned cannot be told",
  blocked: "refused by the app; not sent again before something changes or somebody retries",
  later: "tried before without success; waits for its time",
  invalid: "a mapping gives no usable value",
  notMember: "not a member of the group any more",
  changedSince: "left out: not any more what was shown",
} as const satisfies Readonly<Record<string, string>>;
export type AccountReason = keyof typeof ACCOUNT_REASONS;

/** What a push does with one account. */
export type AccountAction =
  | "created"
  | "adopted"
  | "updated"
  | "reactivated"
  | "deactivated"
  | "deleted"
  | "failed"
  | "skipped"
  | "held"
  | "unchanged"
  /** From a pushed group. */
  | "removed";

/** People, by what a push did or would do with their accounts. */
export interface PushCounts {
  readonly assigned: number;
  readonly created: number;
  /** Found in the app, and linked. */
  readonly adopted: number;
  readonly updated: number;
  readonly unchanged: number;
  /** With those that were deleted. */
  readonly deactivated: number;
  readonly failed: number;
  /** Left out, because they are not any more what was shown, or because a toggle is off. */
  readonly skipped: number;
  /** Keep what they have, because it is not proven that they lost it. */
  readonly held: number;
}

export const NO_PUSH_COUNTS: PushCounts = {
  assigned: 0,
  created: 0,
  adopted: 0,
  updated: 0,
  unchanged: 0,
  deactivated: 0,
  failed: 0,
  skipped: 0,
  held: 0,
};

/** The limit that the safeguard found exceeded. */
export interface PushHeld {
  readonly level: "app";
  readonly reason: string;
  readonly removals: number;
  readonly total: number;
  readonly percent: number;
  readonly limit: number;
  readonly of: "deactivations" | "memberships" | "updates";
  readonly unit: "%" | "people";
}

export type PushKind = "push" | "force-sync" | "revert";

/** A push, a force sync to an app, or the revert of one. */
export interface Push {
  readonly id: string;
  readonly app: string;
  readonly kind: PushKind;
  readonly trigger: Trigger;
  readonly actor: EventActor;
  readonly dryRun: boolean;
  readonly status: RunStatus;
  readonly state: RunState;
  readonly counts: PushCounts;
  readonly phases: readonly PhaseTime[];
  readonly held: PushHeld | null;
  readonly error: RunError | null;
  readonly decidedBy: string | null;
  readonly reverts: string | null;
  /** Only these users were asked for; null: everybody. */
  readonly userIds: readonly string[] | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
}

/** One account in a push's history. */
export interface PushChange {
  readonly seq: number;
  readonly action: AccountAction;
  readonly userId: string | null;
  readonly login: string | null;
  readonly externalId: string | null;
  readonly reason: AccountReason | null;
  readonly changes: readonly AccountChange[];
  readonly error: AccountError | null;
  readonly applied: boolean;
  /** Counted by the safeguard as taken away. */
  readonly lost: boolean;
}

/** One attribute of an account, before and after. */
export interface AccountChange {
  readonly attribute: string;
  readonly from: unknown;
  readonly to: unknown;
  /** What it was before is the app's own, and not what we gave it. */
  readonly wasTheirs?: true;
}

/** Something that a person has to look at. */
export interface Task {
  readonly id: string;
  readonly app: string;
  readonly userId: string | null;
  readonly login: string | null;
  readonly what: TaskKind;
  /** ISO 8601. */
  readonly since: string;
  readonly attempts: number;
  readonly error: AccountError;
}
export type TaskKind = "create" | "update" | "deactivate" | "delete" | "match" | "app" | "group";

/** As Okta names how far an account is. */
export type SyncState = "SYNCHRONIZED" | "SYNCING" | "OUT_OF_SYNC" | "ERROR" | "DISABLED";
