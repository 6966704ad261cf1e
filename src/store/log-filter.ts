/**
 * Filters of the System Log, in the form of SCIM's (RFC 7644 section 3.4.2.2): comparisons with
 * `eq ne gt ge lt le co sw ew pr`, joined by `and`, `or`, `not` and parentheses; `and` binds tighter
 * than `or`. Names are case-sensitive, operators are not. Values are JSON: strings, and numbers or
 * truth values for what an event's data has; times are strings of ISO 8601.
 */
import { parseIsoTime } from "../lib/iso-time.ts";
import { oneOf } from "../lib/lines.ts";
import { RollcallError } from "../model/errors.ts";

export type Comparison = "eq" | "ne" | "gt" | "ge" | "lt" | "le" | "co" | "sw" | "ew";
export type LogValue = string | number | boolean | Date;

export type LogFilter =
  | { readonly kind: "and" | "or"; readonly items: readonly LogFilter[] }
  | { readonly kind: "not"; readonly item: LogFilter }
  | { readonly kind: "present"; readonly path: string }
  | {
      readonly kind: "compare";
      readonly path: string;
      readonly operator: Comparison;
      readonly value: LogValue;
    };

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
  "target.id",
  "target.type",
  "target.alternateId",
  "target.displayName",
] as const;
export const DEBUG_DATA = "debugContext.debugData.";

const ORDERED: readonly string[] = ["eq", "ne", "gt", "ge", "lt", "le"];
const COMPARISONS: readonly string[] = [...ORDERED, "co", "sw", "ew"];
const TOKEN =
  /\s*(?:(\()|(\))|("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.]))|([A-Za-z][A-Za-z0-9_.:-]*)|(\S))/y;
const MAX_LENGTH = 4096;
const MAX_DEPTH = 50;

interface Token {
  readonly kind: "(" | ")" | "string" | "number" | "word" | "other" | "end";
  readonly text: string;
  readonly at: number;
}

/** @throws RollcallError `log.filterInvalid` with the position */
export function parseLogFilter(text: string): LogFilter {
  if (text.length > MAX_LENGTH) fail(`it is longer than ${MAX_LENGTH} characters`, MAX_LENGTH);
  return new Parser(tokens(text)).parse();
}

function tokens(text: string): Token[] {
  const list: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [whole, open, close, string, number, word, other] = match;
    const content = open ?? close ?? string ?? number ?? word ?? other ?? "";
    const at = match.index + whole.length - content.length;
    const kind =
      open !== undefined
        ? "("
        : close !== undefined
          ? ")"
          : string !== undefined
            ? "string"
            : number !== undefined
              ? "number"
              : word !== undefined
                ? "word"
                : "other";
    list.push({ kind, text: content, at });
  }
  list.push({ kind: "end", text: "", at: text.length });
  return list;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(list: readonly Token[]) {
    this.#tokens = list;
  }

  parse(): LogFilter {
    const filter = this.#or(0);
    const rest = this.#peek();
    if (rest.kind !== "end")
      fail(`unexpected ${rest.text}; join comparisons with and, or`, rest.at);
    return filter;
  }

  #or(depth: number): LogFilter {
    return this.#joined("or", () => this.#joined("and", () => this.#term(depth)));
  }

  #joined(kind: "and" | "or", item: () => LogFilter): LogFilter {
    const first = item();
    const items = [first];
    while (this.#peek().kind === "word" && this.#peek().text.toLowerCase() === kind) {
      this.#at++;
      items.push(item());
    }
    return items.length === 1 ? first : { kind, items };
  }

  #term(depth: number): LogFilter {
    if (depth > MAX_DEPTH) fail(`it is nested more than ${MAX_DEPTH} deep`, this.#peek().at);
    const token = this.#next();
    if (token.kind === "(") {
      const inner = this.#or(depth + 1);
      const close = this.#next();
      if (close.kind !== ")") fail("`)` is missing", close.at);
      return inner;
    }
    if (token.kind !== "word" || /^(?:and|or)$/i.test(token.text))
      fail("the name of an attribute is expected", token.at);
    if (token.text.toLowerCase() === "not") return { kind: "not", item: this.#term(depth + 1) };
    return this.#comparison(token);
  }

  #comparison(name: Token): LogFilter {
    const path = name.text;
    const known =
      (LOG_PATHS as readonly string[]).includes(path) ||
      /^debugContext\.debugData(?:\.[\w:-]+)+$/.test(path);
    if (!known)
      fail(
        `${path} cannot be filtered; it can be ${oneOf(LOG_PATHS)} or ${DEBUG_DATA}NAME`,
        name.at,
      );
    const operator = this.#next();
    const word = operator.text.toLowerCase();
    if (operator.kind === "word" && word === "pr") return { kind: "present", path };
    if (operator.kind !== "word" || !COMPARISONS.includes(word)) {
      fail(`an operator is expected: ${oneOf([...COMPARISONS, "pr"])}`, operator.at);
    }
    const value = this.#next();
    const parsed = parseValue(path, word, value);
    return { kind: "compare", path, operator: word as Comparison, value: parsed };
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] as Token;
  }

  #next(): Token {
    const token = this.#peek();
    this.#at++;
    return token;
  }
}

/** @throws RollcallError where the value does not go with the attribute or the operator */
function parseValue(path: string, operator: string, token: Token): LogValue {
  const { kind, text, at } = token;
  const ordered = ORDERED.includes(operator);
  if (path === "published") {
    if (!ordered)
      fail(`published is a time, which is compared with ${oneOf(ORDERED)}, not ${operator}`, at);
    return parseTime(token);
  }
  if (kind === "string") return parseString(token);
  const truth = kind === "word" && /^(?:true|false)$/.test(text);
  if (!path.startsWith(DEBUG_DATA) || (kind !== "number" && !truth))
    fail('a value in double quotes is expected, such as "system.import.start"', at);
  if (!ordered || (truth && !["eq", "ne"].includes(operator)))
    fail(`${text} cannot be compared with ${operator}`, at);
  if (!truth && /^-?\d+$/.test(text) && !Number.isSafeInteger(Number(text)))
    fail(`${text} has more digits than can be compared`, at);
  return truth ? text === "true" : Number(text);
}

function parseTime(token: Token): Date {
  const text = token.kind === "string" ? parseString(token) : "";
  const time = parseIsoTime(text);
  return (
    time ??
    fail('a time in double quotes is expected, such as "2026-11-23T08:00:00.000Z"', token.at)
  );
}

function parseString(token: Token): string {
  try {
    const text = String(JSON.parse(token.text));
    if (!text.includes("\0") && text.isWellFormed()) return text;
    return fail("the string contains a character that no event has", token.at);
  } catch (error) {
    if (error instanceof RollcallError) throw error;
    return fail("the string has an escape or a line break that JSON does not have", token.at);
  }
}

function fail(message: string, at: number): never {
  throw new RollcallError(
    "log.filterInvalid",
    `The filter does not parse: at position ${at + 1}, ${message}.`,
  );
}
