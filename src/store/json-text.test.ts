import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonText } from "./json-text.ts";

test("text that a database can hold is JSON as ever, also where it looks like an escape", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      fc.pre(!text.includes("\0"));
      expect(jsonText({ text })).toBe(JSON.stringify({ text }));
    }),
  );
  expect(jsonText("\\u0000 \\ud800")).toBe(JSON.stringify("\\u0000 \\ud800"));
});

test("a NUL and half of a pair become the sign for what cannot be written", () => {
  expect(jsonText(["a\0", "\ud83d", "😀", "\\\0"])).toBe('["a\ufffd","\ufffd","😀","\\\\\ufffd"]');
});

test("whatever comes, it parses and holds nothing that is refused", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const back = JSON.parse(jsonText(text)) as string;
      expect(back).toBe(text.toWellFormed().replaceAll("\0", "\ufffd"));
    }),
  );
});
