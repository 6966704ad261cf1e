/** What the System Log tells of pushes, under Okta's names. */
import type { Looked } from "../../engine/accounts/desk.ts";
import type {
  Account,
  AccountAction,
  AccountError,
  Push,
  PushCounts,
  PushHeld,
  Task,
} from "../../model/account.ts";
import type { AppSettings } from "../../model/app.ts";
import type { EventType } from "../../model/event-messages.ts";
import type { EventDraft, EventTarget, Severity } from "../../model/event.ts";
import type { User } from "../../model/user.ts";
import type { NewTask } from "../../store/tasks.ts";

function appTarget({ name, label }: AppSettings): EventTarget {
  return { id: name, type: "AppInstance", alternateId: name, displayName: label };
}

function userTargets({ userId, login, externalId }: Account): EventTarget[] {
  const user = { id: userId, type: "User", alternateId: login, displayName: login };
  if (externalId === null) return [user];
  return [user, { id: externalId, type: "AppUser", alternateId: login, displayName: login }];
}

interface Telling {
  readonly target?: readonly EventTarget[];
  readonly data?: Readonly<Record<string, unknown>>;
  readonly failure?: string;
  readonly severity?: Severity;
}

function event(
  app: AppSettings,
  eventType: EventType,
  { target = [], data = {}, failure, severity }: Telling = {},
): EventDraft {
  return {
    eventType,
    severity: severity ?? (failure === undefined ? "INFO" : "WARN"),
    outcome: failure === undefined ? { result: "SUCCESS" } : { result: "FAILURE", reason: failure },
    target: [...target, appTarget(app)],
    debugData: { AppName: app.label, ...data },
  };
}

/** Somebody is assigned from now on, or no longer. */
export function assignmentEvents(
  app: AppSettings,
  { facts }: Looked,
  after: Account,
): EventDraft[] {
  const before = facts.account?.assignedBy ?? null;
  const now = after.assignedBy;
  if ((before === null) === (now === null)) return [];
  const by = now ?? before;
  const type =
    now === null ? "application.user_membership.remove" : "application.user_membership.add";
  const data = { assignedBy: by?.kind, assignment: by?.name };
  return [event(app, type, { target: userTargets(after), data })];
}

const SENT: Readonly<
  Record<
    Exclude<AccountAction, "skipped" | "held" | "unchanged" | "failed" | "removed">,
    readonly EventType[]
  >
> = {
  created: ["application.provision.user.push", "app.user_management.push_new_user_success"],
  adopted: ["application.provision.user.verify_exists"],
  updated: ["application.provision.user.push_profile"],
  reactivated: ["application.provision.user.reactivate"],
  deactivated: ["application.provision.user.deactivate"],
  deleted: ["application.provision.user.delete"],
};

/** What was sent, and acknowledged or not. @param notKept attributes that the app did not keep */
export function sent(
  app: AppSettings,
  account: Account,
  action: keyof typeof SENT,
  {
    error,
    attributes = [],
  }: { readonly error: AccountError | null; readonly attributes?: readonly string[] },
): EventDraft[] {
  const types = SENT[action];
  const target = userTargets(account);
  const data = {
    ...(attributes.length === 0 ? {} : { attributes }),
    ...(account.notKept.length === 0 ? {} : { notKept: account.notKept }),
  };
  if (error === null) return types.map((type) => event(app, type, { target, data }));
  const [type = "application.provision.user.push"] = types;
  return [event(app, type, { target, data: { code: error.code }, failure: error.message })];
}

export function taskCreated(app: AppSettings, { userId, login, what, error }: NewTask): EventDraft {
  const target: EventTarget[] =
    userId === null || login === null
      ? []
      : [{ id: userId, type: "User", alternateId: login, displayName: login }];
  return event(app, "task.lifecycle.create", {
    target,
    data: { task: what, code: error.code, message: error.message },
    severity: "WARN",
  });
}

export function taskDone(app: AppSettings, subject: string): EventDraft {
  return event(app, "task.lifecycle.deactivate", { data: { subject } });
}

export function taskDismissed(app: AppSettings, { id, userId, what }: Task): EventDraft {
  return event(app, "task.lifecycle.deactivate", {
    data: { task: id, userId, what, dismissed: true },
  });
}

/** A person was assigned by hand, or not any more. */
export function assignedByHand(
  app: AppSettings,
  { id, login }: User,
  assigned: boolean,
): EventDraft {
  const type = assigned ? "application.user_membership.add" : "application.user_membership.remove";
  const target = [{ id, type: "User", alternateId: login, displayName: login }];
  return event(app, type, { target, data: { byHand: true } });
}

export function started(
  app: AppSettings,
  { kind, trigger, dryRun }: Pick<Push, "kind" | "trigger" | "dryRun">,
): EventDraft {
  const data = { kind, trigger, ...(dryRun ? { dryRun } : {}) };
  return event(app, "app.app_instance.provision_sync_job.started", { data });
}

export function completed(app: AppSettings, kind: Push["kind"], counts: PushCounts): EventDraft {
  return event(app, "app.app_instance.provision_sync_job.completed", { data: { kind, ...counts } });
}

export function failed(
  app: AppSettings,
  kind: Push["kind"],
  error: { code: string; message: string },
): EventDraft {
  const data = { kind, code: error.code };
  return event(app, "app.app_instance.provision_sync_job.failed", { data, failure: error.message });
}

export function held(app: AppSettings, kind: Push["kind"], limit: PushHeld): EventDraft {
  const { reason, removals, total, percent, of } = limit;
  const data = { kind, reason, [of]: removals, total, percent };
  return event(app, "system.import.roadblock", { data, severity: "WARN" });
}

export function decided(app: AppSettings, what: "approved" | "cancelled", by: string): EventDraft {
  const type =
    what === "approved"
      ? "system.import.roadblock.reschedule_and_resume"
      : "system.import.roadblock.resume";
  return event(app, type, { data: { [`${what}By`]: by } });
}

/** The app's credential was refused, or is good again. */
export function paused(app: AppSettings, error: AccountError | null): EventDraft {
  return event(app, "application.provision.integration.call_api", {
    data: error === null ? { resumed: true } : { code: error.code },
    ...(error === null ? {} : { failure: error.message, severity: "ERROR" as const }),
  });
}

export function group(
  app: AppSettings,
  name: string,
  type: EventType,
  failure: string | null = null,
): EventDraft {
  const target = { id: name, type: "UserGroup", alternateId: name, displayName: name };
  return event(app, type, { target: [target], ...(failure === null ? {} : { failure }) });
}
