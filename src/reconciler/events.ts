import type { Problem } from "../model/errors.ts";
import type { EventDraft, EventTarget, Outcome, Severity } from "../model/event.ts";
import type { AttributeChange } from "../model/run.ts";
import type { UserStatus } from "../model/user.ts";

/** Whom an event is about. */
export interface Subject {
  readonly directory: string;
  readonly externalId: string | null;
  readonly dn: string;
  readonly userId: string | null;
  readonly login: string | null;
  readonly name: string | null;
}

function targets(subject: Subject): EventTarget[] {
  const { directory, externalId, dn, userId, login, name } = subject;
  const list: EventTarget[] = [];
  if (userId !== null) {
    list.push({ id: userId, type: "User", alternateId: login ?? "unknown", displayName: name ?? login ?? "" });
  }
  list.push({ id: externalId ?? "unknown", type: "AppUser", alternateId: dn, displayName: name ?? dn });
  list.push({ id: directory, type: "AppInstance", alternateId: directory, displayName: directory });
  return list;
}

function event(
  eventType: string,
  displayMessage: string,
  subject: Subject,
  debugData: Readonly<Record<string, unknown>> = {},
  severity: Severity = "INFO",
  result: Outcome = "SUCCESS",
): EventDraft {
  return { eventType, severity, displayMessage, outcome: { result }, target: targets(subject), debugData };
}

export function userCreated(subject: Subject, changes: readonly AttributeChange[]): EventDraft {
  const attributes = changes.map((change) => change.attribute).join(",");
  return event("system.import.user.create", "Create user triggered by import process", subject, { attributes });
}

export function userLinked(subject: Subject): EventDraft {
  return event("system.import.user_match.confirm", "Import user matching assignment confirmed", subject);
}

export function appUserUpdated(subject: Subject): EventDraft {
  return event("system.import.user.update", "Update user triggered by import process", subject);
}

export function profileUpdated(subject: Subject, changes: readonly AttributeChange[]): EventDraft {
  const attributes = changes.map((change) => change.attribute).join(",");
  const sources = [...new Set(changes.map((change) => change.source))].join(",");
  return event("user.account.update_profile", "Update user profile", subject, { attributes, sources });
}

export function appUserRemoved(subject: Subject, onRemoval: string): EventDraft {
  return event("system.import.user.delete", "Remove user triggered by import process", subject, { onRemoval });
}

/** A change of the user's status; null if it stays. */
export function statusChanged(subject: Subject, from: UserStatus, to: UserStatus): EventDraft | null {
  if (from === to) return null;
  const debugData = { from, to };
  if (to === "suspended") {
    return event("system.import.user.suspend", "Suspend user triggered by import process", subject, debugData);
  }
  if (to === "deprovisioned") return event("user.lifecycle.deactivate", "Deactivate user", subject, debugData);
  if (from === "suspended") {
    return event("system.import.user.unsuspend", "Unsuspend user triggered by import process", subject, debugData);
  }
  return event("user.lifecycle.reactivate", "Reactivate user", subject, debugData);
}

/** The event that administrators search for when a profile does not change. */
export function updateFailed(subject: Subject, problem: Problem): EventDraft {
  const debugData = {
    AppName: subject.directory,
    ErrorCode: problem.code,
    ErrorField: problem.field,
    ErrorMessage: problem.message,
  };
  const failed = event(
    "app.user_management.update_from_master_failed",
    "Could not apply import",
    subject,
    debugData,
    "WARN",
    "FAILURE",
  );
  return { ...failed, outcome: { result: "FAILURE", reason: `${problem.code}: ${problem.field}` } };
}
