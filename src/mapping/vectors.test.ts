/** What the documentation of the language prints, and what it says about functions. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { evaluateText, type Context } from "./evaluate.ts";

interface Vector {
  readonly expression: string;
  readonly context: Context;
  readonly expected: unknown;
}

function vectors(name: string): [string, Vector][] {
  const url = new URL(`../../test/fixtures/${name}`, import.meta.url);
  const lines = readFileSync(url, "utf8").trim().split("\n");
  return lines.map((line) => {
    const vector = JSON.parse(line) as Vector;
    return [vector.expression, vector];
  });
}

const CLASSIC = vectors("expression-vectors.jsonl");
const NEWER = vectors("expression-vectors-identity-engine.jsonl");

test("the vectors are there", () => {
  expect([CLASSIC.length, NEWER.length]).toEqual([146, 87]);
});

describe.each([
  ["classic dialect", CLASSIC],
  ["newer dialect", NEWER],
])("%s", (_, list) => {
  test.each(list)("%s", (_, { expression, context, expected }) => {
    const result = evaluateText(expression, context, 0);
    if (isErrorWanted(expected)) expect(result).toHaveProperty("error.code");
    else expect(result).toEqual({ value: expected });
  });
});

function isErrorWanted(expected: unknown): boolean {
  return typeof expected === "object" && expected !== null && "$error" in expected;
}
