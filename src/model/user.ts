import type { AppProfile } from "./entry.ts";
import type { Problem } from "./errors.ts";

export type ProfileValue = string | number | boolean | readonly (string | number)[];

/** The user profile: the base attributes and the configured ones. No value is absent, never null. */
export type UserProfile = Record<string, ProfileValue>;

export const USER_STATUSES = ["active", "deprovisioned", "suspended", "staged"] as const;
export type UserStatus = (typeof USER_STATUSES)[number];

/** Where a value of the user profile comes from: a directory's name, or "okta" if edited here. */
export type ValueSource = string;

export interface User {
  readonly id: string;
  readonly login: string;
  readonly status: UserStatus;
  /** The directory whose import deactivated or suspended the user; null if no import did. */
  readonly statusBy: string | null;
  readonly profile: UserProfile;
  readonly sources: Readonly<Record<string, ValueSource>>;
  /** Counts the writes; a plan made for another version is outdated. */
  readonly version: number;
}

export type AppUserStatus = "active" | "disabled" | "removed";

/** What Rollcall keeps of a person per directory. */
export interface AppUser {
  readonly directory: string;
  readonly externalId: string;
  readonly userId: string | null;
  readonly dn: string;
  readonly status: AppUserStatus;
  readonly profile: AppProfile;
  readonly error: Problem | null;
}

/** Logins are compared without regard to case. */
export function loginKey(login: string): string {
  return login.normalize("NFC").toLowerCase();
}
