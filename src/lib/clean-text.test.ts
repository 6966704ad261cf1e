import fc from "fast-check";
import { expect, test } from "vitest";
import { cleanText } from "./clean-text.ts";

test.each([
  ["data 52e, v4563\0", "data 52e, v4563"],
  ["best match of:\n\t'DC=x'\n\0", "best match of: 'DC=x'"],
  ["a\u001b[2J\u0007b", "a [2J b"],
  ["\u202eabc\u2066\u200b", "abc"],
  ["half \ud83d", "half \ufffd"],
  ["Müller 😀", "Müller 😀"],
])("%j is kept as %j", (text, clean) => {
  expect(cleanText(text)).toBe(clean);
});

test("whatever comes becomes one line that a database can hold, and cleaning it again changes nothing", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const clean = cleanText(text);
      expect(clean.isWellFormed()).toBe(true);
      expect(clean).not.toMatch(/[\p{Cc}\p{Cf}\p{Bidi_Control}\u2028\u2029]/u);
      expect(cleanText(clean)).toBe(clean);
    }),
  );
});
