import { EvaluationError } from "./problem.ts";
import type { Value } from "./tree.ts";

export type Type = "string" | "number" | "boolean" | "array" | "null" | "any";

/** A function of the expression language: one shape for all, in one table. */
export interface ExpressionFunction {
  readonly name: string;
  readonly parameters: readonly { readonly name: string; readonly type: Type }[];
  /** Type and name of further arguments, taken any number of times (in groups of `every`). */
  readonly rest?: { readonly name: string; readonly type: Type; readonly every: number };
  readonly returns: Type;
  readonly describe: string;
  evaluate(args: readonly Value[]): Value;
}

/** No expression may produce a longer text. */
export const MAX_TEXT = 65_536;

export function bounded(text: string): string {
  if (text.length > MAX_TEXT) {
    throw new EvaluationError(`The result is longer than ${MAX_TEXT} characters.`);
  }
  return text;
}

/** A value as text: null stays null, an array is a fault because one value is expected. */
export function toText(value: Value | undefined): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  if (typeof value === "object") {
    throw new EvaluationError(
      `There are ${value.length} values where one is expected; pick one, for example with [0].`,
      "platform.cvd.profile.property.constraint.violation.schema",
    );
  }
  return String(value);
}

function toIndex(value: Value | undefined): number {
  const number = typeof value === "string" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number)) {
    throw new EvaluationError("A position is not a number.");
  }
  return Math.trunc(number);
}

/** Transformations of one text: null in, null out. */
function onText(change: (text: string, args: readonly Value[]) => Value) {
  return (args: readonly Value[]): Value => {
    const text = toText(args[0]);
    return text === null ? null : change(text, args);
  };
}

const INPUT = { name: "input", type: "string" } as const;
const SEARCH = { name: "searchString", type: "string" } as const;

const before = onText((text, args) => {
  const search = toText(args[1]) ?? "";
  const at = text.indexOf(search);
  return at < 0 ? "" : text.slice(0, at);
});
const after = onText((text, args) => {
  const search = toText(args[1]) ?? "";
  const at = text.indexOf(search);
  return at < 0 ? "" : text.slice(at + search.length);
});
/** Positions count characters, so that no character outside the basic plane is cut in two. */
const substring = onText((text, args) => {
  const start = Math.max(0, toIndex(args[1]));
  const end = Math.max(start, toIndex(args[2]));
  return /[\ud800-\udfff]/.test(text)
    ? Array.from(text).slice(start, end).join("")
    : text.slice(start, end);
});
const upper = onText((text) => bounded(text.toUpperCase()));
const lower = onText((text) => bounded(text.toLowerCase()));

const BEFORE = {
  parameters: [INPUT, SEARCH],
  returns: "string",
  describe: "the part before the first occurrence; empty if it does not occur",
  evaluate: before,
} as const;
const AFTER = {
  parameters: [INPUT, SEARCH],
  returns: "string",
  describe: "the part after the first occurrence; empty if it does not occur",
  evaluate: after,
} as const;
const SUBSTRING = {
  parameters: [INPUT, { name: "startIndex", type: "number" }, { name: "endIndex", type: "number" }],
  returns: "string",
  describe: "from startIndex to before endIndex; positions beyond the text are cut to it",
  evaluate: substring,
} as const;
const UPPER = {
  parameters: [INPUT],
  returns: "string",
  describe: "in upper case",
  evaluate: upper,
} as const;
const LOWER = {
  parameters: [INPUT],
  returns: "string",
  describe: "in lower case",
  evaluate: lower,
} as const;

const TABLE: readonly ExpressionFunction[] = [
  {
    name: "String.append",
    parameters: [INPUT, { name: "suffix", type: "string" }],
    returns: "string",
    describe: "input with suffix behind it; a missing one counts as empty",
    evaluate: (args) => bounded((toText(args[0]) ?? "") + (toText(args[1]) ?? "")),
  },
  {
    name: "String.join",
    parameters: [{ name: "separator", type: "string" }],
    rest: { name: "strings", type: "string", every: 1 },
    returns: "string",
    describe: "the strings with separator between them; missing ones are left out",
    evaluate: ([separator, ...strings]) => {
      const present = strings.map(toText).filter((text) => text !== null);
      return bounded(present.join(toText(separator) ?? ""));
    },
  },
  {
    name: "String.len",
    parameters: [INPUT],
    returns: "number",
    describe: "the length; 0 if missing",
    evaluate: (args) => Array.from(toText(args[0]) ?? "").length,
  },
  {
    name: "String.removeSpaces",
    parameters: [INPUT],
    returns: "string",
    describe: "without spaces",
    evaluate: onText((text) => text.replaceAll(" ", "")),
  },
  {
    name: "String.replace",
    parameters: [INPUT, { name: "match", type: "string" }, { name: "replacement", type: "string" }],
    returns: "string",
    describe: "every occurrence of match replaced; match is text, not a pattern",
    evaluate: onText((text, args) => {
      const match = toText(args[1]) ?? "";
      return match === "" ? text : replaceAll(text, match, toText(args[2]) ?? "");
    }),
  },
  {
    name: "String.replaceFirst",
    parameters: [INPUT, { name: "match", type: "string" }, { name: "replacement", type: "string" }],
    returns: "string",
    describe: "the first occurrence of match replaced; match is text, not a pattern",
    evaluate: onText((text, args) => {
      const match = toText(args[1]) ?? "";
      return bounded(match === "" ? text : text.replace(match, () => toText(args[2]) ?? ""));
    }),
  },
  {
    name: "String.startsWith",
    parameters: [INPUT, { name: "starts", type: "string" }],
    returns: "boolean",
    describe: "whether input begins with starts; false if missing",
    evaluate: (args) => toText(args[0])?.startsWith(toText(args[1]) ?? "") ?? false,
  },
  {
    name: "String.stringContains",
    parameters: [INPUT, SEARCH],
    returns: "boolean",
    describe: "whether input contains searchString; false if missing",
    evaluate: (args) => toText(args[0])?.includes(toText(args[1]) ?? "") ?? false,
  },
  {
    name: "String.stringSwitch",
    parameters: [INPUT, { name: "defaultString", type: "string" }],
    rest: { name: "keyValuePairs", type: "string", every: 2 },
    returns: "string",
    describe: "the value of the first pair whose key occurs in input, else defaultString",
    evaluate: ([input, fallback, ...pairs]) => {
      const text = toText(input) ?? "";
      for (let i = 0; i + 1 < pairs.length; i += 2) {
        const key = toText(pairs[i]);
        if (key !== null && text.includes(key)) return toText(pairs[i + 1]);
      }
      return toText(fallback);
    },
  },
  { name: "String.substring", ...SUBSTRING },
  { name: "String.substringAfter", ...AFTER },
  { name: "String.substringBefore", ...BEFORE },
  { name: "String.toUpperCase", ...UPPER },
  { name: "String.toLowerCase", ...LOWER },
  { name: "substring", ...SUBSTRING },
  { name: "substringAfter", ...AFTER },
  { name: "substringBefore", ...BEFORE },
  { name: "toUpperCase", ...UPPER },
  { name: "toLowerCase", ...LOWER },
];

/** Refuses before it builds: a one-letter match could multiply the text by the replacement. */
function replaceAll(text: string, match: string, replacement: string): string {
  const parts = text.split(match);
  const grown = text.length + (parts.length - 1) * (replacement.length - match.length);
  if (grown > MAX_TEXT)
    throw new EvaluationError(`The result is longer than ${MAX_TEXT} characters.`);
  return parts.join(replacement);
}

/** By name. A Map, so that a name such as `constructor` finds nothing. */
export const FUNCTIONS: ReadonlyMap<string, ExpressionFunction> = new Map(
  TABLE.map((entry) => [entry.name, entry]),
);

/** "String.append(input, suffix)": how a function is called. */
export function signature(entry: ExpressionFunction): string {
  const names = entry.parameters.map((parameter) => parameter.name);
  if (entry.rest !== undefined) names.push(`${entry.rest.name}…`);
  return `${entry.name}(${names.join(", ")})`;
}
