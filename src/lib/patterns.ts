/**
 * Regular expressions by RE2, whose time is linear in the text times the size of the pattern: no
 * pattern and no value can make an import stand still. What RE2 leaves out for that (look-around,
 * back references) is refused; so are patterns that repeat so often that they become large, and
 * texts that are too long for the pattern.
 */
import { RE2JS, RE2JSException } from "re2js";

/** What is no pattern, or too large a one, or a text that is too long for it. */
export class PatternError extends Error {}

const MAX_PATTERN = 1000;
/** Characters times repetitions: what a pattern would become by writing it out. */
const MAX_WRITTEN_OUT = 20_000;
const MAX_PROGRAM = 5000;
/** Steps of the slowest way to match; about half a second. */
const MAX_STEPS = 10_000_000;
const MAX_CACHED = 100_000;

interface Compiled {
  readonly pattern: RE2JS;
  readonly size: number;
}

const cache = new Map<string, Compiled>();
let cached = 0;

/** @throws PatternError for what is no pattern, or too large a one */
export function compilePattern(text: string): (text: string) => boolean {
  const { pattern, size } = compiledOf(text);
  return (value) => {
    if (value.length * size > MAX_STEPS) {
      const message = `A text of ${value.length} characters is too long for the pattern ${quoted(text)}.`;
      throw new PatternError(message);
    }
    return pattern.testExact(value);
  };
}

/** Whether the whole text matches, as Java's `matches`. */
export function matchesWhole(text: string, pattern: string): boolean {
  return compilePattern(pattern)(text);
}

/** Why a text is no pattern; null if it is one. */
export function patternFault(pattern: string): string | null {
  try {
    compiledOf(pattern);
    return null;
  } catch (error) {
    if (error instanceof PatternError) return error.message;
    throw error;
  }
}

function compiledOf(text: string): Compiled {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const compiled = compile(text);
  if (cached + compiled.size > MAX_CACHED) {
    cache.clear();
    cached = 0;
  }
  cached += compiled.size;
  cache.set(text, compiled);
  return compiled;
}

function compile(text: string): Compiled {
  if (text.length > MAX_PATTERN)
    throw new PatternError(`A regular expression may have at most ${MAX_PATTERN} characters.`);
  if (text.length * repetitions(text) > MAX_WRITTEN_OUT) throw tooLarge(text);
  // Java's intersection of classes would be read as two signs, and match something else.
  if (hasIntersection(text))
    throw new PatternError(
      `The pattern ${quoted(text)} intersects classes with &&, which RE2 does not have.`,
    );
  try {
    const pattern = RE2JS.compile(text);
    const size = Math.max(1, pattern.programSize());
    if (size > MAX_PROGRAM) throw tooLarge(text);
    return { pattern, size };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    const hint = /\\p\{(?:Alpha|Upper|Lower|Digit|Alnum|Punct|Space)\}/.test(text)
      ? "; classes such as \\p{Alpha} are written [[:alpha:]]"
      : "";
    const message = `${quoted(text)} is not a regular expression (RE2 syntax): ${error.message}${hint}.`;
    throw new PatternError(message);
  }
}

function hasIntersection(text: string): boolean {
  const [, ...classes] = text.split("[");
  return classes.some((one) => one.split("]", 1)[0]?.includes("&&") === true);
}

/** The sum of the greatest numbers of all repetitions. */
function repetitions(text: string): number {
  let sum = 0;
  for (const [, least = "0", most = least] of text.matchAll(/\{(\d{1,5})(?:,(\d{0,5}))?\}/g))
    sum += Math.max(Number(least), Number(most));
  return sum;
}

function tooLarge(text: string): PatternError {
  return new PatternError(`The pattern ${quoted(text)} repeats too much.`);
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57).toWellFormed()}…` : text);
}
