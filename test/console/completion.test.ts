/** Which words are offered while an expression is written. */
import { expect, test } from "vitest";
import { completionsOf } from "../../console/completion.ts";
import type { ExpressionWord } from "../../src/questions/expressions.ts";

const name = (word: string): ExpressionWord => {
  return { kind: "name", word, signature: null, describe: null };
};
const called = (kind: "function" | "method", word: string): ExpressionWord => {
  return { kind, word, signature: `${word}(input)`, describe: "does something" };
};
const WORDS = [
  ...["appuser.mail", "appuser.manager", "hr.title", "org.name"].map(name),
  ...["String.toUpperCase", "String.len", "Time.now"].map((word) => called("function", word)),
  ...[".toUpperCase", ".substring"].map((word) => called("method", word)),
];

/** What would stand there, with `|` for the caret. */
const offered = (before: string): string[] =>
  completionsOf(WORDS, before).map(({ from, text }) => `${before.slice(0, from)}${text}|`);

test.each([
  ["app", ["appuser.mail|", "appuser.manager|"]],
  ["1 + APPUSER.MAI", ["1 + appuser.mail|"]],
  ["tit", ["hr.title|"]],
  ["String.l", ["String.len(|"]],
  ["str", ["String.toUpperCase(|", "String.len(|"]],
  ["len", ["String.len(|"]],
  ["appuser.mail.sub", ["appuser.mail.substring(|"]],
  ["(1 + 2).to", ["(1 + 2).toUpperCase(|"]],
  ["String.toUpperCase(appuser.man", ["String.toUpperCase(appuser.manager|"]],
  ["", []],
  ["appuser.mail", []],
  ["nothing", []],
  ['"app', []],
  ["'it''s app", []],
  ['"app" + app', ['"app" + appuser.mail|', '"app" + appuser.manager|']],
])("behind %s", (before, expected) => {
  expect(offered(before)).toEqual(expected);
});

test("no more than eight are offered, and those first that begin as it was typed", () => {
  const many = Array.from({ length: 20 }, (_, i) => name(`other.x${i}`));
  const found = completionsOf([...many, name("x.one")], "x");
  expect(found).toHaveLength(8);
  expect(found[0]?.text).toBe("x.one");
});
