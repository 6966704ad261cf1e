/**
 * What shall become of one account: from what is desired, what the app last acknowledged, and what
 * is allowed. Pure; nothing here knows how an app is spoken to.
 */
import { sameJson } from "../lib/same.ts";
import type {
  Account,
  AccountChange,
  AccountError,
  AccountProfile,
  AccountReason,
  TaskKind,
} from "../model/account.ts";
import type { OnUnassign, Toggles } from "../model/app.ts";
import type { User } from "../model/user.ts";
import type { Assignment } from "./assignment.ts";
import type { Desired, DesiredAccount } from "./desired-account.ts";

export interface AccountFacts {
  /** Null: the user is gone. */
  readonly user: Pick<User, "status" | "statusBy"> | null;
  readonly assignment: Assignment;
  /** Null where nobody is assigned. */
  readonly desired: Desired | null;
  /** Null: nothing is known of one. */
  readonly account: Account | null;
  /** Where what is desired goes; see `placesOf`. */
  readonly places: string;
  /** Whether a source of this person is held or failing in a way that could explain a loss. */
  readonly doubted: boolean;
}

export interface AccountLimits {
  readonly toggles: Toggles;
  readonly onUnassign: OnUnassign;
  /** Milliseconds since 1970; null: a person asks, and whatever is owed is tried at once. */
  readonly now: number | null;
}

export type AccountDecision =
  /** Nothing is sent. `settled`: nor will be, until something changes. */
  | { readonly do: "nothing"; readonly reason: AccountReason | null; readonly settled: boolean }
  /** Cannot be decided; keeps what it has. */
  | { readonly do: "fail"; readonly reason: AccountReason; readonly error: AccountError }
  /** Looks for the account, and makes one if there is none and `create` says so. */
  | {
      readonly do: "find";
      readonly create: boolean;
      readonly reason: AccountReason;
      readonly desired: DesiredAccount | null;
    }
  | { readonly do: "update"; readonly reason: AccountReason; readonly desired: DesiredAccount }
  | { readonly do: "reactivate"; readonly reason: AccountReason; readonly desired: DesiredAccount }
  | { readonly do: "deactivate" | "delete"; readonly reason: AccountReason };

type Nothing = Extract<AccountDecision, { readonly do: "nothing" }>;

export function decideAccount(facts: AccountFacts, limits: AccountLimits): AccountDecision {
  const { user, assignment, account } = facts;
  if (user !== null && user.status === "active" && assignment !== null) {
    if ("unknown" in assignment) return assignmentUnknown(assignment.unknown, account);
    return decideWanted(facts, limits);
  }
  return decideUnwanted(facts, limits);
}

function nothing(reason: AccountReason | null, settled: boolean): Nothing {
  return { do: "nothing", reason, settled };
}

function assignmentUnknown(message: string, account: Account | null): AccountDecision {
  // Whoever was never assigned is not told of at every look.
  if (account === null || account.assignedBy === null) return nothing("assignmentUnknown", false);
  const error = { code: "app.assignmentUnknown", field: "assign", message, appSaid: null } as const;
  return { do: "fail", reason: "assignmentUnknown", error };
}

/** Somebody who shall have an active account. */
function decideWanted(
  { desired, account, places }: AccountFacts,
  limits: AccountLimits,
): AccountDecision {
  if (desired === null) return nothing(null, false);
  if ("error" in desired) return { do: "fail", reason: "invalid", error: desired.error };
  if (account === null || account.externalId === null)
    return decideMissing(account, desired, limits);
  // Whether it is on is not known either where no answer was heard.
  if (account.state !== "active") return decideInactive(account, desired, limits);
  if (!differs(account, desired, places)) return nothing(null, desired.unresolved.length === 0);
  if (!limits.toggles.update) return nothing("updateOff", true);
  const wait = waits(account, "update", desired.update, limits.now);
  return wait ?? { do: "update", reason: "changed", desired };
}

/** There is no account, as far as is known; a creation of which nothing was heard may have made one. */
function decideMissing(
  account: Account | null,
  desired: DesiredAccount,
  { toggles, now }: AccountLimits,
): AccountDecision {
  const what = account?.state === "attempted" ? "match" : "create";
  const wait = waits(account, what, desired.create, now);
  if (wait !== null) return wait;
  if (!toggles.create) {
    const isIdle = !toggles.update && !toggles.deactivate;
    // It was looked for already, and only a change of something may bring it.
    const wasLookedFor = account?.reason === "createOff" && account.settled;
    if (isIdle || (wasLookedFor && now !== null)) return nothing("createOff", true);
  }
  return { do: "find", create: toggles.create, reason: "assigned", desired };
}

function decideInactive(
  account: Account,
  desired: DesiredAccount,
  { toggles, now }: AccountLimits,
): AccountDecision {
  if (!toggles.deactivate) return nothing("deactivateOff", true);
  const wait = waits(account, "update", desired.update, now);
  return wait ?? { do: "reactivate", reason: "returned", desired };
}

/** Somebody who shall have no access: not assigned, without access here, or gone. */
function decideUnwanted(
  { user, account, doubted }: AccountFacts,
  { toggles, onUnassign, now }: AccountLimits,
): AccountDecision {
  if (account === null || account.state === "none") return nothing(null, true);
  const { state } = account;
  const reason = whyUnwanted(user);
  if (reason === "unassigned" && onUnassign === "keep") return nothing("kept", true);
  const deletes = reason !== "userInactive" && onUnassign === "delete";
  if (state === "inactive" && !deletes) return nothing(null, true);
  if (doubted) return nothing("sourceUnsettled", false);
  if (!toggles.deactivate) return nothing("deactivateOff", true);
  const how = deletes ? "delete" : "deactivate";
  const wait = waits(account, state === "attempted" ? "match" : how, {}, now);
  if (wait !== null) return wait;
  // A creation of which nothing was heard may have reached the app.
  if (state === "attempted") return { do: "find", create: false, reason, desired: null };
  return { do: how, reason };
}

function whyUnwanted(user: AccountFacts["user"]): "userGone" | "userInactive" | "unassigned" {
  if (user === null) return "userGone";
  return user.status === "active" ? "unassigned" : "userInactive";
}

/** Whether the same was refused before, or its time has not come; null if it may be sent. */
function waits(
  account: Account | null,
  what: TaskKind,
  profile: AccountProfile,
  now: number | null,
): Nothing | null {
  if (account === null) return null;
  const { refused, retryAt } = account;
  if (refused !== null && sameTask(refused.what, what) && sameJson(refused.profile, profile))
    return nothing("blocked", true);
  if (now !== null && retryAt !== null && retryAt > now) return nothing("later", false);
  return null;
}

/** Looking for an account and making one are one piece of work. */
function sameTask(one: TaskKind, other: TaskKind): boolean {
  const merged = (what: TaskKind): TaskKind => (what === "match" ? "create" : what);
  return merged(one) === merged(other);
}

/** Whether what is desired is not what the app acknowledged, or goes somewhere else by now. */
function differs(account: Account | null, desired: DesiredAccount, places: string): boolean {
  if (account === null || account.acknowledged === null) return true;
  if (changesOf(account, desired).length > 0) return true;
  if (places === account.acknowledgedPlaces) return false;
  const before = new Set(account.acknowledgedPlaces.split(" "));
  return places.split(" ").some((place) => place !== "" && !before.has(place));
}

/**
 * What an update changes. An attribute without a value is only taken away where the app once
 * acknowledged one of ours: what it has of its own stays.
 */
export function changesOf(
  account: Pick<Account, "acknowledged" | "unsure"> | null,
  { update, empty }: DesiredAccount,
): AccountChange[] {
  const before = account?.acknowledged ?? {};
  const unsure = account?.unsure ?? [];
  const changes: AccountChange[] = [];
  for (const [attribute, to] of Object.entries(update)) {
    const from = before[attribute] ?? null;
    if (!sameJson(from, to) || unsure.includes(attribute)) changes.push({ attribute, from, to });
  }
  for (const attribute of empty)
    if (attribute in before || unsure.includes(attribute))
      changes.push({ attribute, from: before[attribute] ?? null, to: null });
  return changes;
}

export const SWITCHED_ON: AccountChange = { attribute: "active", from: false, to: true };
export const SWITCHED_OFF: AccountChange = { attribute: "active", from: true, to: false };

/** What a decision changes in the app, as far as it is known before the app is asked. */
export function plannedChanges(
  account: Account | null,
  decision: AccountDecision,
): readonly AccountChange[] {
  switch (decision.do) {
    case "nothing":
    case "fail":
    case "delete":
      return [];
    case "deactivate":
      return [SWITCHED_OFF];
    case "reactivate":
      return [SWITCHED_ON, ...changesOf(account, decision.desired)];
    case "update":
      return changesOf(account, decision.desired);
    case "find":
      return decision.desired === null ? [] : changesOf(account, decision.desired);
  }
}

/**
 * The account as it is on record before something is sent, and as it stays where no answer is heard:
 * what may be there by then is in doubt.
 */
export function withDoubt(account: Account, decision: AccountDecision): Account {
  switch (decision.do) {
    case "nothing":
    case "fail":
    // Deleted twice is deleted.
    case "delete":
      return account;
    // Looking for somebody leaves no doubt; what follows is on record by itself.
    case "find":
      return account;
    case "update":
      return { ...account, unsure: unsureAfter(account, decision.desired) };
    case "reactivate":
      return { ...account, state: "unsure", unsure: unsureAfter(account, decision.desired) };
    case "deactivate":
      return { ...account, state: "unsure" };
  }
}

function unsureAfter(account: Account, desired: DesiredAccount): string[] {
  const changed = changesOf(account, desired).map(({ attribute }) => attribute);
  return [...new Set([...account.unsure, ...changed])];
}
