/** By what searches of the API find users without walking through all of them, in the words of searches. */

/** Attributes that clients look people up by everywhere. */
export const SEARCHED_ATTRIBUTES = [
  "login",
  "email",
  "firstName",
  "lastName",
  "department",
  "employeeNumber",
] as const;

/** What stands before an attribute in a search. */
export const PROFILE = "profile.";

/** Times that have an index where the configuration says so. */
export const SEARCHED_TIMES = ["created", "activated", "statusChanged"] as const;

export const ALWAYS_SEARCHED: ReadonlySet<string> = new Set([
  ...SEARCHED_ATTRIBUTES.map((name) => PROFILE + name),
  "lastUpdated",
  "status",
  "id",
]);
