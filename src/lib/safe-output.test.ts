import fc from "fast-check";
import { expect, test } from "vitest";
import { safeJson, visible, visibleText } from "./safe-output.ts";

const NASTY = fc.constantFrom(
  "\u001b",
  "\u009b",
  "\u0007",
  "\0",
  "\r",
  "\n",
  "\t",
  "\u2028",
  "\u202e",
  "\u2066",
  "\u200b",
  "\u061c",
  "\u{e0041}",
  "a",
  "ä",
  '"',
  "\\",
);
const TEXT = fc.array(NASTY, { maxLength: 20 }).map((parts) => parts.join(""));

test("no value steers a terminal, and none has a line of its own", () => {
  fc.assert(
    fc.property(TEXT, (text) => {
      expect(visible(text)).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u);
      expect(visibleText(text)).not.toMatch(/[^\P{Cc}\n\t]|[\p{Bidi_Control}\u2028\u2029]/u);
    }),
  );
  expect(visibleText("one\n\ttwo\u001b[2J")).toBe("one\n\ttwo\\x1b[2J");
});

test("JSON means the same, and shows every sign that nobody sees", () => {
  fc.assert(
    fc.property(TEXT, (text) => {
      const json = safeJson({ [text]: [text] });
      expect(JSON.parse(json)).toEqual({ [text]: [text] });
      expect(json).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
    }),
  );
});
