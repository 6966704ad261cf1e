/** Every example of the documentation gives what stands there. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { EXAMPLE_CONTEXT } from "../../test/tools/expression-context.ts";
import { evaluateText } from "./evaluate.ts";
import { CHAPTERS, METHODS } from "./functions/table.ts";

const PAGE = readFileSync(new URL("../../docs/12-expressions.md", import.meta.url), "utf8");
const LINES = [...PAGE.matchAll(/```expressions\n(.*?)```/gs)].flatMap(([, block = ""]) =>
  block.split("\n").filter((line) => line.trim() !== ""),
);

describe("examples on the page", () => {
  test("there are some", () => {
    expect(LINES.length).toBeGreaterThan(15);
  });

  test.each(LINES)("%s", (line) => {
    const [expression = "", value = ""] = line.split(" → ");
    const result = evaluateText(expression.trim(), EXAMPLE_CONTEXT, 0);
    expect(result).toEqual({ value: JSON.parse(value) as unknown });
  });
});

const FUNCTIONS = [...CHAPTERS.flatMap(([, functions]) => functions), ...METHODS.values()];

describe("examples of functions", () => {
  test.each(FUNCTIONS.map((one) => [one.name, one] as const))("%s", (_, { examples }) => {
    expect(examples.length).toBeGreaterThan(0);
    for (const [expression, value] of examples)
      expect(evaluateText(expression, EXAMPLE_CONTEXT, 0), expression).toEqual({ value });
  });
});

/** What may come of nothing: no value, an empty one, or the answer to a question. */
const NOTHING = [null, "", 0, false, true, [], [null]];

describe("null arguments", () => {
  // Whatever is missing gives a value or a person's failure, and never breaks anything.
  test.each(FUNCTIONS.map((one) => [one.name, one] as const))("%s", (name, one) => {
    const isMethod = "on" in one;
    const least = one.parameters.length - (one.optional ?? 0) - (isMethod ? 1 : 0);
    const args = Array.from({ length: least }, () => "user.nothing").join(", ");
    const call = isMethod ? `user.nothing.${name}(${args})` : `${name}(${args})`;
    const result = evaluateText(call, { user: {} }, 0);
    const failed = "error" in result;
    expect(failed ? result.error.code : "platform.").toMatch(/^platform\./);
    // Only these know something by themselves.
    const value = failed || name.endsWith(".now") ? null : result.value;
    expect(NOTHING).toContainEqual(value);
  });
});
