import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AppProfile } from "../model/entry.ts";
import { MappingEnvironment } from "./environment.ts";
import { compileExpression } from "./mapping.ts";
import { parseExpression } from "./parse.ts";
import { caret, CODES, EvaluationError } from "./problem.ts";
import { NO_FACTS, type Facts } from "./scope.ts";
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
  ["firstName", "login"],
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

describe("what directories and administrators really have", () => {
  const GROUPS: Facts["groups"] = [
    {
      kind: "group",
      id: "g1",
      name: "Poets",
      type: "APP_GROUP",
      sourceId: "corp",
      sourceType: "active_directory",
    },
  ];
  const PERSON = {
    "msDS-cloudExtensionAttribute1": "cloud",
    "cn;lang-de": "deutsch",
    roles: "a,b,c",
    memberOf: "CN=A,OU=B",
    team: "",
  };

  test.each<[string, Value]>([
    ["appuser.msDS_cloudExtensionAttribute1", "cloud"],
    ["appuser['msDS-cloudExtensionAttribute1']", "cloud"],
    ["appuser.cn_lang_de", "deutsch"],
    ["Arrays.contains(appuser.memberOf, 'CN=A,OU=B')", true],
    ["Arrays.contains(appuser.memberOf ?: {}, 'CN=A,OU=B')", true],
    ["Arrays.size(true ? appuser.memberOf : {})", 1],
    ["Arrays.contains(appuser.roles, 'b')", false],
    ["Arrays.flatten(appuser.roles + '')", ["a", "b", "c"]],
    ["String.stringContains('abc', appuser.nothing)", false],
    ["String.startsWith('abc', appuser.nothing)", false],
    ["String.stringSwitch('abc', 'none', appuser.team, 'x')", "none"],
    ["isMemberOfGroupNameStartsWith(appuser.team)", false],
    ["isMemberOfGroupNameContains(appuser.nothing)", false],
    ["user.isMemberOf({'group.profile.name': {appuser.team, appuser.nothing}})", false],
    ["Groups.startsWith('active_directory', 'P', 10)", ["Poets"]],
    ["Groups.startsWith('CORP', 'P', 10)", ["Poets"]],
    [
      `getFilteredGroups({'g1'}, "isMemberOfGroupName('Poets') ? group.name + appuser.roles : ''", 10)`,
      ["Poetsa,b,c"],
    ],
    [`${Array.from({ length: 250 }, (_, i) => `1==${i + 2}?1: `).join("")}'last'`, "last"],
    [`${"(false ? 1 : ".repeat(90)}2${")".repeat(90)}`, 2],
    ["'Turkey'.parseCountryCode().toAlpha2()", "TR"],
    ["'Bosnia and Herzegovina'.parseCountryCode().toAlpha2()", "BA"],
    ["'2015-07-31T12:00:00[Europe/Berlin]'.parseStringTime().toString('HH:mm ZZ')", "12:00 +02:00"],
    [
      "Time.fromStringToIso8601('Fri Jul 31 10:00:00 PDT 2015', 'EEE MMM dd HH:mm:ss z yyyy')",
      "2015-07-31T10:00:00.000-07:00",
    ],
  ])("%s", (source, value) => {
    const compiled = compileExpression(
      source,
      new MappingEnvironment("corp", new Map([["corp", { type: "active_directory" }]]), []),
    );
    if ("problems" in compiled) throw new Error(compiled.problems[0]?.message);
    const facts = new (class extends Object {
      get groups() {
        return GROUPS;
      }
    })() as Facts;
    expect(compiled.expression.evaluate({ app: PERSON, facts })).toEqual(value);
  });

  test("a caret under an expression that begins with an empty line", () => {
    expect(caret("\n{1}", { code: CODES.type, message: "", start: 0, end: 4 })).toBe("\n^");
    expect(caret("a +\n  b", { code: CODES.type, message: "", start: 6, end: 7 })).toBe("  b\n  ^");
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
    ["user.getGroups({'group.nme': 'x'}).![name]", CODES.type, 29],
    ["user.isMemberOf({'operator': 'CONTAINS'})", CODES.type, 29],
    ["getManagerUser('corp').frstName", CODES.unknownName, 23],
    ["getManagerUser(appuser.a).firstName", CODES.unsupported, 15],
    ["Groups.startsWith('nowhere', 'a', 1)", CODES.type, 18],
    ["getFilteredGroups({'a'}, 'user.x', 1)", CODES.wrongDirection, 25],
    [`getFilteredGroups({'a'}, "getFilteredGroups({'a'}, 'x', 1)", 1)`, CODES.unsupported, 25],
    ["(appuser.x = 'a') ? 1 : 2", CODES.syntax, 11],
    ["app.x", CODES.unsupported, 0],
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
    expect(parseExpression(`${"(".repeat(300)}1${")".repeat(300)}`)).toMatchObject({ ok: false });
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

test.each(["\0", "\ud800", "a\udc00b"])(
  "a text with a sign that cannot be kept is a fault at its place: %j",
  (sign) => {
    expect(problems(`"Dr " + "${sign}"`)).toMatchObject([{ code: CODES.syntax, start: 8 }]);
    expect(problems('"😀"')).toEqual([]);
  },
);
