import fc from "fast-check";
import { expect, test } from "vitest";
import { isoOf } from "./utc-text.ts";

/** As Postgres writes it: without zeros at the end of a second's parts, and to the microsecond. */
function asPostgres(at: Date, micros: number): string {
  const [day, time = ""] = at.toISOString().slice(0, 19).split("T");
  const parts = `${at.getUTCMilliseconds().toString().padStart(3, "0")}${micros.toString().padStart(3, "0")}`;
  const fraction = parts.replace(/0+$/, "");
  return `${day} ${time}${fraction === "" ? "" : `.${fraction}`}`;
}

test("a time is told to the millisecond, as `Date` writes it", () => {
  const time = fc.date({
    min: new Date("0001-01-01T00:00:00.000Z"),
    max: new Date("9999-12-31T23:59:59.999Z"),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(time, fc.nat(999), (at, micros) => {
      expect(isoOf(asPostgres(at, micros))).toBe(at.toISOString());
    }),
  );
});

test("a clock far ahead is told as `Date` tells it, too", () => {
  const far = new Date("+012026-11-30T23:59:59.500Z");
  expect(isoOf("12026-11-30 23:59:59.5")).toBe(far.toISOString());
});
