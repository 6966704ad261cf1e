import type { Role } from "./role.ts";

/** Somebody who signed in with a browser. Its secret is in the browser's cookie, and only a hash of it is kept. */
export interface Session {
  readonly id: string;
  /** Whom an identity provider means: its issuer and its name for the person; null: signed in by a link. */
  readonly subject: string | null;
  /** Who signed in, for people. */
  readonly name: string;
  readonly role: Role;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  /** Whether the sign-in is as recent as what cannot be taken back easily needs. */
  readonly isFresh: boolean;
  /** ISO 8601, as all of these. */
  readonly createdAt: string;
  /** To the minute. */
  readonly lastUsedAt: string;
  /** When it ends at the latest. */
  readonly expiresAt: string;
}

/** How long a sign-in is fresh. */
export const FRESH_MINUTES = 15;
/** How long a link that signs in is good. */
export const LINK_MINUTES = 10;
/** A session ends when nobody used it for so long, … */
export const IDLE_HOURS = 8;
/** … and at the latest after this. */
export const LONGEST_HOURS = 24;
