import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rulesOf, user } from "../../test/support/decisions.ts";
import type { AppProfile } from "../model/entry.ts";
import type { User } from "../model/user.ts";
import { NO_RELATIONS } from "./scope.ts";
import { candidatesOf, givenBy, profileSourceOf, resolveProfile } from "./source-priority.ts";

const MAPPINGS =
  "login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn";
const yaml = (profile: string): string => `
directories:
  corp: { type: ldif, path: x, toOkta: { ${MAPPINGS}, title: appuser.title } }
  hr: { type: ldif, path: x, toOkta: { ${MAPPINGS}, title: appuser.title, department: appuser.dept, city: { expression: appuser.l, apply: create } } }
  extra: { type: ldif, path: x, toOkta: { ${MAPPINGS}, title: appuser.title } }
profile: { sources: [corp, hr], ${profile} }
`;
const PERSON = { mail: "ada@example.org", givenName: "Ada", sn: "Lovelace" };

function resolve(
  profile: string,
  links: Readonly<Record<string, AppProfile>>,
  before: User | null = user({ profile: {}, sources: {} }),
) {
  const rules = rulesOf(yaml(profile));
  const creator = before === null ? (Object.keys(links)[0] ?? null) : null;
  const input = { links: new Map(Object.entries(links)), before, creator, relations: NO_RELATIONS };
  return { rules, input, ...resolveProfile(rules, input) };
}

describe("without anything else, the first linked source gives everything", () => {
  test("and what it does not map is not taken from the next one", () => {
    const { profile, sources, profileSource } = resolve("overrides: {}", {
      hr: { ...PERSON, title: "of hr", dept: "Research" },
      corp: { ...PERSON, title: "of corp" },
    });
    expect(profileSource).toBe("corp");
    expect(profile).toMatchObject({ title: "of corp" });
    expect(profile["department"]).toBeUndefined();
    expect(new Set(Object.values(sources))).toEqual(new Set(["corp"]));
  });

  test("what nobody maps any more stays with its own source, and goes with another one's", () => {
    const links = { corp: PERSON };
    const kept = { department: "Old", city: "Rome", state: "X" };
    const of = { department: "corp", city: "hr", state: "okta" };
    const { profile, sources } = resolve(
      "overrides: {}",
      links,
      user({ profile: kept, sources: of }),
    );
    expect(profile).toMatchObject({ department: "Old", state: "X" });
    expect(profile["city"]).toBeUndefined();
    expect(sources).toMatchObject({ department: "corp", state: "okta" });
  });
});

test("an order of its own counts before that of all, and is followed only as far as it is linked", () => {
  const both = { corp: { ...PERSON, title: "of corp" }, hr: { ...PERSON, title: "of hr" } };
  expect(resolve("overrides: { title: [hr, corp] }", both).profile["title"]).toBe("of hr");
  const { hr: _, ...one } = both;
  expect(resolve("overrides: { title: [hr, corp] }", one).profile["title"]).toBe("of corp");
});

test("what is edited here stays as it is, whoever maps it", () => {
  const before = user({ profile: { title: "by hand" }, sources: { title: "okta" } });
  const { profile, sources } = resolve(
    "overrides: { title: okta }",
    { corp: { ...PERSON, title: "of corp" } },
    before,
  );
  expect([profile["title"], sources["title"]]).toEqual(["by hand", "okta"]);
});

describe("a source that has no value", () => {
  const both = { corp: PERSON, hr: { ...PERSON, title: "of hr" } };

  test("is followed by the next one that has one, with fallback", () => {
    const { profile, sources } = resolve("fallback: true", both);
    expect([profile["title"], sources["title"]]).toEqual(["of hr", "hr"]);
  });

  test("leaves the attribute empty, without", () => {
    expect(resolve("overrides: {}", both).profile["title"]).toBeUndefined();
  });

  test("is another thing than one whose value cannot be taken", () => {
    const wrong = { ...both, corp: { ...PERSON, title: ["a", "b"] } };
    const { profile, problems } = resolve("fallback: true", wrong);
    expect(profile["title"]).toBeUndefined();
    expect(problems).toMatchObject([{ field: "title" }]);
  });
});

test("a value that is filled in on creation is not taken again, and stays when its source is lost", () => {
  const created = resolve("overrides: {}", { hr: { ...PERSON, l: "Rome" } }, null);
  expect(created.profile["city"]).toBe("Rome");
  const before = user({ profile: { city: "Rome" }, sources: { city: "hr" } });
  const later = resolve("overrides: {}", { hr: { ...PERSON, l: "Bern" } }, before);
  expect([later.profile["city"], later.sources["city"]]).toEqual(["Rome", "hr"]);
});

test("without any link everything stays, and belongs to Rollcall", () => {
  const { profile, sources, profileSource } = resolve("overrides: {}", {}, user());
  expect(profileSource).toBeNull();
  expect(profile).toEqual(user().profile);
  expect(new Set(Object.values(sources))).toEqual(new Set(["okta"]));
});

describe("whoever creates a user fills the profile", () => {
  test("even if it is no source, and does not own the values", () => {
    const { profile, sources } = resolve(
      "overrides: {}",
      { extra: { ...PERSON, title: "T" } },
      null,
    );
    expect(profile["title"]).toBe("T");
    expect(sources["title"]).toBe("okta");
  });

  test("except what has an order of its own, unless nobody could be created without it", () => {
    const links = { extra: { ...PERSON, title: "T" } };
    expect(resolve("overrides: { title: [hr] }", links, null).profile["title"]).toBeUndefined();
    expect(resolve("overrides: { login: [hr] }", links, null).profile["login"]).toBe(
      "ada@example.org",
    );
  });
});

test("a value that cannot be taken is a problem, and no value", () => {
  const { profile, problems } = resolve("overrides: {}", {
    corp: { ...PERSON, title: ["a", "b"] },
  });
  expect(profile["title"]).toBeUndefined();
  expect(problems).toMatchObject([{ field: "title", shape: expect.any(String) as string }]);
});

const names = fc.subarray<string>(["corp", "hr", "extra"]);
const values = fc.record({
  title: fc.option(fc.string({ minLength: 1, maxLength: 5 }), { nil: undefined }),
});

describe("whatever is linked", () => {
  test("attribute by attribute it is the same as whole, and every value has its source", () => {
    const profiles = fc.constantFrom(
      "overrides: {}",
      "fallback: true",
      "overrides: { title: [hr] }",
    );
    fc.assert(
      fc.property(profiles, names, values, (profile, linked, { title }) => {
        const links = Object.fromEntries(
          linked.map((name) => [name, title === undefined ? PERSON : { ...PERSON, title }]),
        );
        const { rules, input, ...resolved } = resolve(profile, links);
        const give = givenBy(rules, input);
        for (const name of rules.schema.keys()) {
          const result = give(name);
          const value = result !== null && "value" in result ? result.value : undefined;
          expect(value).toEqual(resolved.profile[name]);
        }
        expect(Object.keys(resolved.sources)).toEqual(Object.keys(resolved.profile));
      }),
    );
  });

  test("only linked directories give anything", () => {
    fc.assert(
      fc.property(names, (linked) => {
        const rules = rulesOf(yaml("overrides: { title: [hr, corp] }"));
        const links = new Map(linked.map((name) => [name, {}]));
        for (const name of rules.schema.keys()) {
          const found = candidatesOf(rules, name, { links, before: {}, creator: null });
          for (const one of found === "okta" ? [] : found) expect(linked).toContain(one);
        }
        const source = profileSourceOf(rules, links);
        expect(source === null || links.has(source)).toBe(true);
      }),
    );
  });
});
