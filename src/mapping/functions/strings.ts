import { find, splitBy } from "../../lib/find.ts";
import { EvaluationError } from "../problem.ts";
import { bounded, joined, MAX_TEXT, toIndex, toText, type Value } from "../values.ts";
import type { ExpressionFunction, Parameter } from "./definition.ts";

export const INPUT: Parameter = { name: "input", type: "string" };
export const SEARCH: Parameter = { name: "searchString", type: "string" };
const MATCH: Parameter = { name: "match", type: "string" };
const REPLACEMENT: Parameter = { name: "replacement", type: "string" };

/** Text before the first occurrence; without one, empty text. */
export function before(input: Value, search: Value): Value {
  const text = toText(input);
  if (text === null) return null;
  const at = find(text, toText(search) ?? "");
  return at < 0 ? "" : text.slice(0, at);
}

export function after(input: Value, search: Value): Value {
  const text = toText(input);
  if (text === null) return null;
  const wanted = toText(search) ?? "";
  const at = find(text, wanted);
  return at < 0 ? "" : text.slice(at + wanted.length);
}

/** Positions count characters, so that no character outside the basic plane is cut in two. */
export function substring(input: Value, from: Value, to?: Value): Value {
  const text = toText(input);
  if (text === null) return null;
  const start = Math.max(0, toIndex(from));
  const end = to === undefined ? text.length : Math.max(start, toIndex(to));
  return /[\ud800-\udfff]/.test(text)
    ? Array.from(text).slice(start, end).join("")
    : text.slice(start, end);
}

export function upper(input: Value): Value {
  const text = toText(input);
  return text === null ? null : bounded(text.toUpperCase());
}

export function lower(input: Value): Value {
  const text = toText(input);
  return text === null ? null : bounded(text.toLowerCase());
}

/** Characters, not UTF-16 units. */
export function length(input: Value): Value {
  const text = toText(input) ?? "";
  return /[\ud800-\udfff]/.test(text) ? Array.from(text).length : text.length;
}

export function removeSpaces(input: Value): Value {
  return toText(input)?.replaceAll(" ", "") ?? null;
}

/** Refuses before it builds: a one-letter match could multiply the text by the replacement. */
export function replace(input: Value, match: Value, replacement: Value): Value {
  const text = toText(input);
  const wanted = toText(match) ?? "";
  if (text === null || wanted === "") return text;
  const by = toText(replacement) ?? "";
  const parts = splitBy(text, wanted);
  if (text.length + (parts.length - 1) * (by.length - wanted.length) > MAX_TEXT)
    throw new EvaluationError(`The result is longer than ${MAX_TEXT} characters.`);
  return parts.join(by);
}

export function replaceFirst(input: Value, match: Value, replacement: Value): Value {
  const text = toText(input);
  const wanted = toText(match) ?? "";
  if (text === null || wanted === "") return text;
  const at = find(text, wanted);
  if (at < 0) return text;
  const by = toText(replacement) ?? "";
  return bounded(text.slice(0, at) + by + text.slice(at + wanted.length));
}

export function contains(input: Value, search: Value): Value {
  const text = toText(input);
  const wanted = toText(search);
  return text !== null && wanted !== null && find(text, wanted) >= 0;
}

function startsWith(input: Value, starts: Value): Value {
  const wanted = toText(starts);
  return wanted !== null && (toText(input)?.startsWith(wanted) ?? false);
}

function join(separator: Value, ...strings: Value[]): Value {
  const present = strings.map(toText).filter((text) => text !== null);
  return joined(present, toText(separator) ?? "");
}

function stringSwitch(input: Value, fallback: Value, ...pairs: Value[]): Value {
  const text = toText(input) ?? "";
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const key = toText(pairs[i]);
    if (key !== null && key !== "" && find(text, key) >= 0) return toText(pairs[i + 1]);
  }
  return toText(fallback);
}

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

export const STRINGS: readonly ExpressionFunction[] = [
  {
    name: "String.append",
    parameters: [INPUT, { name: "suffix", type: "string" }],
    returns: "string",
    describe: "input with suffix behind it; a missing one counts as empty",
    examples: [['String.append("This is", " a test")', "This is a test"]],
    evaluate: (input, suffix) => bounded((toText(input) ?? "") + (toText(suffix) ?? "")),
  },
  {
    name: "String.join",
    parameters: [{ name: "separator", type: "string" }],
    rest: { name: "strings", type: "string", every: 1 },
    returns: "string",
    describe: "the strings with separator between them; missing ones are left out",
    examples: [
      ['String.join(",", "This", "is", "a", "test")', "This,is,a,test"],
      ['String.join("-", appuser.nothing, appuser.givenName)', "Ada"],
    ],
    evaluate: join,
  },
  {
    name: "String.len",
    parameters: [INPUT],
    returns: "number",
    describe: "the length; 0 if missing",
    examples: [
      ['String.len("This")', 4],
      ["String.len(appuser.nothing)", 0],
    ],
    evaluate: length,
  },
  {
    name: "String.removeSpaces",
    parameters: [INPUT],
    returns: "string",
    describe: "without spaces",
    examples: [['String.removeSpaces("This is a test")', "Thisisatest"]],
    evaluate: removeSpaces,
  },
  {
    name: "String.replace",
    parameters: [INPUT, MATCH, REPLACEMENT],
    returns: "string",
    describe: "every occurrence of match replaced; match is text, not a pattern",
    examples: [
      ['String.replace("This list includes chores", "is", "at")', "That latt includes chores"],
    ],
    evaluate: replace,
  },
  {
    name: "String.replaceFirst",
    parameters: [INPUT, MATCH, REPLACEMENT],
    returns: "string",
    describe: "the first occurrence of match replaced; match is text, not a pattern",
    examples: [
      ['String.replaceFirst("This list includes chores", "is", "at")', "That list includes chores"],
    ],
    evaluate: replaceFirst,
  },
  {
    name: "String.startsWith",
    parameters: [INPUT, { name: "starts", type: "string" }],
    returns: "boolean",
    describe: "whether input begins with starts; false if missing",
    examples: [['String.startsWith("Kiss", "K")', true]],
    evaluate: startsWith,
  },
  {
    name: "String.stringContains",
    parameters: [INPUT, SEARCH],
    returns: "boolean",
    describe: "whether input contains searchString, with regard to case; false if missing",
    examples: [
      ['String.stringContains("This is a test", "test")', true],
      ['String.stringContains(appuser.nothing, "test")', false],
    ],
    evaluate: contains,
  },
  {
    name: "String.stringSwitch",
    parameters: [INPUT, { name: "defaultString", type: "string" }],
    rest: { name: "keyValuePairs", type: "string", every: 2 },
    returns: "string",
    describe: "the value of the first pair whose key occurs in input, else defaultString",
    examples: [
      [
        'String.stringSwitch("First match wins", "default", "absent", "value1", "wins", "value2", "match", "value3")',
        "value2",
      ],
    ],
    evaluate: stringSwitch,
  },
  {
    name: "String.substring",
    ...SUBSTRING,
    examples: [
      ['String.substring("This is a test", 2, 9)', "is is a"],
      ['String.substring("abc", 2, 99)', "c"],
    ],
  },
  {
    name: "String.substringAfter",
    ...AFTER,
    examples: [
      ['String.substringAfter("abc@okta.com", "@")', "okta.com"],
      ['String.substringAfter("abc", "@")', ""],
    ],
  },
  {
    name: "String.substringBefore",
    ...BEFORE,
    examples: [
      ['String.substringBefore("abc@okta.com", "@")', "abc"],
      ['String.substringBefore("abc", "@")', ""],
    ],
  },
  { name: "String.toUpperCase", ...UPPER, examples: [['String.toUpperCase("This")', "THIS"]] },
  {
    name: "String.toLowerCase",
    ...LOWER,
    examples: [
      ['String.toLowerCase("ThiS")', "this"],
      ["String.toLowerCase(appuser.nothing)", null],
    ],
  },
  // The older names.
  { name: "substring", ...SUBSTRING, examples: [["substring(appuser.givenName, 0, 1)", "A"]] },
  {
    name: "substringAfter",
    ...AFTER,
    examples: [["substringAfter(appuser.mail, '@')", "example.org"]],
  },
  { name: "substringBefore", ...BEFORE, examples: [["substringBefore(appuser.mail, '@')", "ada"]] },
  { name: "toUpperCase", ...UPPER, examples: [["toUpperCase(appuser.givenName)", "ADA"]] },
  { name: "toLowerCase", ...LOWER, examples: [["toLowerCase(appuser.givenName)", "ada"]] },
];
