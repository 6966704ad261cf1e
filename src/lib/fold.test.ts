import fc from "fast-check";
import { expect, test } from "vitest";
import { foldCase } from "./fold.ts";

test.each([
  ["case", "ADA", "ada"],
  ["a composed and a decomposed letter", "Ame\u0301lie", "Amélie"],
  ["wide forms", "ＡＤＭＩＮ＠ｘ", "admin@x"],
  ["a ligature", "oﬃce", "office"],
  ["the Kelvin sign", "\u212Aim", "kim"],
  ["a sigma at the end of a word", "ΝΊΚΟΣ", "νίκος"],
  ["a capital I with a dot", "İpek", "i\u0307pek"],
])("two spellings are one name: %s", (_, one, other) => {
  expect(foldCase(one)).toBe(foldCase(other));
});

test("letters that only look alike stay apart", () => {
  expect(foldCase("аdmin")).not.toBe(foldCase("admin"));
  expect(foldCase("ı")).not.toBe(foldCase("i"));
});

test("folding again changes nothing, and case does not matter", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const folded = foldCase(text);
      expect(foldCase(folded)).toBe(folded);
      expect(foldCase(text.toLowerCase())).toBe(folded);
    }),
  );
});
