import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EvaluationError } from "../problem.ts";
import { daysOf, fieldsOf, isoWeek, millisOf, weekday } from "./calendar.ts";
import { formatMoment, fromWindows, moment, parseIso, plusDays, toWindows } from "./moment.ts";
import { formatPattern } from "./pattern.ts";
import { readPattern } from "./read-pattern.ts";
import { fromLocal, zoneOf, type Zone } from "./zones.ts";

const MILLIS = fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 });
/** Since offsets have no odd minutes any more, which no pattern can write. */
const MODERN = fc.integer({ min: -631_152_000_000, max: 4_102_444_800_000 });

function zone(name: string): Zone {
  const found = zoneOf(name);
  if (found === null) throw new Error(name);
  return found;
}

describe("the calendar", () => {
  test("dates are those of the platform, and days are counted back", () => {
    fc.assert(
      fc.property(MILLIS, (millis) => {
        const date = new Date(millis);
        const fields = fieldsOf(millis);
        expect([fields.year, fields.month, fields.day, fields.hour, fields.minute]).toEqual([
          date.getUTCFullYear(),
          date.getUTCMonth() + 1,
          date.getUTCDate(),
          date.getUTCHours(),
          date.getUTCMinutes(),
        ]);
        expect(millisOf(fields)).toBe(millis);
        expect(weekday(daysOf(fields.year, fields.month, fields.day)) % 7).toBe(date.getUTCDay());
      }),
    );
  });

  test.each([
    ["2021-01-03", 2020, 53],
    ["2021-01-04", 2021, 1],
    ["2018-12-31", 2019, 1],
  ])("the week of %s", (text, year, week) => {
    expect(isoWeek(fieldsOf(Date.parse(text)))).toEqual({ year, week });
  });
});

describe("ISO 8601", () => {
  test("what is written is read", () => {
    const offsets = fc.constantFrom("Z", "+05:30", "-11:00", "Europe/Berlin", "America/New_York");
    fc.assert(
      fc.property(MODERN, offsets, (millis, name) => {
        expect(parseIso(formatMoment(moment(millis, zone(name))))?.millis).toBe(millis);
      }),
    );
  });

  test.each([
    "2021-02-29",
    "2021-13-01",
    "2021-00-10",
    "2021-01-01T24:00",
    "2021-01-01T10:60Z",
    "yesterday",
    "2021-1-1",
    "2021-01-01T10:00+99:00",
    "",
    "20210101",
    "2021-01-01T10:00:00[Nowhere/Else]",
  ])("%s is none", (text) => {
    expect(parseIso(text)).toBeNull();
  });

  test.each([
    ["2021-02-28", "2021-02-28T00:00:00.000Z"],
    ["2021-02-28T10:00+02:00", "2021-02-28T08:00:00.000Z"],
    ["2021-02-28 10:00:00,5Z", "2021-02-28T10:00:00.500Z"],
    ["2021-02-28T10:00:00.123456789-0330", "2021-02-28T13:30:00.123Z"],
  ])("%s is %s", (text, utc) => {
    expect(new Date(parseIso(text)?.millis ?? 0).toISOString()).toBe(utc);
  });
});

describe("zones", () => {
  test("offsets are those of the platform", () => {
    const names = fc.constantFrom(
      "Europe/Berlin",
      "Asia/Kathmandu",
      "America/St_Johns",
      "Pacific/Apia",
    );
    fc.assert(
      fc.property(MODERN, names, (millis, name) => {
        const shown = new Date(millis).toLocaleString("sv-SE", { timeZone: name });
        expect(formatPattern(moment(millis, zone(name)), "yyyy-MM-dd HH:mm:ss")).toBe(shown);
      }),
    );
  });

  test("a local time that the clocks leave out, and one that they have twice", () => {
    const berlin = zone("Europe/Berlin");
    const at = (text: string): string =>
      new Date(fromLocal(Date.parse(`${text}Z`), berlin)).toISOString();
    expect(at("2021-03-28T02:30")).toBe("2021-03-28T01:30:00.000Z");
    expect(at("2021-10-31T02:30")).toBe("2021-10-31T00:30:00.000Z");
    expect(at("2021-07-01T12:00")).toBe("2021-07-01T10:00:00.000Z");
  });

  test("a day later is the same hour, also when the clocks change", () => {
    const before = moment(Date.parse("2021-03-27T11:00Z"), zone("Europe/Berlin"));
    expect(formatMoment(plusDays(before, 1))).toBe("2021-03-28T12:00:00.000+02:00");
  });

  test.each(["Nowhere/Else", "", "CEST5", "+25:00", "__proto__", "constructor", "../etc"])(
    "%s is none",
    (name) => {
      expect(zoneOf(name)).toBeNull();
    },
  );

  test.each([
    ["EST", "-05:00"],
    ["PST", "-08:00"],
    ["IST", "+05:30"],
    ["GMT+2", "+02:00"],
    ["UTC", "Z"],
  ])("%s in January is %s", (name, offset) => {
    expect(formatMoment(moment(Date.parse("2021-01-15T12:00Z"), zone(name)))).toContain(offset);
  });
});

describe("Windows times", () => {
  test("there and back", () => {
    fc.assert(
      fc.property(fc.integer({ min: -11_644_473_600_000, max: 253_402_300_799_999 }), (millis) => {
        expect(fromWindows(toWindows(moment(millis)))?.millis).toBe(millis);
      }),
    );
    expect(fromWindows("9223372036854775807")).toBeNull();
    expect(() => fromWindows("soon")).toThrow(EvaluationError);
    expect(() => toWindows(moment(Date.parse("1500-01-01")))).toThrow(EvaluationError);
  });
});

const WHEN = moment(Date.parse("2009-02-03T16:05:07.089Z"), zone("America/New_York"));

describe("patterns of Joda-Time", () => {
  test.each([
    ["yyyy-MM-dd'T'HH:mm:ss.SSSZZ", "2009-02-03T11:05:07.089-05:00"],
    ["YYYY.MM.dd G", "2009.02.03 AD"],
    ["d/M/yy", "3/2/09"],
    ["EEEE, MMMM d", "Tuesday, February 3"],
    ["EEE MMM dd", "Tue Feb 03"],
    ["h:mm a", "11:05 AM"],
    ["K k", "11 11"],
    ["D w x e", "34 6 2009 2"],
    ["C", "20"],
    ["S SS SSSS", "0 08 0890"],
    ["Z ZZ ZZZ", "-0500 -05:00 America/New_York"],
    ["z", "EST"],
    ["zzzz", "Eastern Standard Time"],
    ["'o''clock' ''", "o'clock '"],
    ["yyyyMMddHHmmss", "20090203110507"],
  ])("%s gives %s", (pattern, text) => {
    expect(formatPattern(WHEN, pattern)).toBe(text);
  });

  test.each([
    ["20150731171837.0Z", "yyyyMMddHHmmss.S'Z'", "2015-07-31T17:18:37.000Z"],
    ["20150731171837Z", "yyyyMMddHHmmssZ", "2015-07-31T17:18:37.000Z"],
    ["31.7.15", "d.M.yy", "2015-07-31T00:00:00.000Z"],
    ["31.7.85", "d.M.yy", "1985-07-31T00:00:00.000Z"],
    ["Jul 4, 2020 3:05 pm", "MMM d, yyyy h:mm a", "2020-07-04T15:05:00.000Z"],
    ["Friday 17 june 2015 12:00 AM", "EEEE dd MMMM yyyy hh:mm a", "2015-06-17T00:00:00.000Z"],
    ["2015-06-17 10:00 Europe/Berlin", "yyyy-MM-dd HH:mm ZZZ", "2015-06-17T08:00:00.000Z"],
    ["2015-06-17T10:00:00.5+02:00", "yyyy-MM-dd'T'HH:mm:ss.SZZ", "2015-06-17T08:00:00.500Z"],
    ["2020-366", "yyyy-D", "2020-12-31T00:00:00.000Z"],
    ["24:30", "kk:mm", "1970-01-01T00:30:00.000Z"],
  ])("%s by %s is %s", (text, pattern, utc) => {
    expect(new Date(readPattern(text, pattern).millis).toISOString()).toBe(utc);
  });

  test.each([
    ["31.2.2015", "d.M.yyyy"],
    ["2015", "yyyy-MM"],
    ["2015-06-17x", "yyyy-MM-dd"],
    ["13", "MM"],
    ["Foo", "MMM"],
    ["x", "yyyy"],
    ["2015-366", "yyyy-D"],
    ["53", "w"],
    ["2015", "qqqq"],
    ["x", "'x"],
    ["", "yyyy"],
    ["12", ""],
  ])("%s does not follow %s", (text, pattern) => {
    expect(() => readPattern(text, pattern)).toThrow(EvaluationError);
  });

  test("what a pattern with date, time and offset writes, it reads", () => {
    const patterns = fc.constantFrom(
      "yyyy-MM-dd'T'HH:mm:ss.SSSZZ",
      "dd MMMM yyyy, h:mm:ss.SSS a Z",
      "EEEE d.M.YYYY k:m:s.SSS ZZZ",
      "yyyyMMddHHmmssSSSZ",
    );
    const zones = fc.constantFrom("UTC", "Asia/Kolkata", "-03:30");
    fc.assert(
      fc.property(MODERN, patterns, zones, (millis, pattern, name) => {
        const text = formatPattern(moment(millis, zone(name)), pattern);
        expect(readPattern(text, pattern).millis).toBe(millis);
      }),
    );
  });

  test("any text by any pattern gives a time or an evaluation error", () => {
    const letters = fc.string({
      unit: fc.constantFrom(...Array.from("yMdHhmsSaEDZz'.- T0123456789")),
    });
    fc.assert(
      fc.property(letters, letters, (text, pattern) => {
        try {
          expect(readPattern(text, pattern).kind).toBe("moment");
        } catch (error) {
          expect(error).toBeInstanceOf(EvaluationError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
