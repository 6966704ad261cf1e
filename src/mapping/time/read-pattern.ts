/** Reads texts by a pattern of Joda-Time, as `pattern.ts` writes them. */
import { EvaluationError } from "../problem.ts";
import { daysInMonth, daysOf, DAY_MS, isLeap, millisOf } from "./calendar.ts";
import { fromFields, shown, type Moment } from "./moment.ts";
import { DAYS, MONTHS, patternOf, type Token } from "./pattern.ts";
import { UTC, zoneOf, type Zone } from "./zones.ts";

/** Letters that are read as numbers, with the least and the greatest value. */
const NUMBERS: ReadonlyMap<string, readonly [least: number, most: number]> = new Map([
  ["Y", [0, 9999]],
  ["y", [0, 9999]],
  ["M", [1, 12]],
  ["d", [1, 31]],
  ["D", [1, 366]],
  ["e", [1, 7]],
  ["H", [0, 23]],
  ["k", [1, 24]],
  ["K", [0, 11]],
  ["h", [1, 12]],
  ["m", [0, 59]],
  ["s", [0, 59]],
  ["S", [0, 999]],
]);
/** What a text cannot be read by, because it does not name a day. */
const WRITE_ONLY = new Set(["C", "x", "w"]);

/**
 * Reads a text; without a zone in it, it is UTC. Years of two digits are 1950 to 2049.
 * @throws EvaluationError if it does not follow the pattern, with what was expected where
 */
export function readPattern(text: string, pattern: string): Moment {
  return new Reader(text, pattern).read();
}

/** What calendars and servers write for offsets, and zones have no name for. */
const ABBREVIATIONS: ReadonlyMap<string, string> = new Map([
  ["EDT", "-04:00"],
  ["CDT", "-05:00"],
  ["MDT", "-06:00"],
  ["PDT", "-07:00"],
  ["AKDT", "-08:00"],
  ["WET", "Z"],
  ["WEST", "+01:00"],
  ["CET", "+01:00"],
  ["CEST", "+02:00"],
  ["EET", "+02:00"],
  ["EEST", "+03:00"],
]);

type Field = Token & { readonly kind: "field" };

class Reader {
  readonly #text: string;
  readonly #pattern: string;
  readonly #found = new Map<string, number>();
  #at = 0;
  #zone: Zone = UTC;
  #offset: number | null = null;

  constructor(text: string, pattern: string) {
    this.#text = text;
    this.#pattern = pattern;
  }

  read(): Moment {
    const tokens = patternOf(this.#pattern);
    for (const [i, token] of tokens.entries()) {
      if (token.kind === "text") this.#literal(token.text);
      else this.#field(token, tokens[i + 1]);
    }
    if (this.#at < this.#text.length) this.#fail("its end");
    const place = { offset: this.#offset, zone: this.#zone };
    return fromFields(this.#local(), place, this.#found.has("S"));
  }

  #literal(text: string): void {
    if (!this.#text.startsWith(text, this.#at)) this.#fail(JSON.stringify(text));
    this.#at += text.length;
  }

  #field(token: Field, next: Token | undefined): void {
    const { letter, count } = token;
    if (WRITE_ONLY.has(letter))
      throw new EvaluationError(`A time cannot be read by ${letter}; use the letters of a date.`);
    if (letter === "a") this.#found.set("a", this.#name(["am", "pm"], 2));
    else if (letter === "G") this.#found.set("G", this.#name(["bc", "ad"], 2));
    else if (letter === "E") this.#name(DAYS, 3);
    else if (letter === "M" && count > 2) this.#found.set("M", this.#name(MONTHS, 3) + 1);
    else if (letter === "z") this.#readZone(/[A-Za-z][A-Za-z0-9_/+-]*/y);
    else if (letter === "Z")
      this.#readZone(count > 2 ? /[A-Za-z0-9_/+:-]+/y : /Z|[+-]\d{2}(?::?\d{2})?/y);
    else this.#number(letter, count, isNumeric(next));
  }

  /** The position of a name, whole or by its first letters. */
  #name(names: readonly string[], short: number): number {
    const rest = this.#text.slice(this.#at, this.#at + 12).toLowerCase();
    for (const [i, name] of names.entries()) {
      const lower = name.toLowerCase();
      const length = rest.startsWith(lower) ? lower.length : short;
      if (!rest.startsWith(lower.slice(0, length))) continue;
      this.#at += length;
      return i;
    }
    return this.#fail(`one of ${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""}`);
  }

  #readZone(form: RegExp): void {
    form.lastIndex = this.#at;
    const [name] = form.exec(this.#text.slice(0, this.#at + 80)) ?? [];
    const zone = name === undefined ? null : zoneOf(ABBREVIATIONS.get(name) ?? name);
    if (name === undefined || zone === null) this.#fail("a time zone");
    this.#at += name.length;
    this.#zone = zone;
    if (/^[Z+-]/.test(zone.id)) this.#offset = zone.offsetAt(0);
  }

  /** @param tight whether the next field is a number, too; then this one has exactly its width */
  #number(letter: string, count: number, tight: boolean): void {
    const form = tight ? new RegExp(`\\d{${count}}`, "y") : /\d{1,9}/y;
    form.lastIndex = this.#at;
    const [digits = ""] = form.exec(this.#text) ?? [];
    const [least, most] = NUMBERS.get(letter) ?? [0, 0];
    const number = letter === "S" ? Number(digits.padEnd(3, "0").slice(0, 3)) : Number(digits);
    if (digits === "" || number < least || number > most)
      this.#fail(`a number from ${least} to ${most}`);
    this.#at += digits.length;
    const short = (letter === "y" || letter === "Y") && count === 2 && digits.length === 2;
    this.#found.set(letter, short ? number + (number < 50 ? 2000 : 1900) : number);
  }

  #local(): number {
    const found = (letter: string): number | undefined => this.#found.get(letter);
    const dated = ["M", "d", "D"].some((letter) => this.#found.has(letter));
    const ofEra = found("y") ?? found("Y") ?? (dated ? 2000 : 1970);
    const year = found("G") === 0 ? 1 - ofEra : ofEra;
    const [month, day] = [found("M") ?? 1, found("d") ?? 1];
    if (day > daysInMonth(year, month)) this.#fail(`a day of that month`);
    const minute = found("m") ?? 0;
    const second = found("s") ?? 0;
    const millisecond = found("S") ?? 0;
    const local = millisOf({ year, month, day, hour: this.#hour(), minute, second, millisecond });
    const dayOfYear = found("D");
    if (dayOfYear === undefined || this.#found.has("d")) return local;
    if (dayOfYear === 366 && !isLeap(year)) this.#fail("a day of that year");
    return local + (daysOf(year, 1, dayOfYear) - daysOf(year, month, 1)) * DAY_MS;
  }

  #hour(): number {
    const half = (this.#found.get("a") ?? 0) * 12;
    const clock = this.#found.get("h");
    if (clock !== undefined) return (clock % 12) + half;
    const ofHalf = this.#found.get("K");
    if (ofHalf !== undefined) return ofHalf + half;
    return this.#found.get("H") ?? (this.#found.get("k") ?? 0) % 24;
  }

  #fail(expected: string): never {
    const where = this.#at === 0 ? "" : ` at character ${this.#at + 1}`;
    throw new EvaluationError(
      `${shown(this.#text)} does not follow the pattern ${JSON.stringify(this.#pattern)}: expected is ${expected}${where}.`,
    );
  }
}

function isNumeric(token: Token | undefined): boolean {
  if (token?.kind !== "field") return false;
  return NUMBERS.has(token.letter) && !(token.letter === "M" && token.count > 2);
}
