/**
 * What expressions compute with. Besides text, numbers and truth values there are a few things of
 * their own kind: moments, countries, groups, and records (a profile). They answer to the names
 * that they know and to nothing else, so no name leads into JavaScript's own objects.
 */
import type { Country } from "./countries.ts";
import { EvaluationError } from "./problem.ts";
import { formatMoment, type Moment } from "./time/moment.ts";

export type Value =
  | string
  | number
  | boolean
  | null
  | readonly Value[]
  | Moment
  | CountryValue
  | GroupValue
  | RecordValue
  | MapValue;

/** Anything that is not JSON by itself. */
export type Thing = Extract<Value, { readonly kind: string }>;

export interface CountryValue {
  readonly kind: "country";
  readonly country: Country;
}

/** A group that the person is a member of. */
export interface GroupValue {
  readonly kind: "group";
  readonly id: string;
  readonly name: string;
  /** OKTA_GROUP, APP_GROUP or BUILT_IN. */
  readonly type: string;
  readonly sourceId: string;
  /** `active_directory`, or the same as `sourceId`. */
  readonly sourceType: string;
}

/** A profile, or another object of the context; `member` gives null for what it does not have. */
export interface RecordValue {
  readonly kind: "record";
  member(name: string): Value;
}

/** `{'key': value}`, which only functions take. */
export interface MapValue {
  readonly kind: "map";
  readonly pairs: ReadonlyMap<string, Value>;
}

const SCHEMA_CODE = "platform.cvd.profile.property.constraint.violation.schema";

/** No expression may produce a longer text. */
export const MAX_TEXT = 65_536;
/** … nor a longer array. */
export const MAX_ITEMS = 65_536;

export function bounded(text: string): string {
  if (text.length > MAX_TEXT)
    throw new EvaluationError(`The result is longer than ${MAX_TEXT} characters.`);
  return text;
}

/** @throws EvaluationError if there are too many values in it, those of inner arrays counted */
export function boundedArray(items: readonly Value[]): readonly Value[] {
  count(items, MAX_ITEMS);
  return items;
}

function count(items: readonly Value[], allowed: number): number {
  let left = allowed - items.length;
  for (const item of items) {
    if (left < 0) throw new EvaluationError(`The result has more than ${MAX_ITEMS} values.`);
    if (isArray(item)) left = count(item, left);
  }
  if (left < 0) throw new EvaluationError(`The result has more than ${MAX_ITEMS} values.`);
  return left;
}

/** Texts with something between them; refuses before it has built more than is allowed. */
export function joined(texts: readonly string[], separator: string): string {
  let length = separator.length * Math.max(0, texts.length - 1);
  for (const text of texts) length += text.length;
  if (length > MAX_TEXT)
    throw new EvaluationError(`The result is longer than ${MAX_TEXT} characters.`);
  return texts.join(separator);
}

export function isThing(value: Value | undefined): value is Thing {
  return typeof value === "object" && value !== null && "kind" in value;
}

export function isArray(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** A value as text: null stays null, an array is a fault because one value is expected. */
export function toText(value: Value | undefined): string | null {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return null;
  if (typeof value !== "object") return String(value);
  if (isArray(value)) {
    throw new EvaluationError(
      `There are ${value.length} values where one is expected; pick one, for example with [0].`,
      SCHEMA_CODE,
    );
  }
  return thingText(value);
}

function thingText(thing: Thing): string {
  switch (thing.kind) {
    case "moment":
      return formatMoment(thing);
    case "country":
      return thing.country.alpha2;
    case "group":
      return thing.id;
    case "record":
      throw new EvaluationError("A profile is no value; name one of its attributes.", SCHEMA_CODE);
    case "map":
      throw new EvaluationError("A map is no value; only functions take it.", SCHEMA_CODE);
  }
}

/** Text that spells a number; NaN if it does not. */
export function spelled(text: string): number {
  return /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(text)
    ? Number(text) + 0
    : Number.NaN;
}

export function toNumber(value: Value | undefined): number {
  if (typeof value === "number") return value;
  const number = typeof value === "string" ? spelled(value) : Number.NaN;
  if (!Number.isFinite(number)) throw new EvaluationError(`${show(value)} is not a number.`);
  return number;
}

/** A position in a text or an array. */
export function toIndex(value: Value | undefined): number {
  return Math.trunc(toNumber(value));
}

/** A condition: true, false, null (counts as false), or the text of a directory's boolean. */
export function toBoolean(value: Value): boolean {
  if (typeof value === "boolean") return value;
  if (value === null || value === "") return false;
  const text = typeof value === "string" ? value.toLowerCase() : "";
  if (text === "true") return true;
  if (text === "false") return false;
  throw new EvaluationError(`${show(value)} is neither true nor false.`);
}

/** A value in a message: short, and never more of it than a glimpse. */
export function show(value: Value | undefined): string {
  if (value === undefined) return "Nothing";
  if (isArray(value)) return `An array of ${value.length} values`;
  if (isThing(value)) return `A ${value.kind}`;
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 57).toWellFormed()}…` : value);
}

/**
 * A result without things: moments and countries become text, groups their identifiers.
 * @throws EvaluationError for a profile or a map
 */
export function plain(value: Value): PlainValue {
  if (typeof value !== "object" || value === null) return value;
  if (isArray(value)) return value.map(plain);
  return thingText(value);
}

export type PlainValue = string | number | boolean | null | readonly PlainValue[];
