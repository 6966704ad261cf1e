/** Regular expressions of `matches` and of functions: what is wrong with them fails the mapping. */
import * as patterns from "../lib/patterns.ts";
import { EvaluationError } from "./problem.ts";

export { patternFault } from "../lib/patterns.ts";

/** @throws EvaluationError for what is no pattern, or too large a one */
export function compilePattern(text: string): (text: string) => boolean {
  const matches = asEvaluation(() => patterns.compilePattern(text));
  return (value) => asEvaluation(() => matches(value));
}

/** Whether the whole text matches, as Java's `matches`. @throws EvaluationError */
export function matchesWhole(text: string, pattern: string): boolean {
  return asEvaluation(() => patterns.matchesWhole(text, pattern));
}

function asEvaluation<T>(attempt: () => T): T {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof patterns.PatternError) throw new EvaluationError(error.message);
    throw error;
  }
}
