import { CODES, ExpressionFault } from "./problem.ts";

export type TokenKind = "string" | "number" | "name" | "operator" | "end";

export interface Token {
  readonly kind: TokenKind;
  /** A string's content without its quotes; otherwise the text itself. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Longer expressions are refused, so that no configuration can make checking slow. */
export const MAX_SOURCE = 4096;

const OPERATORS = [
  "==",
  "!=",
  "<=",
  ">=",
  "&&",
  "||",
  "?:",
  "?.",
  "+",
  "-",
  "*",
  "/",
  "%",
  "<",
  ">",
  "!",
  "?",
  ":",
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  ",",
  ".",
  "=",
];
const NAME_START = /[\p{L}_$]/u;
const NAME = /[\p{L}\p{N}_$]*/uy;
const NUMBER = /\d+(?:\.\d+)?/y;
const SPACE = /\s*/y;

/**
 * Splits an expression into tokens. Strings stand in single or double quotes; a backslash is an
 * ordinary character; a quote inside is written twice.
 * @throws ExpressionFault at the first character that fits nothing
 */
export function tokenize(source: string): Token[] {
  if (source.length > MAX_SOURCE) {
    const message = `The expression is longer than ${MAX_SOURCE} characters.`;
    throw new ExpressionFault(CODES.syntax, message, MAX_SOURCE, source.length);
  }
  const tokens: Token[] = [];
  let at = skip(SPACE, source, 0);
  while (at < source.length) {
    const token = nextToken(source, at);
    tokens.push(token);
    at = skip(SPACE, source, token.end);
  }
  tokens.push({ kind: "end", text: "", start: source.length, end: source.length });
  return tokens;
}

function nextToken(source: string, at: number): Token {
  const first = String.fromCodePoint(source.codePointAt(at) ?? 0);
  if (first === '"' || first === "'") return stringToken(source, at, first);
  if (/\d/.test(first)) return textToken("number", source, at, skip(NUMBER, source, at));
  if (NAME_START.test(first)) return textToken("name", source, at, skip(NAME, source, at));
  const operator = OPERATORS.find((candidate) => source.startsWith(candidate, at));
  if (operator !== undefined) return textToken("operator", source, at, at + operator.length);
  const hint = /[“”„‘’‚«»]/u.test(first) ? "; texts stand in plain quotes, \" or '" : "";
  const message = `Unexpected character ${first}${hint}`;
  throw new ExpressionFault(CODES.syntax, message, at, at + first.length);
}

function stringToken(source: string, start: number, quote: string): Token {
  let text = "";
  let from = start + 1;
  for (;;) {
    const close = source.indexOf(quote, from);
    if (close < 0) {
      const message = `The string that begins here has no closing ${quote}`;
      throw new ExpressionFault(CODES.syntax, message, start, source.length);
    }
    text += source.slice(from, close);
    if (source[close + 1] !== quote) {
      requireStorable(text, start, close + 1);
      return { kind: "string", text, start, end: close + 1 };
    }
    text += quote;
    from = close + 2;
  }
}

/** A value with it could not be kept: everybody whom it is for would fail. */
function requireStorable(text: string, start: number, end: number): void {
  if (text.isWellFormed() && !text.includes("\0")) return;
  const message = "The string holds a sign that no database keeps: NUL, or half of one";
  throw new ExpressionFault(CODES.syntax, message, start, end);
}

function textToken(kind: TokenKind, source: string, start: number, end: number): Token {
  return { kind, text: source.slice(start, end), start, end };
}

function skip(pattern: RegExp, source: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(source) ? pattern.lastIndex : at;
}
