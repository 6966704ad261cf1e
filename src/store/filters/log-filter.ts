/**
 * Filters of the System Log. Names are case-sensitive. Values are JSON: strings, and numbers or
 * truth values for what an event's data has; times are strings of ISO 8601.
 */
import { parseIsoTime } from "../../lib/iso-time.ts";
import { oneOf } from "../../lib/lines.ts";
import {
  COMPARISONS,
  ORDERED,
  parseFilter,
  readString,
  type Comparison,
  type Dialect,
  type Filter,
  type FilterValue,
  type Token,
} from "./grammar.ts";

/** Attributes that can be filtered; `debugContext.debugData.` may be followed by any path of names. */
export const LOG_PATHS = [
  "uuid",
  "published",
  "eventType",
  "version",
  "severity",
  "displayMessage",
  "outcome.result",
  "outcome.reason",
  "transaction.id",
  "transaction.type",
  "actor.id",
  "actor.type",
  "actor.alternateId",
  "actor.displayName",
  "client.ipAddress",
  "target.id",
  "target.type",
  "target.alternateId",
  "target.displayName",
] as const;
export const DEBUG_DATA = "debugContext.debugData.";

const DIALECT: Dialect = {
  code: "log.filterInvalid",
  not: true,
  pathFault(path) {
    const known =
      (LOG_PATHS as readonly string[]).includes(path) ||
      /^debugContext\.debugData(?:\.[\w:-]+)+$/.test(path);
    if (known) return null;
    return `${path} cannot be filtered; it can be ${oneOf(LOG_PATHS)} or ${DEBUG_DATA}NAME`;
  },
  operatorsOf: () => [...COMPARISONS, "pr"],
  valueOf,
};

/** @throws RollcallError `log.filterInvalid` with the position */
export function parseLogFilter(text: string): Filter {
  return parseFilter(text, DIALECT);
}

/** The value, if it goes with the attribute and the operator. */
function valueOf(
  path: string,
  operator: Comparison,
  token: Token,
  fail: (message: string, at: number) => never,
): FilterValue {
  const { kind, text, at } = token;
  const ordered = ORDERED.includes(operator);
  if (path === "published") {
    if (!ordered)
      fail(`published is a time, which is compared with ${oneOf(ORDERED)}, not ${operator}`, at);
    const time = kind === "string" ? parseIsoTime(readString(token, fail)) : null;
    return (
      time ?? fail('a time in double quotes is expected, such as "2026-11-23T08:00:00.000Z"', at)
    );
  }
  if (kind === "string") return readString(token, fail);
  const truth = kind === "word" && /^(?:true|false)$/.test(text);
  if (!path.startsWith(DEBUG_DATA) || (kind !== "number" && !truth))
    fail('a value in double quotes is expected, such as "system.import.start"', at);
  return plainValue(token, operator, fail);
}

/** A number or a truth value, without quotes. */
function plainValue(
  { text, kind, at }: Token,
  operator: Comparison,
  fail: (message: string, at: number) => never,
): FilterValue {
  const truth = kind === "word";
  const ordered = ORDERED.includes(operator);
  if (!ordered || (truth && !["eq", "ne"].includes(operator)))
    fail(`${text} cannot be compared with ${operator}`, at);
  if (!truth && /^-?\d+$/.test(text) && !Number.isSafeInteger(Number(text)))
    fail(`${text} has more digits than can be compared`, at);
  return truth ? text === "true" : Number(text);
}
