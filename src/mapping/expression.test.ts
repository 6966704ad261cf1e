import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AppProfile } from "../model/entry.ts";
import { compileExpression } from "./mapping.ts";
import { parseExpression } from "./parse.ts";
import { CODES, EvaluationError } from "./problem.ts";
import { MappingEnvironment } from "./environment.ts";
import { NO_FACTS } from "./scope.ts";
import type { Value } from "./values.ts";

const ADA: AppProfile = {
  givenName: "Ada",
  sn: "Lovelace",
  mail: ["ada@example.org", "countess@example.org"],
  employeeNumber: "123",
  enabled: "TRUE",
  empty: "",
  bytes: { base64: "AAE=" },
};

const CORP = new MappingEnvironment(
  "corp",
  new Map(["corp", "hr"].map((name) => [name, { type: name }])),
);

function evaluate(source: string, profile: AppProfile = ADA): Value {
  const compiled = compileExpression(source, CORP);
  if ("problems" in compiled) throw new Error(compiled.problems[0]?.message);
  return compiled.expression.evaluate({ app: profile, facts: NO_FACTS });
}

function problems(source: string) {
  const compiled = compileExpression(source, CORP);
  return "problems" in compiled ? compiled.problems : [];
}

describe("values", () => {
  test.each<[string, Value]>([
    ['appuser.givenName + " " + appuser.sn', "Ada Lovelace"],
    ["source.GIVENNAME", "Ada"],
    ["corp.sn", "Lovelace"],
    ["appUser.mail[0]", "ada@example.org"],
    ["appuser.mail[1]", "countess@example.org"],
    ["appuser.mail[2]", null],
    ["appuser.sn[0]", "Lovelace"],
    ["appuser.nothing", null],
    ['"a" + appuser.nothing + "b"', "ab"],
    ["appuser.nothing + appuser.nothing", null],
    ["appuser.employeeNumber == 123 ? 'yes' : 'no'", "yes"],
    ["appuser.employeeNumber > 99 AND appuser.employeeNumber <= 123", true],
    ["1 + 2 * 3 - 4 / 2", 5],
    ["-(2 + 3)", -5],
    ["!(1 == 2) and true", true],
    ["true || false && false", true],
    ['appuser.empty ?: "none"', "none"],
    ['appuser.nothing ?: appuser.empty ?: "last"', "last"],
    ["true ? false ? 1 : 2 : 3", 2],
    ["'It''s'", "It's"],
    ['"\\" + "x"', "\\x"],
    ['appuser.enabled ? "on" : "off"', "on"],
    ["{1, 'a'}[1]", "a"],
    ["appuser.nothing == null", true],
    ["appuser.empty == null", false],
  ])("%s", (source, value) => {
    expect(evaluate(source)).toEqual(value);
  });

  // The results that the functions' documentation prints, and the choices where it is silent.
  test.each<[string, Value]>([
    ['String.append("This is", " a test")', "This is a test"],
    ['String.join(",", "This", "is", "a", "test")', "This,is,a,test"],
    ['String.join("-", appuser.nothing, "a")', "a"],
    ['String.len("This")', 4],
    ["String.len(appuser.nothing)", 0],
    ['String.removeSpaces("a b  c")', "abc"],
    ['String.replace("This is a test", "is", "at")', "That at a test"],
    ['String.replace("a.b.c", ".", "$&")', "a$&b$&c"],
    ['String.replaceFirst("aaa", "a", "$$")', "$$aa"],
    ['String.startsWith("Kiss", "K")', true],
    ['String.stringContains(appuser.nothing, "K")', false],
    ['String.stringSwitch("Substrings count", "default", "ring", "value1")', "value1"],
    ['String.stringSwitch("x", "default", "ring", "value1")', "default"],
    ['String.substring("abcdef", 1, 3)', "bc"],
    ['String.substring("abc", 2, 99)', "c"],
    ['String.substring("abc", 2, 1)', ""],
    ['String.substring("𠮷田", 0, 1)', "𠮷"],
    ['String.len("𠮷田")', 2],
    ['String.substringAfter("a@b@c", "@")', "b@c"],
    ['String.substringAfter("abc", "@")', ""],
    ['substringBefore("a@b@c", "@")', "a"],
    ['String.substringBefore("abc", "@")', ""],
    ["toUpperCase(appuser.givenName)", "ADA"],
    ["String.toLowerCase(appuser.nothing)", null],
  ])("%s", (source, value) => {
    expect(evaluate(source)).toEqual(value);
  });

  test("several values where one is expected, and values that are not text, fail for the person", () => {
    for (const source of [
      "String.toUpperCase(appuser.mail)",
      'appuser.mail + "x"',
      "appuser.bytes",
      "-appuser.sn",
    ]) {
      expect(() => evaluate(source), source).toThrow(EvaluationError);
    }
  });
});

describe("faults", () => {
  test.each([
    ["", CODES.syntax, 0],
    ["1 +", CODES.syntax, 3],
    ["(1", CODES.syntax, 2],
    ['"abc', CODES.syntax, 0],
    ["appuser.a = 1", CODES.syntax, 10],
    ["appuser.a # 1", CODES.syntax, 10],
    ["a ? b", CODES.syntax, 5],
    ["String.nope(1)", CODES.unknownFunction, 0],
    ['"x" + String.len()', CODES.argumentCount, 6],
    ['String.stringSwitch("a", "b", "c")', CODES.argumentCount, 0],
    ["user.login", CODES.wrongDirection, 0],
    ["other.login", CODES.unknownName, 0],
    ["givenName", CODES.unknownName, 0],
    ["appuser", CODES.unknownName, 0],
    ['"a" AND true', CODES.type, 0],
    ['"text" ? 1 : 2', CODES.type, 0],
    ["{1} + 2", CODES.type, 0],
    ["String.len({1})", CODES.type, 11],
    ["appuser.a instanceof 'x'", CODES.unsupported, 10],
    ["appuser.a.b", CODES.unknownName, 0],
    ["'a'.b", CODES.type, 0],
    ["appuser.a.nope()", CODES.unknownFunction, 10],
    ["appuser.a matches '('", CODES.type, 18],
    ["Time.now('Berlin')", CODES.type, 9],
    ["Time.fromIso8601ToString(appuser.a, 'qq')", CODES.type, 36],
    ["getManagerUser('nowhere').firstName", CODES.type, 15],
    ["user.getGroups({'group.nme': 'x'}).![name]", CODES.type, 15],
    ["user.getInternalProperty('password')", CODES.type, 25],
    ["getFilteredGroups({'a'}, 'group.', 1)", CODES.syntax, 25],
    ["getFilteredGroups({'a'}, appuser.x, 1)", CODES.unsupported, 25],
  ])("%s", (source, code, start) => {
    expect(problems(source)[0]).toMatchObject({ code, start });
  });

  test("every fault is found, not only the first, with a hint", () => {
    const found = problems("String.tolowercase(user.x) + frstName + String.len(1, 2)");
    expect(found.map((problem) => problem.code)).toEqual([
      CODES.wrongDirection,
      CODES.unknownFunction,
      CODES.unknownName,
      CODES.argumentCount,
    ]);
    expect(found[1]?.message).toContain("String.toLowerCase");
  });
});

describe("bounds", () => {
  test("names of JavaScript's own objects find nothing", () => {
    for (const name of ["constructor", "__proto__", "hasOwnProperty", "toString", "valueOf"]) {
      expect(evaluate(`appuser.${name}`, {})).toBeNull();
      expect(problems(`${name}(1)`)[0]?.code).toBe(CODES.unknownFunction);
      expect(problems(name)[0]?.code).toBe(CODES.unknownName);
    }
  });

  test("deep, long and growing expressions are refused", () => {
    expect(parseExpression(`${"(".repeat(100)}1${")".repeat(100)}`)).toMatchObject({ ok: false });
    expect(parseExpression(`${"-".repeat(500)}1`)).toMatchObject({ ok: false });
    expect(parseExpression("1+".repeat(3000))).toMatchObject({ ok: false });
    const long = { x: "a".repeat(60_000) };
    expect(() => evaluate("appuser.x + appuser.x", long)).toThrow(EvaluationError);
    expect(() => evaluate('String.replace(appuser.x, "a", "bbbb")', long)).toThrow(EvaluationError);
  });

  test("any text gives a tree or a problem inside the text; any tree a value or an evaluation error", () => {
    const word = fc.constantFrom(
      "appuser.sn",
      "source.mail",
      '"x"',
      "1",
      "+",
      "==",
      "?",
      ":",
      "(",
      ")",
      "!",
      "AND",
      "{",
      "}",
      "[0]",
      ",",
      "String.len(",
      "?:",
      "null",
      "true",
      " ",
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(word, { maxLength: 12 }).map((words) => words.join(" ")),
    );
    fc.assert(
      fc.property(text, (source) => {
        const compiled = compileExpression(source, CORP);
        if ("problems" in compiled) {
          for (const { start, end } of compiled.problems)
            expect(start <= end && end <= source.length).toBe(true);
          return;
        }
        try {
          compiled.expression.evaluate({ app: ADA, facts: NO_FACTS });
        } catch (error) {
          expect(error).toBeInstanceOf(EvaluationError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
