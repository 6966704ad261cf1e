/** The newer dialect's functions, which stand behind a value: `appuser.mail.substringBefore("@")`. */
import { countryOf, type Country } from "../countries.ts";
import { EvaluationError } from "../problem.ts";
import { DAY_MS } from "../time/calendar.ts";
import {
  formatZoned,
  moment,
  parseIso,
  plusDays,
  plusMillis,
  type Moment,
} from "../time/moment.ts";
import { formatPattern } from "../time/pattern.ts";
import { isArray, isThing, show, toNumber, toText, type Value } from "../values.ts";
import * as arrays from "./arrays.ts";
import { rounded, toNum } from "./conversions.ts";
import { inFacts, type Example, type Method, type Parameter, type Type } from "./definition.ts";
import { INPUT, SEARCH } from "./strings.ts";
import * as strings from "./strings.ts";
import * as times from "./times.ts";

const ARRAY: Parameter = { name: "array", type: "array" };
const VALUE: Parameter = { name: "value", type: "any" };
const AMOUNT: Parameter = { name: "amount", type: "number" };
const TIME: Parameter = { name: "time", type: "dateTime" };
const CODE: Parameter = { name: "country", type: "country" };
const MATCHING: readonly Parameter[] = [
  INPUT,
  { name: "match", type: "string" },
  { name: "replacement", type: "string" },
];

/** The newer dialect's whole numbers overflow as Java's do. */
function toInteger(value: Value): Value {
  const number = rounded(value);
  return number === null ? null : number | 0;
}

function toCountry(value: Value): Value {
  if (isThing(value) && value.kind === "country") return value;
  const country = countryOf(toText(value) ?? "");
  return country === undefined ? null : { kind: "country", country };
}

function ofCountry(pick: (country: Country) => string) {
  return (value: Value): Value => {
    const found = toCountry(value);
    return isThing(found) && found.kind === "country" ? pick(found.country) : null;
  };
}

/** Text that is a time is written as one; other text is itself. */
function toString(value: Value, format: Value = null): Value {
  const parsed = typeof value === "string" ? parseIso(value) : value;
  const time = isThing(parsed) && parsed.kind === "moment" ? parsed : null;
  if (time === null) {
    if (format !== null && value !== null)
      throw new EvaluationError(`${show(value)} is no time, so it has no format.`);
    return toText(value);
  }
  return format === null ? formatZoned(time, false) : formatPattern(time, toText(format) ?? "");
}

function onTime(change: (time: Moment, amount: number) => Moment) {
  return (value: Value, amount: Value): Value => {
    const time = times.toMoment(value);
    return time === null ? null : change(time, Math.trunc(toNumber(amount)));
  };
}

function within(unit: number) {
  return inFacts(({ now }, value = null, amount = null) => {
    const time = times.toMoment(value);
    return time !== null && Math.abs(now - time.millis) <= toNumber(amount) * unit;
  });
}

const UNITS = [
  ["Days", DAY_MS],
  ["Hours", 3_600_000],
  ["Minutes", 60_000],
  ["Seconds", 1000],
] as const;
const WHEN = "'2015-07-30T23:58:32Z'";
const SHIFTED: Readonly<Record<string, string>> = {
  plusDays: "2015-08-01T23:58:32Z",
  plusHours: "2015-07-31T01:58:32Z",
  plusMinutes: "2015-07-31T00:00:32Z",
  plusSeconds: "2015-07-30T23:58:34Z",
  minusDays: "2015-07-28T23:58:32Z",
  minusHours: "2015-07-30T21:58:32Z",
  minusMinutes: "2015-07-30T23:56:32Z",
  minusSeconds: "2015-07-30T23:58:30Z",
};

const ARITHMETIC: readonly Method[] = UNITS.flatMap(([unit, millis]) => {
  const shift = (time: Moment, amount: number): Moment =>
    unit === "Days" ? plusDays(time, amount) : plusMillis(time, amount * millis);
  const common = { on: ["dateTime", "string"], parameters: [TIME, AMOUNT] } as const;
  const example = (name: string): Example => [`${WHEN}.${name}(2).toString()`, SHIFTED[name]];
  return [
    {
      name: `plus${unit}`,
      ...common,
      returns: "dateTime",
      describe: `so many ${unit.toLowerCase()} later`,
      examples: [example(`plus${unit}`)],
      evaluate: onTime(shift),
    },
    {
      name: `minus${unit}`,
      ...common,
      returns: "dateTime",
      describe: `so many ${unit.toLowerCase()} earlier`,
      examples: [example(`minus${unit}`)],
      evaluate: onTime((time, amount) => shift(time, -amount)),
    },
    {
      name: `within${unit}`,
      ...common,
      returns: "boolean",
      describe: `whether it is no more than so many ${unit.toLowerCase()} from now, before or after`,
      examples: [[`${WHEN}.within${unit}(1)`, unit === "Days"]],
      ...within(millis),
    },
  ];
});

const both = (
  ofArray: (...args: Value[]) => Value,
  ofText: (...args: Value[]) => Value,
): ((...args: Value[]) => Value) => {
  return (value = null, ...args) =>
    isArray(value) ? ofArray(value, ...args) : ofText(value, ...args);
};

const text: readonly Type[] = ["string"];
const array: readonly Type[] = ["array"];
const country: readonly Type[] = ["country", "string"];

export const METHODS_TABLE: readonly Method[] = [
  {
    name: "toUpperCase",
    on: text,
    parameters: [INPUT],
    returns: "string",
    describe: "in upper case",
    examples: [["'test'.toUpperCase()", "TEST"]],
    evaluate: strings.upper,
  },
  {
    name: "toLowerCase",
    on: text,
    parameters: [INPUT],
    returns: "string",
    describe: "in lower case",
    examples: [["'TEST'.toLowerCase()", "test"]],
    evaluate: strings.lower,
  },
  {
    name: "substring",
    on: text,
    parameters: [
      INPUT,
      { name: "startIndex", type: "number" },
      { name: "endIndex", type: "number" },
    ],
    optional: 1,
    returns: "string",
    describe: "from startIndex to before endIndex, or to the end",
    examples: [
      ["'test'.substring(1)", "est"],
      ["appuser.givenName.substring(1, 3)", "da"],
    ],
    evaluate: strings.substring,
  },
  {
    name: "substringBefore",
    on: text,
    parameters: [INPUT, SEARCH],
    returns: "string",
    describe: "the part before the first occurrence; empty if it does not occur",
    examples: [["appuser.mail.substringBefore('@')", "ada"]],
    evaluate: strings.before,
  },
  {
    name: "substringAfter",
    on: text,
    parameters: [INPUT, SEARCH],
    returns: "string",
    describe: "the part after the first occurrence; empty if it does not occur",
    examples: [["appuser.mail.substringAfter('@')", "example.org"]],
    evaluate: strings.after,
  },
  {
    name: "replace",
    on: text,
    parameters: MATCHING,
    returns: "string",
    describe: "every occurrence replaced",
    examples: [["'hello'.replace('l', 'p')", "heppo"]],
    evaluate: strings.replace,
  },
  {
    name: "replaceFirst",
    on: text,
    parameters: MATCHING,
    returns: "string",
    describe: "the first occurrence replaced",
    examples: [["'hello'.replaceFirst('l', 'p')", "heplo"]],
    evaluate: strings.replaceFirst,
  },
  {
    name: "length",
    on: text,
    parameters: [INPUT],
    returns: "number",
    describe: "the length; 0 of null",
    examples: [["'test'.length()", 4]],
    evaluate: strings.length,
  },
  {
    name: "removeSpaces",
    on: text,
    parameters: [INPUT],
    returns: "string",
    describe: "without spaces",
    examples: [["'This is a test'.removeSpaces()", "Thisisatest"]],
    evaluate: strings.removeSpaces,
  },
  {
    name: "contains",
    on: ["string", "array"],
    parameters: [{ name: "value", type: "any" }, VALUE],
    returns: "boolean",
    describe: "whether the text contains a text, or the array a value",
    examples: [
      ["'This is a test'.contains('test')", true],
      ["{1, 2, 3}.contains('one')", false],
    ],
    evaluate: both(arrays.contains, strings.contains),
  },
  {
    name: "size",
    on: array,
    parameters: [ARRAY],
    returns: "number",
    describe: "how many values",
    examples: [["appuser.memberOf.size()", 2]],
    evaluate: arrays.size,
  },
  {
    name: "isEmpty",
    on: ["array", "string"],
    parameters: [VALUE],
    returns: "boolean",
    describe: "whether there is no value, or no text",
    examples: [["{}.isEmpty()", true]],
    evaluate: both(
      (value) => arrays.size(value ?? null) === 0,
      (value) => strings.length(value ?? null) === 0,
    ),
  },
  {
    name: "add",
    on: array,
    parameters: [ARRAY, VALUE],
    returns: "array",
    describe: "with value at its end",
    examples: [["{'one', 'two'}.add('two')", ["one", "two", "two"]]],
    evaluate: arrays.add,
  },
  {
    name: "remove",
    on: array,
    parameters: [ARRAY, VALUE],
    returns: "array",
    describe: "without value",
    examples: [["{2, 3}.remove(1)", [2, 3]]],
    evaluate: arrays.remove,
  },
  {
    name: "flatten",
    on: array,
    parameters: [ARRAY],
    returns: "array",
    describe: "inner arrays dissolved",
    examples: [["{{1}, {2, 3}}.flatten()", [1, 2, 3]]],
    evaluate: arrays.flatten,
  },
  {
    name: "toInteger",
    on: ["string", "number"],
    parameters: [{ name: "value", type: "any" }],
    returns: "number",
    describe: "the nearest whole number; beyond 32 bits it overflows, as in Java",
    examples: [["1.6.toInteger()", 2]],
    evaluate: toInteger,
  },
  {
    name: "toNumber",
    on: ["string", "number"],
    parameters: [{ name: "value", type: "any" }],
    returns: "number",
    describe: "the number that the text spells",
    examples: [["'1.7'.toNumber()", 1.7]],
    evaluate: toNum,
  },
  {
    name: "parseCountryCode",
    on: text,
    parameters: [INPUT],
    returns: "country",
    describe: "the country of a code or an English name; null if there is none",
    examples: [["'United States'.parseCountryCode().toNumeric()", "840"]],
    evaluate: toCountry,
  },
  {
    name: "toAlpha2",
    on: country,
    parameters: [CODE],
    returns: "string",
    describe: "the two-letter code",
    examples: [["'USA'.parseCountryCode().toAlpha2()", "US"]],
    evaluate: ofCountry((one) => one.alpha2),
  },
  {
    name: "toAlpha3",
    on: country,
    parameters: [CODE],
    returns: "string",
    describe: "the three-letter code",
    examples: [["'840'.parseCountryCode().toAlpha3()", "USA"]],
    evaluate: ofCountry((one) => one.alpha3),
  },
  {
    name: "toNumeric",
    on: country,
    parameters: [CODE],
    returns: "string",
    describe: "the three-digit code",
    examples: [["'US'.parseCountryCode().toNumeric()", "840"]],
    evaluate: ofCountry((one) => one.numeric),
  },
  {
    name: "toName",
    on: country,
    parameters: [CODE],
    returns: "string",
    describe: "the English name",
    examples: [["'US'.parseCountryCode().toName()", "United States"]],
    evaluate: ofCountry((one) => one.name),
  },
  {
    name: "parseStringTime",
    on: text,
    parameters: [INPUT, times.FORMAT],
    optional: 1,
    returns: "dateTime",
    describe: "the time that the text names, by ISO 8601 or by a pattern",
    examples: [
      [
        "'17 June 2015 00:23:19'.parseStringTime('dd MMMM yyyy HH:mm:ss').toString()",
        "2015-06-17T00:23:19Z",
      ],
    ],
    evaluate: (value = null, format = null) =>
      format === null ? times.toMoment(value) : times.textToMoment(value, format),
  },
  {
    name: "parseWindowsTime",
    on: text,
    parameters: [INPUT],
    returns: "dateTime",
    describe: "the time of a Windows time",
    examples: [["'130828367179790000'.parseWindowsTime().toString('yyyy')", "2015"]],
    evaluate: times.windowsToMoment,
  },
  {
    name: "parseUnixTime",
    on: text,
    parameters: [INPUT],
    returns: "dateTime",
    describe: "the time of milliseconds since 1970",
    examples: [["'1438377580979'.parseUnixTime().toString()", "2015-07-31T21:19:40.979Z"]],
    evaluate: times.unixToMoment,
  },
  {
    name: "toWindows",
    on: ["dateTime", "string"],
    parameters: [TIME],
    returns: "string",
    describe: "as a Windows time",
    examples: [["'2015-07-30T23:58:32Z'.toWindows()", "130827743120000000"]],
    evaluate: times.momentToWindows,
  },
  {
    name: "toUnix",
    on: ["dateTime", "string"],
    parameters: [TIME],
    returns: "string",
    describe: "as milliseconds since 1970",
    examples: [["DateTime.now().toUnix()", "1438363117979"]],
    evaluate: times.momentToUnix,
  },
  {
    name: "toString",
    on: ["dateTime", "string", "number", "boolean", "country"],
    parameters: [VALUE, times.FORMAT],
    optional: 1,
    returns: "string",
    describe: "as text; of a time ISO 8601, or by a pattern",
    examples: [["'2015-07-30T23:58:32Z'.toString('MM/dd/yyyy')", "07/30/2015"]],
    evaluate: toString,
  },
  {
    name: "toZone",
    on: ["dateTime", "string"],
    parameters: [TIME, times.ZONE],
    returns: "dateTime",
    describe: "the same moment in another zone",
    examples: [
      ["Time.now().toZone('Asia/Tokyo').toString()", "2015-08-01T02:18:37.979+09:00[Asia/Tokyo]"],
    ],
    evaluate: (value = null, zone = null) => {
      const time = times.toMoment(value);
      return time === null ? null : moment(time.millis, times.toZone(zone), time.precise);
    },
  },
  ...ARITHMETIC,
];
