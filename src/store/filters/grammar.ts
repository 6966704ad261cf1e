/**
 * Filters in the form of SCIM's (RFC 7644 section 3.4.2.2): comparisons joined by `and`, `or`, `not`
 * and parentheses; `and` binds tighter than `or`. Operators are read without regard to case. What
 * can be compared, and with what, is said by a dialect.
 */
import { oneOf } from "../../lib/lines.ts";
import { RollcallError, type ErrorCode } from "../../model/errors.ts";

export const COMPARISONS = ["eq", "ne", "gt", "ge", "lt", "le", "co", "sw", "ew"] as const;
export type Comparison = (typeof COMPARISONS)[number];
/** Comparisons that have an order. */
export const ORDERED: readonly Comparison[] = ["eq", "ne", "gt", "ge", "lt", "le"];
export type FilterValue = string | number | boolean | Date;

export type Filter =
  | { readonly kind: "and" | "or"; readonly items: readonly Filter[] }
  | { readonly kind: "not"; readonly item: Filter }
  | { readonly kind: "present"; readonly path: string }
  | {
      readonly kind: "compare";
      readonly path: string;
      readonly operator: Comparison;
      readonly value: FilterValue;
    };

export interface Token {
  readonly kind: "(" | ")" | "string" | "number" | "word" | "other" | "end";
  readonly text: string;
  readonly at: number;
}

/** What a filter of one kind of thing can say. */
export interface Dialect {
  readonly code: ErrorCode;
  readonly not: boolean;
  /** Why an attribute cannot be filtered; null: it can. */
  pathFault(path: string): string | null;
  /** Those that an attribute knows. */
  operatorsOf(path: string): readonly (Comparison | "pr")[];
  /** @param fail says what is expected instead */
  valueOf(
    path: string,
    operator: Comparison,
    token: Token,
    fail: (message: string, at: number) => never,
  ): FilterValue;
}

const TOKEN =
  /\s*(?:(\()|(\))|("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.]))|([A-Za-z][A-Za-z0-9_.:-]*)|(\S))/y;
const KINDS = ["(", ")", "string", "number", "word", "other"] as const;
const MAX_LENGTH = 4096;
const MAX_DEPTH = 50;

/** @throws RollcallError with the dialect's code and the position */
export function parseFilter(text: string, dialect: Dialect): Filter {
  const fail = failure(dialect.code);
  if (text.length > MAX_LENGTH) fail(`it is longer than ${MAX_LENGTH} characters`, MAX_LENGTH);
  return new Parser(tokens(text), dialect, fail).parse();
}

type Fail = (message: string, at: number) => never;

function failure(code: ErrorCode): Fail {
  return (message, at) => {
    throw new RollcallError(code, `The filter does not parse: at position ${at + 1}, ${message}.`);
  };
}

function tokens(text: string): Token[] {
  const list: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [whole, ...groups] = match;
    const which = groups.findIndex((group) => group !== undefined);
    const content = groups[which] ?? "";
    const at = match.index + whole.length - content.length;
    list.push({ kind: KINDS[which] ?? "other", text: content, at });
  }
  list.push({ kind: "end", text: "", at: text.length });
  return list;
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #dialect: Dialect;
  readonly #fail: Fail;
  #at = 0;

  constructor(list: readonly Token[], dialect: Dialect, fail: Fail) {
    this.#tokens = list;
    this.#dialect = dialect;
    this.#fail = fail;
  }

  parse(): Filter {
    const filter = this.#or(0);
    const rest = this.#peek();
    if (rest.kind !== "end")
      this.#fail(`unexpected ${rest.text}; join comparisons with and, or`, rest.at);
    return filter;
  }

  #or(depth: number): Filter {
    return this.#joined("or", () => this.#joined("and", () => this.#term(depth)));
  }

  #joined(kind: "and" | "or", item: () => Filter): Filter {
    const first = item();
    const items = [first];
    while (this.#peek().kind === "word" && this.#peek().text.toLowerCase() === kind) {
      this.#at++;
      items.push(item());
    }
    return items.length === 1 ? first : { kind, items };
  }

  #term(depth: number): Filter {
    if (depth > MAX_DEPTH) this.#fail(`it is nested more than ${MAX_DEPTH} deep`, this.#peek().at);
    const token = this.#next();
    if (token.kind === "(") {
      const inner = this.#or(depth + 1);
      const close = this.#next();
      if (close.kind !== ")") this.#fail("`)` is missing", close.at);
      return inner;
    }
    if (token.kind !== "word" || /^(?:and|or)$/i.test(token.text))
      this.#fail("the name of an attribute is expected", token.at);
    if (token.text.toLowerCase() === "not") {
      if (!this.#dialect.not) this.#fail("not is not offered here", token.at);
      return { kind: "not", item: this.#term(depth + 1) };
    }
    return this.#comparison(token);
  }

  #comparison({ text: path, at }: Token): Filter {
    const fault = this.#dialect.pathFault(path);
    if (fault !== null) this.#fail(fault, at);
    const operators = this.#dialect.operatorsOf(path);
    const word = this.#next();
    const operator = word.text.toLowerCase();
    const known = word.kind === "word" && (operators as readonly string[]).includes(operator);
    if (!known) this.#fail(`an operator is expected: ${oneOf(operators)}`, word.at);
    if (operator === "pr") return { kind: "present", path };
    const comparison = operator as Comparison;
    const value = this.#dialect.valueOf(path, comparison, this.#next(), this.#fail);
    return { kind: "compare", path, operator: comparison, value };
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

/** The text of a string in double quotes, as JSON has them. */
export function readString(token: Token, fail: Fail): string {
  let text: string;
  try {
    text = String(JSON.parse(token.text));
  } catch {
    return fail("the string has an escape or a line break that JSON does not have", token.at);
  }
  if (!text.includes("\0") && text.isWellFormed()) return text;
  return fail("the string contains a character that nothing here has", token.at);
}
