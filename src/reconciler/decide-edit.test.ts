import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ADA, rulesOf, user } from "../../test/support/decisions.ts";
import type { AppProfile } from "../model/entry.ts";
import { decideEdit, ownersOf, UNKNOWN_ATTRIBUTE, type Edits } from "./decide-edit.ts";

const rules = rulesOf(`
directories:
  corp: { type: ldif, path: x, toOkta: { login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn, title: { expression: appuser.title, apply: create } } }
profile: { sources: [corp], overrides: { mobilePhone: okta } }
`);
const LINKED: ReadonlyMap<string, AppProfile> = new Map([["corp", ADA]]);
const edits = (of: Readonly<Record<string, readonly string[] | null>>): Edits =>
  new Map(Object.entries(of));
const edit = (of: Readonly<Record<string, readonly string[] | null>>, links = LINKED) =>
  decideEdit(rules, user(), links, edits(of));

describe("whose an attribute is", () => {
  test.each([
    ["login", ["corp"]],
    ["title", []],
    ["mobilePhone", []],
    ["department", []],
  ])("%s: %j", (name, owners) => {
    expect(ownersOf(rules, name, LINKED)).toEqual(owners);
  });

  test("nobody's, without a link", () => {
    for (const name of rules.schema.keys()) expect(ownersOf(rules, name, new Map())).toEqual([]);
  });
});

describe("an edit", () => {
  test("sets a value that no directory gives; from then on it is edited here", () => {
    const { profile, sources, problems, changes } = edit({ department: ["Sales"] });
    expect(problems).toEqual([]);
    expect([profile["department"], sources["department"]]).toEqual(["Sales", "okta"]);
    expect(changes).toEqual([{ attribute: "department", from: null, to: "Sales", source: "okta" }]);
  });

  test("takes one away", () => {
    const { profile, sources, changes } = edit({ title: null });
    expect(profile["title"]).toBeUndefined();
    expect(sources["title"]).toBeUndefined();
    expect(changes).toMatchObject([{ attribute: "title", from: "Countess", to: null }]);
  });

  test("of a value that a directory gives is refused, with its name", () => {
    expect(edit({ login: ["other@example.org"] }).problems).toMatchObject([
      { code: "user.owned", field: "login", message: expect.stringContaining("corp") as string },
    ]);
    expect(edit({ login: ["other@example.org"] }, new Map()).problems).toEqual([]);
  });

  test("of an attribute that there is not is refused", () => {
    expect(edit({ hobby: ["x"] }).problems).toMatchObject([{ code: UNKNOWN_ATTRIBUTE }]);
  });

  test("is judged as a whole: every problem at once, but not what was wrong before", () => {
    const { problems } = edit({ countryCode: ["XX"], locale: ["nowhere"] });
    expect(problems.map((one) => one.field)).toEqual(["countryCode", "locale"]);
    const old = user({ profile: { ...user().profile, countryCode: "XX" } });
    const later = decideEdit(rules, old, new Map(), edits({ locale: ["en_US"] }));
    expect(later.problems).toEqual([]);
  });

  test("of a new user has to give everything that is required", () => {
    const { problems } = decideEdit(rules, null, new Map(), edits({ login: ["ada@example.org"] }));
    expect(problems.map((one) => one.field)).toEqual(["firstName", "lastName", "email"]);
  });
});

test("whatever is edited, what was not named stays, and the user that was there is not touched", () => {
  const editable = ["department", "title", "login", "hobby", "mobilePhone", "locale"];
  const names = fc.constantFrom(...editable);
  const texts = fc.option(fc.array(fc.string(), { minLength: 1, maxLength: 2 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(names, texts)), (pairs) => {
      const before = user();
      const copy = structuredClone(before);
      const wanted = new Map(pairs);
      const { profile, problems, changes } = decideEdit(rules, before, LINKED, wanted);
      expect(before).toEqual(copy);
      for (const { attribute } of changes) expect(wanted.has(attribute)).toBe(true);
      for (const { field } of problems) expect(wanted.has(field)).toBe(true);
      for (const name of Object.keys(copy.profile))
        if (!wanted.has(name)) expect(profile[name]).toEqual(copy.profile[name]);
    }),
  );
});
