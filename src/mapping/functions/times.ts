import { EvaluationError } from "../problem.ts";
import {
  formatMoment,
  fromUnix,
  fromWindows,
  moment,
  parseIso,
  shown,
  toWindows,
  type Moment,
} from "../time/moment.ts";
import { formatPattern, patternOf } from "../time/pattern.ts";
import { readPattern } from "../time/read-pattern.ts";
import { UTC, zoneOf, type Zone } from "../time/zones.ts";
import { isThing, toText, type Value } from "../values.ts";
import { inFacts, type ExpressionFunction, type Parameter } from "./definition.ts";

export const ZONE: Parameter = {
  name: "timeZone",
  type: "string",
  fault: (name) => (zoneOf(name) === null ? unknownZone(name) : null),
};
export const FORMAT: Parameter = { name: "format", type: "string", fault: patternFault };
const TIME: Parameter = { name: "time", type: "string" };

function patternFault(pattern: string): string | null {
  try {
    patternOf(pattern);
    return null;
  } catch (error) {
    if (error instanceof EvaluationError) return error.message;
    throw error;
  }
}

function unknownZone(name: string): string {
  return `${shown(name)} is no time zone; an IANA name such as Europe/Berlin is expected.`;
}

export function toZone(value: Value): Zone {
  const name = toText(value) ?? "";
  const zone = zoneOf(name);
  if (zone === null) throw new EvaluationError(unknownZone(name));
  return zone;
}

/** A moment, or the text of one (ISO 8601). Null and empty text are no moment. */
export function toMoment(value: Value): Moment | null {
  if (isThing(value) && value.kind === "moment") return value;
  const text = toText(value);
  if (text === null || text.trim() === "") return null;
  const parsed = parseIso(text);
  if (parsed === null) {
    const form = "2021-09-20T00:00:00.000Z";
    throw new EvaluationError(`${shown(text)} is no time of ISO 8601, such as ${form}.`);
  }
  return parsed;
}

/** With three digits of the second, in the zone that it has. */
export function isoText(value: Moment | null): Value {
  return value === null ? null : formatMoment({ ...value, precise: true });
}

function filled(value: Value): string | null {
  const text = toText(value);
  return text === null || text.trim() === "" ? null : text;
}

export function windowsToMoment(value: Value): Moment | null {
  const text = filled(value);
  return text === null ? null : fromWindows(text);
}

export function unixToMoment(value: Value): Moment | null {
  const text = filled(value);
  return text === null ? null : fromUnix(text);
}

export function textToMoment(value: Value, format: Value): Moment | null {
  const text = filled(value);
  return text === null ? null : readPattern(text, toText(format) ?? "");
}

export function momentToText(value: Value, format: Value): Value {
  const time = toMoment(value);
  return time === null ? null : formatPattern(time, toText(format) ?? "");
}

export function momentToUnix(value: Value): Value {
  const time = toMoment(value);
  return time === null ? null : String(time.millis);
}

export function momentToWindows(value: Value): Value {
  const time = toMoment(value);
  return time === null ? null : toWindows(time);
}

export const TIMES: readonly ExpressionFunction[] = [
  {
    name: "Time.now",
    parameters: [ZONE, FORMAT],
    optional: 2,
    returns: "string",
    describe: "the time at which the run began: ISO 8601 in UTC, or in a zone and format",
    examples: [
      ["Time.now()", "2015-07-31T17:18:37.979Z"],
      ['Time.now("EST")', "2015-07-31T12:18:37.979-05:00"],
      ['Time.now("Asia/Tokyo", "YYYY-MM-dd HH:mm")', "2015-08-01 02:18"],
    ],
    ...inFacts(({ now }, zone = null, format = null) => {
      const time = moment(now, zone === null ? UTC : toZone(zone));
      return format === null ? isoText(time) : formatPattern(time, toText(format) ?? "");
    }),
  },
  {
    name: "Time.fromWindowsToIso8601",
    parameters: [TIME],
    returns: "string",
    describe:
      "a Windows time (100 nanoseconds since 1601) as ISO 8601; null for one after the year 9999, which stands for never",
    examples: [
      ['Time.fromWindowsToIso8601("130828367179790000")', "2015-07-31T17:18:37.979Z"],
      ['Time.fromWindowsToIso8601("9223372036854775807")', null],
    ],
    evaluate: (time) => isoText(windowsToMoment(time)),
  },
  {
    name: "Time.fromUnixToIso8601",
    parameters: [TIME],
    returns: "string",
    describe: "milliseconds since 1970 as ISO 8601",
    examples: [['Time.fromUnixToIso8601("1663632000000")', "2022-09-20T00:00:00.000Z"]],
    evaluate: (time) => isoText(unixToMoment(time)),
  },
  {
    name: "Time.fromStringToIso8601",
    parameters: [TIME, FORMAT],
    returns: "string",
    describe: "a text read by a pattern, as ISO 8601; UTC unless the text names a zone",
    examples: [
      [
        'Time.fromStringToIso8601("20150731171837.0Z", "yyyyMMddHHmmss.SZ")',
        "2015-07-31T17:18:37.000Z",
      ],
      ['Time.fromStringToIso8601("31.7.2015", "d.M.yyyy")', "2015-07-31T00:00:00.000Z"],
    ],
    evaluate: (time, format) => isoText(textToMoment(time, format ?? null)),
  },
  {
    name: "Time.fromIso8601ToWindows",
    parameters: [TIME],
    returns: "string",
    describe: "ISO 8601 as a Windows time",
    examples: [['Time.fromIso8601ToWindows("2015-07-31T17:18:37.979Z")', "130828367179790000"]],
    evaluate: momentToWindows,
  },
  {
    name: "Time.fromIso8601ToUnix",
    parameters: [TIME],
    returns: "string",
    describe: "ISO 8601 as milliseconds since 1970, a text",
    examples: [['Time.fromIso8601ToUnix("2021-09-20T00:00:00.000Z")', "1632096000000"]],
    evaluate: momentToUnix,
  },
  {
    name: "Time.fromIso8601ToString",
    parameters: [TIME, FORMAT],
    returns: "string",
    describe: "ISO 8601 written by a pattern, in the zone that the text has",
    examples: [
      ['Time.fromIso8601ToString("2015-07-31T17:18:37.979Z", "dd-MM-YYYY")', "31-07-2015"],
    ],
    evaluate: (time, format) => momentToText(time, format ?? null),
  },
];
