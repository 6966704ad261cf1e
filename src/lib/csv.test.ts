import fc from "fast-check";
import { expect, test } from "vitest";
import { csvLine } from "./csv.ts";

test.each([
  ["=1+1", "'=1+1"],
  ["\n=cmd()", '"\'\n=cmd()"'],
  [" \u00a0@x", "'\u00a0@x".replace("\u00a0", " \u00a0")],
  ["\u200b=1", "'\u200b=1"],
  ["＝1+1", "'＝1+1"],
  ["－1+cmd", "'－1+cmd"],
  ["\u22121+cmd", "'\u22121+cmd"],
  ["\tx", "'\tx"],
  ["+49 (30) 123-4", "+49 (30) 123-4"],
  ["-5", "-5"],
  ["a=b", "a=b"],
  ["", ""],
  ['a "b", c', '"a ""b"", c"'],
  ["a\u001b[2J\u009b\u202eb", "a\\x1b[2J\\x9b\\x202eb"],
])("the cell of %j", (value, cell) => {
  expect(csvLine([value])).toBe(cell);
});

test("no cell begins like a formula, whatever stands before it", () => {
  const before = fc.constantFrom(
    "",
    " ",
    "\n",
    "\r\n",
    "\t",
    "\u00a0",
    "\u200b",
    "\ufeff",
    "\u3000",
  );
  const sign = fc.constantFrom("=", "+", "-", "@", "＝", "＋", "－", "＠", "﹦", "﹢");
  fc.assert(
    fc.property(fc.array(before), sign, (blanks, formula) => {
      const cell = csvLine([`${blanks.join("")}${formula}cmd()`]);
      expect(cell).toMatch(/^"?'/);
    }),
  );
});

test("values that are no text, and none", () => {
  expect(csvLine([1, true, null, undefined, "x"])).toBe("1,true,,,x");
});
