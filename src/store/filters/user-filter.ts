/**
 * What can be asked of users, in the two forms that Okta's API has: `search` compares any attribute
 * without regard to case, `filter` a few of them exactly. Neither has `ne` or `not`.
 */
import { parseIsoTime } from "../../lib/iso-time.ts";
import { closest, oneOf } from "../../lib/lines.ts";
import type { AttributeType, ProfileSchema } from "../../model/profile-schema.ts";
import {
  parseFilter,
  readString,
  type Comparison,
  type Dialect,
  type Filter,
  type FilterValue,
  type Token,
} from "./grammar.ts";

export type SearchKind = AttributeType | "time";

/** Besides `profile.NAME`. */
const OWN: ReadonlyMap<string, SearchKind> = new Map([
  ["id", "string"],
  ["status", "string"],
  ["type.id", "string"],
  ["created", "time"],
  ["activated", "time"],
  ["statusChanged", "time"],
  ["lastUpdated", "time"],
]);
const PROFILE = "profile.";

/** What an attribute of users is compared as; undefined: there is none. */
export function kindOf(path: string, schema: ProfileSchema): SearchKind | undefined {
  const own = OWN.get(path);
  if (own !== undefined || !path.startsWith(PROFILE)) return own;
  return schema.get(path.slice(PROFILE.length))?.type;
}

const RANGE = ["gt", "ge", "lt", "le"] as const;
const OPERATORS = {
  string: ["eq", "sw", "pr", ...RANGE],
  array: ["eq", "sw", "pr"],
  number: ["eq", "pr", ...RANGE],
  integer: ["eq", "pr", ...RANGE],
  boolean: ["eq", "pr"],
  time: ["eq", "pr", ...RANGE],
} as const satisfies Readonly<Record<SearchKind, readonly (Comparison | "pr")[]>>;
/** Where parts of a text can be looked for. */
const CONTAINS = new Set(["firstName", "lastName", "email", "login"].map((name) => PROFILE + name));

/** @throws RollcallError `user.searchInvalid` with the position */
export function parseUserSearch(text: string, schema: ProfileSchema): Filter {
  const dialect: Dialect = {
    code: "user.searchInvalid",
    not: false,
    pathFault(path) {
      if (kindOf(path, schema) !== undefined) return null;
      const names = [...OWN.keys(), ...[...schema.keys()].map((name) => PROFILE + name)];
      const meant = closest(path, names) ?? closest(PROFILE + path, names);
      const hint = meant === undefined ? "" : `; do you mean ${meant}?`;
      return `a user has no attribute ${path} to search by${hint}`;
    },
    operatorsOf(path) {
      const operators = OPERATORS[kindOf(path, schema) ?? "string"];
      return CONTAINS.has(path) ? [...operators, "co"] : operators;
    },
    valueOf: (path, _operator, token, fail) =>
      valueOf(kindOf(path, schema) ?? "string", token, fail),
  };
  return parseFilter(text, dialect);
}

const FILTERED: ReadonlyMap<string, readonly (Comparison | "pr")[]> = new Map([
  ["status", ["eq"]],
  ["id", ["eq"]],
  ["lastUpdated", ["eq", ...RANGE]],
  ["profile.login", ["eq"]],
  ["profile.email", ["eq"]],
  ["profile.firstName", ["eq"]],
  ["profile.lastName", ["eq"]],
]);

const FILTER: Dialect = {
  code: "user.searchInvalid",
  not: false,
  pathFault: (path) =>
    FILTERED.has(path)
      ? null
      : `${path} cannot be filtered; it can be ${oneOf([...FILTERED.keys()])}; search knows all attributes`,
  operatorsOf: (path) => FILTERED.get(path) ?? [],
  valueOf: (path, _operator, token, fail) =>
    valueOf(path === "lastUpdated" ? "time" : "string", token, fail),
};

/** @throws RollcallError `user.searchInvalid` with the position */
export function parseUserFilter(text: string): Filter {
  return parseFilter(text, FILTER);
}

/** A value of the attribute's kind; numbers and truth values may stand in quotes, as clients send them. */
function valueOf(
  kind: SearchKind,
  token: Token,
  fail: (message: string, at: number) => never,
): FilterValue {
  const text = token.kind === "string" ? readString(token, fail) : token.text;
  switch (kind) {
    case "time": {
      const time = token.kind === "string" ? parseIsoTime(text) : null;
      return (
        time ?? fail('a time in double quotes is expected: "2026-11-23T08:00:00.000Z"', token.at)
      );
    }
    case "number":
    case "integer": {
      const number = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
      return Number.isFinite(number) ? number : fail("a number is expected", token.at);
    }
    case "boolean":
      if (text === "true" || text === "false") return text === "true";
      return fail("true or false is expected", token.at);
    case "string":
    case "array":
      if (token.kind === "string") return text;
      return fail('a value in double quotes is expected, such as "Sales"', token.at);
  }
}
