import type { ApiToken } from "./api-token.ts";
import type { Session } from "./session.ts";
import type { EventType } from "./event-messages.ts";

export type Severity = "DEBUG" | "INFO" | "WARN" | "ERROR";
export type Outcome = "SUCCESS" | "FAILURE" | "SKIPPED" | "DEFERRED" | "ABANDONED";

export interface EventActor {
  readonly id: string;
  readonly type: string;
  readonly alternateId: string;
  readonly displayName: string;
  /** From where, if over the network. */
  readonly client?: EventClient;
}

/** Where somebody asked from. */
export interface EventClient {
  readonly ipAddress: string;
  readonly userAgent: string | null;
}

export interface EventTarget {
  readonly id: string;
  readonly type: string;
  readonly alternateId: string;
  readonly displayName: string;
}

/** An event about a run, before the store gives it its id and its time. */
export interface EventDraft {
  readonly eventType: EventType;
  readonly severity: Severity;
  readonly outcome: { readonly result: Outcome; readonly reason?: string };
  readonly target: readonly EventTarget[];
  readonly debugData: Readonly<Record<string, unknown>>;
}

/**
 * An event about one person of a plan. Whom it is about stands in the plan's row, so that a
 * million of these stay small; the store adds it as the event's targets.
 */
export interface PersonEvent {
  readonly type: EventType;
  readonly data?: Readonly<Record<string, unknown>>;
  /** Why it failed; absent for a success. */
  readonly failure?: string;
}

/** One event of the System Log. */
export interface LogEvent {
  readonly uuid: string;
  readonly published: string;
  readonly eventType: string;
  readonly version: "0";
  readonly severity: Severity;
  readonly displayMessage: string;
  readonly actor: Omit<EventActor, "client">;
  /** Null: not over the network. */
  readonly client: EventClient | null;
  readonly outcome: { readonly result: Outcome; readonly reason?: string };
  readonly target: readonly EventTarget[];
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

/** Whoever signed in with a browser. */
export function sessionActor({ id, subject, name }: Session, client: EventClient): EventActor {
  return { id: subject ?? id, type: "User", alternateId: name, displayName: name, client };
}

/** Whoever holds an API token. */
export function tokenActor(token: ApiToken, client: EventClient): EventActor {
  const { id, name } = token;
  return { id, type: "Token", alternateId: name, displayName: name, client };
}
