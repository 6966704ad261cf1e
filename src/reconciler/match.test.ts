import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contextOf, rulesOf } from "../../test/support/decisions.ts";
import { decideMatch, firstFound, matchKeys, type MatchKey } from "./match.ts";

const { directory } = contextOf(
  rulesOf(`
directories:
  corp:
    type: ldif
    path: x
    matching:
      - { user: login, app: appuser.mail }
      - { user: employeeNumber, app: appuser.employeeNumber }
      - { user: lastName, app: 'Convert.toInt(appuser.sn)' }
    toOkta: { login: appuser.mail, email: appuser.mail, firstName: appuser.cn, lastName: appuser.sn }
`),
  "corp",
);

describe("what the rules ask for an entry", () => {
  test("in their order, in the form in which users are compared", () => {
    const keys = matchKeys(directory, { mail: "ADA@Example.org", employeeNumber: "E7" });
    expect(keys.map(({ attribute, value }) => [attribute, value])).toEqual([
      ["login", "ada@example.org"],
      ["employeeNumber", "e7"],
    ]);
  });

  test.each([
    ["an attribute that is missing", {}],
    ["an empty one", { mail: "" }],
    ["one with several values", { mail: ["a@b.c", "d@e.f"] }],
    ["one that is too long to identify anybody", { mail: "x".repeat(401) }],
  ])("nothing for %s", (_, profile) => {
    expect(matchKeys(directory, profile)).toEqual([]);
  });

  test("nothing for an expression that fails for this person, while the other rules ask", () => {
    const keys = matchKeys(directory, { mail: "a@b.c", sn: "no number" });
    expect(keys.map((key) => key.attribute)).toEqual(["login"]);
  });
});

const key = (attribute: string): MatchKey => ({
  attribute,
  value: "x",
  app: `appuser.${attribute}`,
  onMatch: null,
});

describe("whose an entry is", () => {
  const [first, second] = [key("login"), key("email")];
  const users = (found: Readonly<Record<string, readonly string[]>>) => (one: MatchKey) =>
    found[one.attribute] ?? [];
  const decide = (found: Readonly<Record<string, readonly string[]>>) =>
    decideMatch([first, second], users(found), (user) => user);

  test("nobody's, if no rule finds anybody", () => {
    expect(decide({})).toEqual({ kind: "none" });
  });

  test("the one's whom the first rule finds that finds anybody, whomever later ones find", () => {
    expect(decide({ login: ["ada"], email: ["bob"] })).toEqual({
      kind: "one",
      user: "ada",
      key: first,
    });
    expect(decide({ email: ["bob"] })).toEqual({ kind: "one", user: "bob", key: second });
  });

  test("a person's to decide, if a rule finds several: never a guess, nor a later rule", () => {
    const match = decide({ login: ["ada", "bob"], email: ["ada"] });
    expect(match).toMatchObject({
      kind: "problem",
      problem: {
        code: "match.ambiguous",
        field: "login",
        message: expect.stringContaining("ada, bob") as string,
      },
    });
  });

  test("what is decided is what the first rule found, whatever is found", () => {
    const found = fc.record({
      login: fc.uniqueArray(fc.string(), { maxLength: 3 }),
      email: fc.uniqueArray(fc.string(), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(found, (all) => {
        const match = decideMatch([first, second], users(all), String);
        const seen = firstFound([first, second], users(all))?.users ?? [];
        expect(match.kind).toBe(seen.length === 0 ? "none" : seen.length === 1 ? "one" : "problem");
      }),
    );
  });
});
