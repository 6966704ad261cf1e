import { foldCase } from "../lib/fold.ts";
import type { AppProfile } from "./entry.ts";
import type { Problem } from "./errors.ts";
import type { EventType } from "./event-messages.ts";

export type ProfileValue = string | number | boolean | readonly (string | number)[];

/** The user profile: the base attributes and the configured ones. No value is absent, never null. */
export type UserProfile = Record<string, ProfileValue>;

export const USER_STATUSES = ["active", "deprovisioned", "suspended", "staged"] as const;
export type UserStatus = (typeof USER_STATUSES)[number];

/** What a person can do with a user's status, from which it is possible, and what comes of it. */
export const STATUS_STEPS = {
  activate: { from: ["staged"], to: "active", event: "user.lifecycle.activate" },
  deactivate: {
    from: ["active", "suspended", "staged"],
    to: "deprovisioned",
    event: "user.lifecycle.deactivate",
  },
  reactivate: { from: ["deprovisioned"], to: "active", event: "user.lifecycle.reactivate" },
  suspend: { from: ["active"], to: "suspended", event: "user.lifecycle.suspend" },
  unsuspend: { from: ["suspended"], to: "active", event: "user.lifecycle.unsuspend" },
} as const satisfies Record<
  string,
  { from: readonly UserStatus[]; to: UserStatus; event: EventType }
>;
export type StatusStep = keyof typeof STATUS_STEPS;

/** Where a value of the user profile comes from: a directory's name, or "okta" if edited here. */
export type ValueSource = string;

export interface User {
  readonly id: string;
  readonly login: string;
  readonly status: UserStatus;
  /**
   * Who deactivated or suspended the user: the directory whose import did, or "okta" for a person;
   * null if nobody did.
   */
  readonly statusBy: string | null;
  readonly profile: UserProfile;
  readonly sources: Readonly<Record<string, ValueSource>>;
  /** Counts the writes; a plan made for another version is outdated. */
  readonly version: number;
}

export type AppUserStatus = "active" | "disabled" | "removed";

/** How an app user came to its user, or why it has none. */
export interface LinkOrigin {
  readonly how: "created" | "matched" | "replaced" | "manual" | "ignored" | "unlinked";
  /** Of a match: the rule, and the value that both have. */
  readonly rule?: { readonly user: string; readonly app: string; readonly value: string };
  /** The person who decided it. */
  readonly by?: string;
  readonly at?: string;
}

/** What Rollcall keeps of a person per directory. */
export interface AppUser {
  readonly directory: string;
  readonly externalId: string;
  readonly userId: string | null;
  readonly dn: string;
  readonly status: AppUserStatus;
  readonly profile: AppProfile;
  readonly error: Problem | null;
  /** Whether a person decided that the entry belongs to nobody. */
  readonly setAside: boolean;
  /** Whether a matching rule linked it, and no person confirmed that. */
  readonly byRule: boolean;
}

/** What is only shown of an app user, and decides nothing. */
export interface AppUserTimes {
  readonly importedAt: Date;
  readonly failingSince: Date | null;
  readonly link: LinkOrigin | null;
}

/** An app user as it was before a run. */
export interface AppUserBefore extends AppUser {
  readonly link: LinkOrigin | null;
}

/** Logins are compared without regard to case and spelling. */
export function loginKey(login: string): string {
  return foldCase(login);
}

/** The error that is kept with a link that ended because its directory left the configuration. */
export const DISCONNECTED = "link.disconnected";
