/** How Okta names what Rollcall has, where clients of its API compare names. */
import type { UserStatus } from "./user.ts";

/** @see the status of a user in Okta's OpenAPI description; it has more, which nobody has here. */
export const OKTA_STATUS = {
  active: "ACTIVE",
  deprovisioned: "DEPROVISIONED",
  suspended: "SUSPENDED",
  staged: "STAGED",
} as const satisfies Readonly<Record<UserStatus, string>>;

/** There is one type of user. */
export const USER_TYPE_ID = "otyrollcallusertype1";
/** Its schema. */
export const USER_SCHEMA_ID = "oscrollcalluserschema";
