import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AttributeFormat } from "../model/profile-schema.ts";
import { formatFault } from "./formats.ts";

/** Texts that a format takes, and texts that it refuses. */
const FORMATS: Readonly<Record<AttributeFormat, readonly [readonly string[], readonly string[]]>> =
  {
    login: [
      ["ada@example.org", "ada+x@example.org", "ädä@exämple.org"],
      [
        "ada",
        "ada@",
        "a da@example.org",
        "ada@example.org\u0000",
        "@example.org",
        "a\u200bda@x.org",
      ],
    ],
    email: [
      ["a@b", "o'brien@example.co.uk"],
      ["a@@b", "a@-b", "a\u202e@b", "a@b\u00ad", "a@b.", ".a@b", `${"a".repeat(250)}@example.org`],
    ],
    uri: [
      ["https://example.org/x?y#z", "/relative", "mailto:ada@example.org"],
      ["http://exa mple.org", "https://["],
    ],
    "country-code": [
      ["DE", "US"],
      ["de", "XX", "DEU", "49", ""],
    ],
    "language-code": [
      ["de", "en-US", "de, en;q=0.8", "*", "en;q=1.000"],
      ["e n", "de;q=2", "d", "en_US", "en;q=0.8888"],
    ],
    locale: [
      ["en_US", "de_DE"],
      ["en-US", "EN_us", "xx_US", "en_XX", "en"],
    ],
    timezone: [
      ["Europe/Berlin", "UTC", "Asia/Kolkata"],
      ["Europe/Nowhere", "+01:00", "Berlin", ""],
    ],
    "date-time": [
      ["2026-02-28", "2026-02-28T23:59Z", "2024-02-29", "2026-01-01T00:00:00.123+02:00"],
      ["2026-02-29", "2026-13-01", "28.02.2026", "2026-01-01T24:00", "2026-02-31T00:00:00Z"],
    ],
  };

describe.each(Object.keys(FORMATS) as AttributeFormat[])("%s", (format) => {
  const [good, bad] = FORMATS[format];

  test.each(good)("takes %j", (text) => {
    expect(formatFault(format, text)).toBeNull();
  });

  test.each(bad)("refuses %j, with a code and a reason", (text) => {
    const fault = formatFault(format, text);
    expect(fault?.code).toMatch(/^[a-zA-Z.]+$/);
    expect(fault?.message).toMatch(/^(?:is|contains) /);
  });

  test("answers for any text, and the same when it is asked again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const fault = formatFault(format, text);
        expect(formatFault(format, text)).toEqual(fault);
      }),
    );
  });
});

test("an address without an @ is never an e-mail address", () => {
  const without = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("@"));
  fc.assert(
    fc.property(without, (text) => {
      expect(formatFault("email", text)).not.toBeNull();
    }),
  );
});
