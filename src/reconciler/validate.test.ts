import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AttributeSchema, ProfileSchema } from "../model/profile-schema.ts";
import { toAttributeType, validateProfile } from "./validate.ts";

const text = (more: Partial<AttributeSchema> = {}): AttributeSchema => {
  return { title: "T", type: "string", ...more };
};
const schemaOf = (attribute: AttributeSchema): ProfileSchema => new Map([["a", attribute]]);
const codes = (value: unknown, attribute: AttributeSchema): string[] =>
  validateProfile(value === undefined ? {} : { a: value as string }, schemaOf(attribute)).map(
    ({ code }) => code.replace("platform.cvd.profile.property.constraint.violation.", ""),
  );

describe("a value is judged by its attribute", () => {
  test.each([
    ["a required one that is missing", undefined, text({ required: true }), ["required"]],
    ["one that is not required", undefined, text(), []],
    ["too short", "a", text({ minLength: 2 }), ["minLength"]],
    ["too long", "abc", text({ maxLength: 2 }), ["maxLength"]],
    ["as long as it may be, in characters and not in units", "😀😀", text({ maxLength: 2 }), []],
    ["no match of the whole pattern", "xab", text({ pattern: "a.|b" }), ["regex"]],
    ["a match of the whole pattern", "ab", text({ pattern: "a.|b" }), []],
    ["not one of those that it may be", "c", text({ enum: ["a", "b"] }), ["enum"]],
    ["a number below the minimum", 1, text({ type: "number", minimum: 2 }), ["minimum"]],
    ["a number above the maximum", 3, text({ type: "number", maximum: 2 }), ["maximum"]],
    [
      "an item of a list that it may not have",
      ["a", "x"],
      text({ type: "array", enum: ["a"] }),
      ["enum"],
    ],
    ["of another format", "no address", text({ format: "email" }), ["doesNotMatchPattern"]],
  ] as const)("%s", (...[, value, attribute, expected]) => {
    expect(codes(value, attribute)).toEqual(expected);
  });
});

test("all faults are told, in the order of the schema", () => {
  const schema = new Map([
    ["b", text({ required: true })],
    ["a", text({ maxLength: 1 })],
  ]);
  const problems = validateProfile({ a: "long" }, schema);
  expect(problems.map((one) => one.field)).toEqual(["b", "a"]);
});

test("the same address twice is one fault, of the second", () => {
  const schema = new Map([
    ["email", text()],
    ["secondEmail", text()],
  ]);
  const [problem, ...others] = validateProfile({ email: "a@b.c", secondEmail: "a@b.c" }, schema);
  expect(problem).toMatchObject({
    field: "secondEmail",
    code: "notUniqueWithinObject.config.email",
  });
  expect(others).toEqual([]);
});

test("a problem tells the shape of the value, and a long value only in part", () => {
  const [problem] = validateProfile({ a: "x".repeat(500) }, schemaOf(text({ enum: ["a"] })));
  expect(problem?.shape).toContain("500");
  expect(problem?.message.length).toBeLessThan(200);
});

describe("a mapping's result becomes the type of its attribute", () => {
  const of = (type: AttributeSchema["type"], value: Parameters<typeof toAttributeType>[1]) => {
    const typed = toAttributeType("a", value, text({ type }));
    return typeof typed === "object" && "problem" in typed ? "refused" : typed;
  };
  test.each([
    ["string", 7, "7"],
    ["string", true, "true"],
    ["string", ["one"], "one"],
    ["string", ["one", "two"], "refused"],
    ["string", [], "refused"],
    ["boolean", "TRUE", true],
    ["boolean", "yes", "refused"],
    ["integer", "7", 7],
    ["integer", "7.5", "refused"],
    ["integer", "2147483648", "refused"],
    ["integer", "", "refused"],
    ["integer", true, "refused"],
    ["number", "7.5", 7.5],
    ["number", "seven", "refused"],
    ["array", "one", ["one"]],
    ["array", ["a", null, ["b", 3]], ["a", "b", 3]],
  ] as const)("%s of %j is %j", (type, value, expected) => {
    expect(of(type, value as never)).toEqual(expected);
  });

  test("what is a whole number of 32 bits is one, written as text or not", () => {
    fc.assert(
      fc.property(fc.integer(), (number) => {
        expect(of("integer", String(number))).toBe(number);
        expect(of("integer", number)).toBe(number);
      }),
    );
  });
});
