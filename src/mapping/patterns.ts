/**
 * Regular expressions by RE2, whose time is linear in the text: no pattern and no value can make an
 * import stand still. What RE2 leaves out for that (look-around, back references) is refused.
 */
import { RE2JS, RE2JSException } from "re2js";
import { EvaluationError } from "./problem.ts";

const MAX_PATTERN = 1000;
const compiled = new Map<string, RE2JS>();
const MAX_COMPILED = 500;

/** @throws EvaluationError for what is no pattern */
export function compilePattern(pattern: string): RE2JS {
  const cached = compiled.get(pattern);
  if (cached !== undefined) return cached;
  const fault = patternFault(pattern);
  if (fault !== null) throw new EvaluationError(fault);
  const fresh = RE2JS.compile(pattern);
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  compiled.set(pattern, fresh);
  return fresh;
}

/** Why a text is no pattern; null if it is one. */
export function patternFault(pattern: string): string | null {
  if (pattern.length > MAX_PATTERN)
    return `A regular expression may have at most ${MAX_PATTERN} characters.`;
  try {
    RE2JS.compile(pattern);
    return null;
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return `${JSON.stringify(pattern)} is not a regular expression (RE2 syntax): ${error.message}.`;
  }
}

/** Whether the whole text matches, as Java's `matches`. */
export function matchesWhole(text: string, pattern: string): boolean {
  return compilePattern(pattern).testExact(text);
}
