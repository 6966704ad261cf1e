import { describe, expect, test } from "vitest";
import { expiryOf, momentOf } from "./expiry.ts";

const NEVER = Number.POSITIVE_INFINITY;
const JULY = Date.UTC(2026, 6, 1);

describe("when an account expires", () => {
  test.each<[string, string, number | null]>([
    ["accountExpires", "134274240000000000", Date.UTC(2026, 6, 2)],
    ["accountExpires", "0", NEVER],
    ["accountExpires", "9223372036854775807", NEVER],
    ["loginExpirationTime", "20260701000000Z", JULY],
    ["pwdEndTime", "20260701020000+0200", JULY],
    ["krbPrincipalExpiration", "2026-07-01", JULY],
    ["validUntil", "2026-07-01T00:00:00Z", JULY],
    ["shadowExpire", "20635", JULY],
    ["shadowExpire", "-1", NEVER],
    ["shadowExpire", "soon", null],
    ["validUntil", "1 July", null],
    ["validUntil", "2026-13-45", null],
    ["accountExpires", "12", null],
    ["pwdEndTime", "20261131000000Z", null],
    ["validUntil", "2026-02-30", null],
    ["validUntil", "2026-07-01 02:00:00+02:00", JULY],
    ["validUntil", "2026-07-01T00:00:00", JULY],
    ["sambaKickoffTime", "1782864000", JULY],
  ])("%s: %s", (attribute, text, expected) => {
    expect(momentOf(attribute, text)).toBe(expected);
  });

  test.each<[string, Record<string, string | string[]>, string, number | null]>([
    ["an attribute that only those who expire have", {}, "pwdEndTime", NEVER],
    ["one that everybody has and that cannot be seen", {}, "accountExpires", null],
    ["two values", { pwdEndTime: ["20260701000000Z", "20270701000000Z"] }, "pwdEndTime", null],
    ["a name in other case", { PWDENDTIME: "20260701000000Z" }, "pwdEndTime", JULY],
  ])("%s", (_, profile, attribute, expected) => {
    expect(expiryOf({ attribute }, profile)).toBe(expected);
  });
});
