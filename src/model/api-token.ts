import type { Role } from "./role.ts";

/** A credential of the API, without its secret, which is shown once and never kept. */
export interface ApiToken {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Who made it. */
  readonly createdBy: string;
  /** ISO 8601, as all of these. */
  readonly createdAt: string;
  readonly expiresAt: string | null;
  /** To the minute; null: never used. */
  readonly lastUsedAt: string | null;
}
