/** By what searches of the API find users without walking through all of them. */

/** What clients look people up by everywhere. */
export const SEARCHED_ATTRIBUTES = [
  "login",
  "email",
  "firstName",
  "lastName",
  "department",
  "employeeNumber",
] as const;

/** Times that have an index where the configuration says so, by the column of each. */
export const SEARCHED_TIMES: ReadonlyMap<string, string> = new Map([
  ["created", "created_at"],
  ["activated", "activated_at"],
  ["statusChanged", "status_changed_at"],
]);

export const ALWAYS_SEARCHED: ReadonlySet<string> = new Set([
  ...SEARCHED_ATTRIBUTES,
  "lastUpdated",
  "status",
  "id",
]);
