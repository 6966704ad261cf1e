import type { Role } from "./role.ts";

/** A credential of the API, without its secret, which is shown once and never kept. */
export interface ApiToken {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Identity sources that it is good for; null: whatever its role reaches. */
  readonly sources: readonly string[] | null;
  /** Who made it. */
  readonly createdBy: string;
  /** ISO 8601, as all of these. */
  readonly createdAt: string;
  readonly expiresAt: string | null;
  /** To the minute; null: never used. */
  readonly lastUsedAt: string | null;
}
