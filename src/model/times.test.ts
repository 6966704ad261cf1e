import { expect, test } from "vitest";
import { fileTime, generalizedTime, meaningOf, toGeneralizedTime } from "./times.ts";

test.each([
  ["20261122174744.0Z", "2026-11-22T17:47:44.000Z"],
  ["20261122172659Z", "2026-11-22T17:26:59.000Z"],
  ["20261122172659.199397Z", "2026-11-22T17:26:59.199Z"],
  ["20261122172659,5Z", "2026-11-22T17:26:59.500Z"],
  ["202611221726Z", "2026-11-22T17:26:00.000Z"],
  ["2026112217Z", "2026-11-22T17:00:00.000Z"],
  ["2026112217.5Z", "2026-11-22T17:30:00.000Z"],
  ["20261122172659+0130", "2026-11-22T15:56:59.000Z"],
  ["20261122172659-05", "2026-11-22T22:26:59.000Z"],
  ["00000101000000Z", "0000-01-01T00:00:00.000Z"],
])("%s", (text, expected) => {
  expect(new Date(generalizedTime(text) ?? Number.NaN).toISOString()).toBe(expected);
});

test.each([
  "",
  "2026",
  "20261322000000Z",
  "20261122250000Z",
  "20261122172659",
  "+49 30 1000000",
  "20261100000000Z",
])("%s is no time", (text) => {
  expect(generalizedTime(text)).toBeNull();
});

test("what is written is read, to the second", () => {
  const time = Date.parse("2026-11-22T17:26:59Z");
  expect(toGeneralizedTime(time, true)).toBe("20261122172659.0Z");
  expect(generalizedTime(toGeneralizedTime(time, false))).toBe(time);
});

test.each([
  ["0", "never"],
  ["9223372036854775807", "never"],
  ["132537600000000000", "2020-12-30T00:00:00.000Z"],
  ["116444736000000000", "1970-01-01T00:00:00.000Z"],
  ["1", "1601-01-01T00:00:00.000Z"],
  ["-1", null],
  ["9999999999999999999", null],
  ["soon", null],
])("FILETIME %s", (text, expected) => {
  expect(fileTime(text)).toBe(expected);
});

test("raw values in words", () => {
  expect(meaningOf("userAccountControl", "66050")).toBe(
    "ACCOUNTDISABLE, NORMAL_ACCOUNT, DONT_EXPIRE_PASSWORD",
  );
  expect(meaningOf("pwdAccountLockedTime", "000001010000Z")).toBe("for good");
  expect(meaningOf("whenCreated", "20261122174744.0Z")).toBe("2026-11-22T17:47:44.000Z");
  expect(meaningOf("telephoneNumber", "20261122")).toBeNull();
});
