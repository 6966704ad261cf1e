/** Attempts to get out of the language, to make it slow, or to make it break. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluateLine, evaluateText } from "./evaluate.ts";
import { FUNCTIONS, METHODS } from "./functions/table.ts";

const OWN = [
  "constructor",
  "__proto__",
  "prototype",
  "hasOwnProperty",
  "toString",
  "valueOf",
  "isPrototypeOf",
  "__defineGetter__",
  "__lookupGetter__",
  "caller",
  "callee",
  "arguments",
  "length",
  "name",
  "call",
  "apply",
  "bind",
  "kind",
  "pairs",
  "millis",
  "member",
  "country",
  "zone",
  "offsetAt",
];
const GLOBALS = [
  "globalThis",
  "process",
  "require",
  "Function",
  "eval",
  "Object",
  "Symbol",
  "Reflect",
  "window",
  "module",
  "import",
  "this",
  "self",
  "Date",
  "console",
  "T",
  "new",
  "#this",
  "@bean",
];
const VALUES = [
  "user",
  "user.name",
  "'text'",
  "1",
  "true",
  "null",
  "{}",
  "{1}",
  "{'k': 1}",
  "DateTime.now()",
  "'US'.parseCountryCode()",
  "user.getGroups()",
  "user.getGroups()[0]",
  "findDirectoryUser()",
];
const CONTEXT = {
  user: { name: "ada" },
  "user.groups": [{ id: "1", name: "g", type: "APP_GROUP", sourceId: "s" }],
  appUsers: { active_directory: [{ a: "b" }] },
};

/** A value of JSON, or an error of the language; nothing else may come out. */
function evaluated(expression: string, context: Record<string, unknown> = CONTEXT): unknown {
  const result = evaluateText(expression, context, 0);
  if ("error" in result) {
    expect(result.error.code).toMatch(/^platform\.cvd\./);
    const { position } = result.error;
    if (position !== null) expect(position >= 0 && position <= expression.length).toBe(true);
    return undefined;
  }
  expect(JSON.parse(JSON.stringify(result.value ?? null))).toEqual(result.value ?? null);
  return result.value;
}

describe("no way out", () => {
  test.each(OWN)("the member %s of any value", (name) => {
    for (const value of VALUES) {
      const allowed = ["name", "length"].includes(name);
      const found = evaluated(`${value}.${name}`) ?? null;
      if (!allowed) expect(found, `${value}.${name}`).toBeNull();
      evaluated(`(${value}).${name}`);
      evaluated(`${value}.${name}()`);
      evaluated(`${value}.${name}.${name}.${name}`);
      evaluated(`${value}['${name}']`);
      evaluated(`{${value}}.![${name}]`);
      evaluated(`${name}(${value})`);
      evaluated(`user.getGroups({'${name}': ${value}})`);
    }
    expect(evaluated(name, {}) ?? null).toBeNull();
    expect(evaluated(`appuser.${name}`, {}) ?? null).toBeNull();
  });

  test.each(GLOBALS)("%s is not known", (name) => {
    for (const form of [name, `${name}.exit`, `${name}('1')`, `${name}.constructor('return 1')()`])
      expect(evaluateText(form, {}, 0), form).toHaveProperty("error");
  });

  test("keys of a context that JavaScript has a meaning for are names like any other", () => {
    const line = String.raw`{"expression": "appuser.__proto__ + appuser.constructor", "context": {"appuser": {"__proto__": "a", "constructor": "b"}, "__proto__": {"x": 1}}}`;
    expect(evaluateLine(line, {}, 0)).toEqual({ value: "ab" });
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
    const polluted = evaluateLine(
      '{"expression": "__proto__.x", "context": {"__proto__": {"x": 7}}}',
      {},
      0,
    );
    expect(polluted).toEqual({ value: 7 });
  });
});

describe("no way to make it slow", () => {
  // Each of these takes for ever where patterns go back and try again.
  test.each([
    ["(a+)+$", `${"a".repeat(5000)}b`],
    ["(a|aa)+$", `${"a".repeat(5000)}b`],
    ["(.*)*x(.*)*y", "x".repeat(5000)],
    ["([a-z]+)*[0-9]", "abcdefgh".repeat(500)],
    ["(x+x+)+y", "x".repeat(60_000)],
  ])("matches %s", (pattern, text) => {
    expect(evaluated("user.text matches user.pattern", { user: { text, pattern } })).toBe(false);
    const groups = [{ name: text }];
    expect(evaluated(`isMemberOfGroupNameRegex("${pattern}")`, { "user.groups": groups })).toBe(
      false,
    );
  });

  test.each([
    "(?=a)a",
    "(?<!a)b",
    String.raw`(a)\1`,
    "[",
    "a{2000}",
    "(".repeat(1001),
    "((a{100}){100}){100}",
  ])("the pattern %s is refused", (pattern) => {
    for (const expression of [`'a' matches '${pattern}'`, "'a' matches user.pattern"])
      expect(evaluateText(expression, { user: { pattern } }, 0), pattern).toHaveProperty("error");
  });

  test("patterns that become large, and texts that are too long for a pattern, are refused", () => {
    const dots = ".{0,999}";
    for (const pattern of [`${dots.repeat(20)}y`, `(?:${"ab".repeat(200)}){900}`, "[a-z&&[^b]]+"]) {
      expect(evaluateText(`'x' matches '${pattern}'`, {}, 0)).toHaveProperty("error");
      expect(evaluateText("'x' matches user.p", { user: { p: pattern } }, 0)).toHaveProperty(
        "error",
      );
    }
    const context = { user: { text: "x".repeat(60_000) } };
    expect(evaluateText(`user.text matches '${dots}y'`, context, 0)).toHaveProperty("error");
    const mail = { user: { text: "x".repeat(5000) } };
    expect(evaluated("user.text matches '[a-z]{1,64}@[a-z.]{1,255}'", mail)).toBe(false);
  });

  test("the place of a fault is found in one more evaluation", () => {
    const source = `user.text${".replace('a','a')".repeat(110)}.substring('q'.toNumber())${".replace('a','a')".repeat(100)}`;
    const context = { user: { text: "a".repeat(65_000) } };
    const position = source.indexOf("'q'.toNumber()");
    expect(evaluateText(source, context, 0)).toMatchObject({ error: { position } });
  });

  test("numbers, words and names of any length", () => {
    const digits = `${"1".repeat(60_000)}x`;
    const word = `${"a".repeat(15_000)}b${"a".repeat(15_000)}`;
    const context = { user: { digits, word, text: "a".repeat(60_000) } };
    expect(evaluated("user.digits == 7", context)).toBe(false);
    for (const call of ["stringContains", "substringBefore", "substringAfter"])
      evaluated(`String.${call}(user.text, user.word)`, context);
    expect(evaluated("String.replace(user.text, user.word, '') == user.text", context)).toBe(true);
  });

  test("nothing grows beyond its bounds", () => {
    const text = "x".repeat(60_000);
    const texts = Array.from({ length: 60 }, () => text);
    const context = { user: { text, texts, list: Array.from({ length: 60_000 }, () => "v") } };
    for (const expression of [
      "user.text + user.text",
      "user.text + '' + user.text",
      "'' + user.text + user.text + user.text + user.text",
      "String.append(user.text, user.text)",
      "String.join(user.text, 'a', 'b', 'c')",
      "String.replace(user.text, 'x', 'xy')",
      "String.replaceFirst(user.text, 'x', user.text)",
      "Arrays.toCsvString({user.text, user.text})",
      "Arrays.flatten(user.list, user.list)",
      "{user.list, user.list}.flatten()",
      "user.text.replace('x', user.text)",
      `Arrays.toCsvString(Arrays.flatten(${"user.texts,".repeat(300)} 'a'))`,
      `String.join('', ${"user.text,".repeat(300)} 'a')`,
      `{${"user.list,".repeat(300)} 1}`,
      "{{user.list, user.list}, 1}[0][0]",
      `{${"user.texts,".repeat(300)} 1}[0] ? 1 : 2`,
    ])
      expect(evaluateText(expression, context, 0), expression).toHaveProperty("error");
  });

  test("expressions that are too long, too deep or too large are refused", () => {
    const deep = (open: string, close: string, n: number): string =>
      `${open.repeat(n)}1${close.repeat(n)}`;
    for (const expression of [
      deep("(", ")", 3000),
      deep("{", "}", 300),
      deep("String.len(", ")", 300),
      `${"!".repeat(300)}true`,
      `${"true?".repeat(300)}1${":1".repeat(300)}`,
      "1+".repeat(2040),
      `a${".b".repeat(2040)}`,
      `'a'${"[0]".repeat(1300)}`,
      `'${"a".repeat(5000)}'`,
      `{${"'k':{".repeat(300)}1${"}".repeat(301)}`,
    ])
      expect(evaluateText(expression, { a: {} }, 0), expression.slice(0, 40)).toHaveProperty(
        "error",
      );
    // … and what is not, does not end the process either.
    for (const expression of [`'a'${".toUpperCase()".repeat(250)}`, `1${"+1".repeat(900)}`])
      expect(evaluateText(expression, {}, 0), expression.slice(0, 40)).toHaveProperty("value");
  });

  test("a context of any depth", () => {
    const nested = `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`;
    const line = `{"expression": "user.a.a.a", "context": {"user": ${nested}}}`;
    expect(evaluateLine(line, {}, 0)).toHaveProperty("error");
    expect(evaluateLine("x".repeat(2_000_000), {}, 0)).toHaveProperty("error");
    for (const bad of [
      "",
      "1",
      "[]",
      "{}",
      '{"expression": 1}',
      '{"expression": "1", "context": []}',
      '{"expression": "1", "contexts": {}}',
    ])
      expect(evaluateLine(bad, {}, 0), bad).toHaveProperty("error.code", "usage.invalid");
  });
});

describe("whatever is written", () => {
  const names = [...FUNCTIONS.keys()];
  const methods = [...METHODS.keys()];
  const leaf = fc.constantFrom(
    "user.name",
    "user.list",
    "user.number",
    "user.nothing",
    "user.time",
    "'x'",
    '"a,b"',
    "''",
    "0",
    "-1",
    "1.5",
    "2147483648",
    "true",
    "null",
    "{}",
    "{1, 'a', null}",
    "{'group.type': 'APP_GROUP'}",
    "'2015-07-31T17:18:37.979Z'",
    "'yyyy-MM-dd'",
    "'Europe/Berlin'",
    "'(a+)+'",
    "DateTime.now()",
    "'DE'.parseCountryCode()",
    "user",
  );
  const { expression } = fc.letrec<{ expression: string }>((tie) => {
    const inner = tie("expression");
    const args = fc.array(inner, { maxLength: 4 }).map((list) => list.join(", "));
    return {
      expression: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        leaf,
        fc.tuple(fc.constantFrom(...names), args).map(([name, list]) => `${name}(${list})`),
        fc
          .tuple(inner, fc.constantFrom(...methods), args)
          .map(([target, name, list]) => `(${target}).${name}(${list})`),
        fc
          .tuple(
            inner,
            fc.constantFrom(
              "+",
              "-",
              "*",
              "/",
              "%",
              "==",
              "!=",
              "<",
              ">=",
              "AND",
              "OR",
              "matches",
              "?:",
            ),
            inner,
          )
          .map((parts) => `(${parts.join(" ")})`),
        fc.tuple(inner, inner, inner).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
        fc.tuple(inner, inner).map(([a, b]) => `${a}[${b}]`),
        fc.tuple(fc.constantFrom("!", "-"), inner).map((parts) => parts.join("")),
        inner.map((target) => `${target}.![name]`),
        inner.map((target) => `(${target}).name`),
      ),
    };
  });
  const context = {
    user: { name: "Ada", list: ["a", "b", 3], number: 7, time: "2015-07-31T17:18:37.979Z" },
    "user.groups": [{ id: "1", name: "g", type: "APP_GROUP", sourceId: "s" }],
    manager: { okta: { firstName: "Charles" } },
  };

  test("gives a value of JSON or an error of the language", () => {
    let values = 0;
    fc.assert(
      fc.property(expression, (source) => {
        if (evaluated(source, context) !== undefined) values++;
      }),
      { numRuns: 20_000, seed: 5 },
    );
    expect(values).toBeGreaterThan(1000);
  });

  test("also if it is no expression at all", () => {
    let tried = 0;
    const sign = fc.constantFrom(
      ...Array.from("abuser.'\"(){}[]!?:+-*/%<>=&|,0123456789 \n\t\\#@$_é𠮷"),
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: sign })), (source) => {
        evaluated(source, context);
        tried++;
      }),
      { numRuns: 20_000 },
    );
    expect(tried).toBe(20_000);
  });
});
