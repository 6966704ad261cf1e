/** Conditions on what is few: comparisons with `eq` and `sw`, joined by `and`. */
import { OktaError } from "./errors.ts";

export interface Condition<P extends string> {
  readonly path: P;
  readonly operator: "eq" | "sw";
  readonly value: string;
}

/** @param paths what can be compared @throws OktaError E0000031 */
export function readConditions<P extends string>(
  text: string | null,
  paths: readonly P[],
): Condition<P>[] {
  if (text === null) return [];
  const words = wordsOf(text);
  const conditions: Condition<P>[] = [];
  for (let at = 0; at <= words.length; at += 4) {
    const [name = "", operator = "", quoted = "", and = "and"] = words.slice(at, at + 4);
    const path = paths.find((one) => one.toLowerCase() === name.toLowerCase());
    const value = textOf(quoted);
    const comparison = operator.toLowerCase();
    const known = comparison === "eq" || comparison === "sw";
    if (path === undefined || value === null || !known || and.toLowerCase() !== "and")
      throw unreadable(paths);
    conditions.push({ path, operator: comparison, value });
    if (at + 3 >= words.length) return conditions;
  }
  throw unreadable(paths);
}

/** Words as they stand, and strings with their quotes; a string that does not end is none. */
function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === " ") continue;
    let end = at + 1;
    if (text[at] === '"') {
      while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
      end++;
    } else while (end < text.length && text[end] !== " " && text[end] !== '"') end++;
    words.push(text.slice(at, end));
    at = end - 1;
  }
  return words;
}

function textOf(quoted: string): string | null {
  try {
    const text: unknown = JSON.parse(quoted);
    return typeof text === "string" && text.isWellFormed() && !text.includes("\0") ? text : null;
  } catch {
    return null;
  }
}

function unreadable(paths: readonly string[]): OktaError {
  const offered = `Offered: ${paths.join(", ")}, each with eq or sw and a value in double quotes, joined by and.`;
  return new OktaError(400, "E0000031", "Invalid search criteria.", [offered]);
}
