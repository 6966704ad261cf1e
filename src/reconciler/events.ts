import type { Problem } from "../model/errors.ts";
import type { PersonEvent } from "../model/event.ts";
import type { AttributeChange } from "../model/run.ts";
import type { LinkOrigin, UserStatus } from "../model/user.ts";

export const USER_CREATED: PersonEvent = { type: "system.import.user.create" };

/** Tells of a link with the rule that found the user, or who made it by hand. */
export function userLinked(link: LinkOrigin | null): PersonEvent {
  const { how = "matched", rule, by } = link ?? {};
  const data = {
    how,
    ...(rule === undefined
      ? {}
      : { matchedAttribute: rule.user, matchedExpression: rule.app, matchedValue: rule.value }),
    ...(by === undefined ? {} : { by }),
  };
  return { type: "system.import.user_match.confirm", data };
}
export const USER_DELETED: PersonEvent = { type: "user.lifecycle.delete.completed" };
export const APP_USER_UPDATED: PersonEvent = { type: "system.import.user.update" };

export function profileUpdated(changes: readonly AttributeChange[]): PersonEvent {
  const attributes = changes.map((change) => change.attribute).join(",");
  const sources = [...new Set(changes.map((change) => change.source))].join(",");
  return { type: "user.account.update_profile", data: { attributes, sources } };
}

export function linkCut(by: string): PersonEvent {
  return { type: "application.user_membership.remove", data: { by } };
}

export function appUserRemoved(onRemoval: string): PersonEvent {
  return { type: "system.import.user.delete", data: { onRemoval } };
}

/** A change of the user's status; none if it stays. */
export function statusChanged(from: UserStatus, to: UserStatus): PersonEvent[] {
  if (from === to) return [];
  const data = { from, to };
  if (to === "suspended") return [{ type: "system.import.user.suspend", data }];
  if (to === "deprovisioned") return [{ type: "user.lifecycle.deactivate", data }];
  if (from === "suspended") return [{ type: "system.import.user.unsuspend", data }];
  return [{ type: "user.lifecycle.reactivate", data }];
}

const STATUS_EVENTS: ReadonlySet<string> = new Set([
  "system.import.user.suspend",
  "user.lifecycle.deactivate",
  "system.import.user.unsuspend",
  "user.lifecycle.reactivate",
]);

/** Whether an event tells of a change of the user's status. */
export function isOfStatus({ type }: PersonEvent): boolean {
  return STATUS_EVENTS.has(type);
}

/** The event that administrators search for when a profile does not change. */
export function updateFailed(directory: string, problem: Problem): PersonEvent {
  const data = {
    AppName: directory,
    ErrorCode: problem.code,
    ErrorField: problem.field,
    ErrorMessage: problem.message,
    ...(problem.shape === undefined ? {} : { ErrorValueShape: problem.shape }),
    ...(problem.others === undefined ? {} : { OtherErrors: problem.others }),
  };
  return {
    type: "app.user_management.update_from_master_failed",
    data,
    failure: `${problem.code}: ${problem.field}`,
  };
}
