import { describe, expect, test } from "vitest";
import { ADA, appUser, rulesOf, user } from "../../../test/support/decisions.ts";
import type { Problem } from "../../model/errors.ts";
import { entryOfUserCause, looseEntryCause, mappedLogin, maybeOf, rankOf } from "./entries.ts";
import type { LooseEntry } from "./facts.ts";

const BASE =
  "login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn";
const rules = rulesOf(`
directories:
  makes: { type: ldif, path: x, toOkta: { ${BASE} } }
  links: { type: ldif, path: x, onNoMatch: ignore, matching: [{ user: employeeNumber, app: appuser.nr }], toOkta: { ${BASE} } }
profile: { sources: [makes, links] }
`);
const refused: Problem = { code: "notUniqueWithinOrg", field: "login", message: "Taken." };
const several: Problem = { code: "match.ambiguous", field: "email", message: "Two fit." };
const ada = user({ profile: { ...user().profile, employeeNumber: "7" } });

function loose(directory: string, more: Partial<LooseEntry> = {}, of = {}): LooseEntry {
  const entry = appUser(directory, { ...ADA, nr: "7" }, { userId: null, ...of });
  return { entry, link: null, matched: [], holder: null, alone: [], together: [], ...more };
}

describe("an entry is nobody's, because", () => {
  test.each([
    ["a person set it aside", loose("links", {}, { setAside: true }), "setAside", "stopIgnoring"],
    ["the next import makes a user of it", loose("makes"), "waitsForImport", "import"],
    ["the next import links it", loose("links", { matched: [ada] }), "waitsForImport", "import"],
    ["no rule finds anybody", loose("links"), "noMatch", "confirm"],
    [
      "no rule finds anybody, nor could it be somebody",
      loose("links", { alone: [refused] }),
      "noMatch",
      "listUnmatched",
    ],
    [
      "who has its login has another entry",
      loose("links", { holder: { login: "ada", entryDn: "uid=x" } }),
      "noMatch",
      "listUnmatched",
    ],
    ["several users fit", loose("makes", {}, { error: several }), "ambiguous", "listUnmatched"],
    [
      "its values are refused",
      loose("makes", { together: [refused] }, { error: refused }),
      "cannotBeCreated",
      "preview",
    ],
    [
      "its values were refused, and are not any more",
      loose("makes", {}, { error: refused }),
      "notApplied",
      "forceSync",
    ],
  ] as const)("%s", (_, entry, code, remedy) => {
    const cause = looseEntryCause(rules, entry, "linked to no user");
    expect([cause.code, cause.remedy?.kind]).toEqual([code, remedy]);
  });
});

describe("an entry is not a user's, because", () => {
  test.each([
    ["a person set it aside", loose("links", {}, { setAside: true }), "setAside", "stopIgnoring"],
    [
      "it is not certain whose it is",
      loose("links", {}, { error: several }),
      "ambiguous",
      "listUnmatched",
    ],
    [
      "no rule finds the user, although it would be valid",
      loose("links", {}, { error: refused }),
      "cannotBeCreated",
      "link",
    ],
    [
      "its values are refused as this user's, too",
      loose("links", { together: [refused] }, { error: refused }),
      "cannotBeCreated",
      "preview",
    ],
    [
      "what was wrong is over",
      loose("links", { matched: [ada] }, { error: refused }),
      "notApplied",
      "forceSync",
    ],
  ] as const)("%s", (_, entry, code, remedy) => {
    const cause = entryOfUserCause(rules, ada, entry);
    expect([cause.code, cause.remedy?.kind]).toEqual([code, remedy]);
    expect(cause.sentence).toContain(entry.entry.dn);
  });

  test("a link that may take access away is proposed as a dry run", () => {
    const entry = loose("links", {}, { error: refused, status: "disabled" });
    expect(entryOfUserCause(rules, ada, entry).remedy).toMatchObject({
      kind: "link",
      dryRun: true,
    });
  });

  test("the rules find somebody else for it: then that one is named, and nobody is told that they find none", () => {
    const bob = user({ id: "b", login: "bob@example.org" });
    const cause = entryOfUserCause(rules, ada, loose("links", { matched: [bob] }));
    expect(cause).toMatchObject({ code: "noMatch", remedy: { kind: "listUnmatched" } });
    expect(cause.sentence).toContain("find bob@example.org, and the next full import decides");
    expect(entryOfUserCause(rules, ada, loose("links", { matched: [ada] })).code).toBe(
      "waitsForImport",
    );
  });

  test("of what was told and what is wrong now, what is so still is told", () => {
    const now: Problem = { code: "user.invalid", field: "email", message: "No address." };
    const entry = loose("links", { matched: [ada], together: [now] }, { error: refused });
    expect(entryOfUserCause(rules, ada, entry).field).toBe("email");
  });
});

describe("whose an entry may be", () => {
  test.each([
    ["the login", { mail: "ADA@example.org" }, true],
    ["a value that a rule asks for", { nr: "7" }, true],
    ["nothing", { mail: "bob@example.org", nr: "8" }, false],
  ])("by %s", (_, profile, expected) => {
    expect(maybeOf(rules, ada, "links", profile)).toBe(expected);
  });

  test("a directory that maps no login gives none", () => {
    expect(mappedLogin(rules, "nowhere", ADA)).toBeNull();
    expect(mappedLogin(rules, "makes", { mail: "ADA@x.org" })).toBe("ada@x.org");
  });

  test("of several entries, one that waits is told before one that fails, and those before one set aside", () => {
    const of = (more: object) => rankOf(appUser("links", ADA, more));
    expect([
      of({}),
      of({ error: refused }),
      of({ error: several }),
      of({ setAside: true }),
    ]).toEqual([0, 1, 2, 3]);
  });
});
