/**
 * Patterns of Joda-Time's DateTimeFormat: letters stand for fields, their number for the width,
 * text stands in single quotes (two of them are one). A pattern is compiled once and then formats
 * and reads. Names of months and days are English.
 */
import { EvaluationError } from "../problem.ts";
import {
  dayOfYear,
  daysOf,
  fieldsOf,
  isoWeek,
  pad,
  weekday,
  type DateTimeFields,
} from "./calendar.ts";
import type { Moment } from "./moment.ts";
import { offsetText } from "./zones.ts";

export type Token =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "field"; readonly letter: string; readonly count: number };

export const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
export const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

const MAX_PATTERN = 200;
const MAX_COUNT = 20;
const compiled = new Map<string, readonly Token[]>();
const MAX_COMPILED = 1000;

/** @throws EvaluationError for a letter that stands for nothing, or a quote that is not closed */
export function patternOf(pattern: string): readonly Token[] {
  const cached = compiled.get(pattern);
  if (cached !== undefined) return cached;
  const tokens = tokensOf(pattern);
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  compiled.set(pattern, tokens);
  return tokens;
}

function tokensOf(pattern: string): readonly Token[] {
  if (pattern === "" || pattern.length > MAX_PATTERN)
    throw new EvaluationError(`A pattern for times has 1 to ${MAX_PATTERN} characters.`);
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length;) {
    const letter = pattern.charAt(at);
    if (letter === "'") {
      const { text, end } = quotedText(pattern, at);
      tokens.push({ kind: "text", text });
      at = end;
    } else if (/[A-Za-z]/.test(letter)) {
      const { token, end } = fieldAt(pattern, at);
      tokens.push(token);
      at = end;
    } else {
      tokens.push({ kind: "text", text: letter });
      at++;
    }
  }
  return tokens;
}

function fieldAt(pattern: string, start: number): { token: Token; end: number } {
  const letter = pattern.charAt(start);
  let end = start;
  while (pattern[end] === letter) end++;
  const count = end - start;
  if (!FORMATTERS.has(letter) || count > MAX_COUNT) {
    const hint = `text stands in single quotes, and the letters are ${[...FORMATTERS.keys()].join("")}`;
    throw new EvaluationError(
      `${letter.repeat(Math.min(count, 3))} in the pattern ${JSON.stringify(pattern)} stands for nothing; ${hint}.`,
    );
  }
  return { token: { kind: "field", letter, count }, end };
}

function quotedText(pattern: string, start: number): { text: string; end: number } {
  let text = "";
  for (let at = start + 1; at < pattern.length; at++) {
    if (pattern[at] !== "'") text += pattern.charAt(at);
    else if (pattern[at + 1] !== "'") return { text: text === "" ? "'" : text, end: at + 1 };
    else text += pattern.charAt(++at);
  }
  throw new EvaluationError(`A quote in the pattern ${JSON.stringify(pattern)} is not closed.`);
}

interface Shown {
  readonly fields: DateTimeFields;
  readonly moment: Moment;
  readonly offset: number;
}

type Formatter = (shown: Shown, count: number) => string;

const number =
  (value: (fields: DateTimeFields) => number): Formatter =>
  ({ fields }, count) =>
    pad(value(fields), count);
const year =
  (value: (fields: DateTimeFields) => number): Formatter =>
  ({ fields }, count) =>
    count === 2 ? pad(Math.abs(value(fields)) % 100, 2) : pad(value(fields), count);
const dayOfWeek = ({ year, month, day }: DateTimeFields): number =>
  weekday(daysOf(year, month, day));

const FORMATTERS: ReadonlyMap<string, Formatter> = new Map<string, Formatter>([
  ["G", ({ fields }) => (fields.year > 0 ? "AD" : "BC")],
  ["C", number(({ year }) => Math.floor(year / 100))],
  ["Y", year(({ year }) => (year > 0 ? year : 1 - year))],
  ["y", year(({ year }) => year)],
  ["x", year((fields) => isoWeek(fields).year)],
  ["w", number((fields) => isoWeek(fields).week)],
  ["e", number(dayOfWeek)],
  ["E", ({ fields }, count) => nameText(DAYS[dayOfWeek(fields) - 1], count)],
  ["D", number(dayOfYear)],
  [
    "M",
    ({ fields: { month } }, count) =>
      count > 2 ? nameText(MONTHS[month - 1], count) : pad(month, count),
  ],
  ["d", number(({ day }) => day)],
  ["a", ({ fields }) => (fields.hour < 12 ? "AM" : "PM")],
  ["K", number(({ hour }) => hour % 12)],
  ["h", number(({ hour }) => (hour % 12 === 0 ? 12 : hour % 12))],
  ["H", number(({ hour }) => hour)],
  ["k", number(({ hour }) => (hour === 0 ? 24 : hour))],
  ["m", number(({ minute }) => minute)],
  ["s", number(({ second }) => second)],
  ["S", ({ fields }, count) => pad(fields.millisecond, 3).slice(0, count).padEnd(count, "0")],
  ["z", ({ moment }, count) => zoneName(moment, count > 3 ? "long" : "short")],
  [
    "Z",
    ({ moment, offset }, count) =>
      count > 2 ? zoneId(moment) : offsetText(offset, count > 1 ? ":" : ""),
  ],
]);

/** A moment in the words of a pattern, in its own zone. */
export function formatPattern(moment: Moment, pattern: string): string {
  const offset = moment.zone.offsetAt(moment.millis);
  const shown = { fields: fieldsOf(moment.millis + offset), moment, offset };
  let text = "";
  for (const token of patternOf(pattern)) {
    if (token.kind === "text") text += token.text;
    else text += FORMATTERS.get(token.letter)?.(shown, token.count) ?? "";
  }
  return text;
}

function nameText(name: string | undefined, count: number): string {
  return count > 3 ? (name ?? "") : (name ?? "").slice(0, 3);
}

function zoneId({ zone }: Moment): string {
  return zone.id === "Z" ? "UTC" : zone.id;
}

function zoneName(moment: Moment, style: "short" | "long"): string {
  const timeZone = zoneId(moment);
  const format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: style });
  const part = format.formatToParts(moment.millis).find(({ type }) => type === "timeZoneName");
  return part?.value ?? timeZone;
}
