export type Severity = "DEBUG" | "INFO" | "WARN" | "ERROR";
export type Outcome = "SUCCESS" | "FAILURE" | "SKIPPED" | "DEFERRED" | "ABANDONED";

export interface EventActor {
  readonly id: string;
  readonly type: string;
  readonly alternateId: string;
  readonly displayName: string;
}

export interface EventTarget {
  readonly id: string;
  readonly type: string;
  readonly alternateId: string;
  readonly displayName: string;
}

/** An event before the store gives it its id and its time. */
export interface EventDraft {
  readonly eventType: string;
  readonly severity: Severity;
  readonly displayMessage: string;
  readonly outcome: { readonly result: Outcome; readonly reason?: string };
  readonly target: readonly EventTarget[];
  readonly debugData: Readonly<Record<string, unknown>>;
}

/** One event of the System Log. */
export interface LogEvent extends Omit<EventDraft, "debugData"> {
  readonly uuid: string;
  readonly published: string;
  readonly version: "0";
  readonly actor: EventActor;
  readonly transaction: { readonly id: string; readonly type: "JOB" };
  readonly debugContext: { readonly debugData: Readonly<Record<string, unknown>> };
}

/** What Rollcall does by itself: schedules, and whatever a run does in the name of its trigger. */
export const SYSTEM_ACTOR: EventActor = {
  id: "rollcall",
  type: "SystemPrincipal",
  alternateId: "system@rollcall",
  displayName: "Rollcall",
};

/** Somebody at a command line, by the name of the operating system's account. */
export function commandLineActor(account: string): EventActor {
  return { id: account, type: "CommandLine", alternateId: account, displayName: account };
}
