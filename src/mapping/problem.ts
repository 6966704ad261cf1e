import type { ErrorCode } from "../model/errors.ts";

/** A fault of an expression, with its place in the text (UTF-16 units from 0). */
export interface ExpressionProblem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

const PREFIX = "platform.cvd.profile.expression";

export const CODES = {
  syntax: `${PREFIX}.invalid.syntax`,
  unknownFunction: `${PREFIX}.function.not.found`,
  argumentCount: `${PREFIX}.method.param.count.mismatch`,
  type: `${PREFIX}.invalid.return.type`,
  unknownName: `${PREFIX}.propertyIsNotFound`,
  wrongDirection: `${PREFIX}.mappingToSameProfileNotAllowed`,
  unsupported: `${PREFIX}.unsupported.construct`,
  evaluation: `${PREFIX}.uncategorized.error`,
} as const satisfies Record<string, ErrorCode>;

/** Thrown inside the tokenizer and the parser, which stop at the first fault. */
export class ExpressionFault extends Error {
  readonly problem: ExpressionProblem;

  constructor(code: ErrorCode, message: string, start: number, end: number) {
    super(message);
    this.problem = { code, message, start, end };
  }
}

/**
 * Thrown while an expression is evaluated for one person; the code is of the error catalogue.
 * It fails that person's update and nothing else.
 */
export class EvaluationError extends Error {
  readonly code: ErrorCode;

  constructor(message: string, code: ErrorCode = CODES.evaluation) {
    super(message);
    this.code = code;
  }
}

/** "column 5", or "line 2, column 5" of an expression with several lines. */
export function positionOf(text: string, { start }: Pick<ExpressionProblem, "start">): string {
  const before = text.slice(0, start).split("\n");
  const column = `column ${(before.at(-1)?.length ?? 0) + 1}`;
  return text.includes("\n") ? `line ${before.length}, ${column}` : column;
}

/** The expression, and below it a caret under the place: two lines for a terminal. */
export function caret(text: string, problem: ExpressionProblem): string {
  const lineStart = problem.start === 0 ? 0 : text.lastIndexOf("\n", problem.start - 1) + 1;
  const lineEnd = text.indexOf("\n", lineStart);
  const line = text.slice(lineStart, lineEnd < 0 ? undefined : lineEnd);
  const column = problem.start - lineStart;
  const width = Math.max(1, Math.min(problem.end, lineStart + line.length) - problem.start);
  return `${line}\n${" ".repeat(column)}${"^".repeat(width)}`;
}
