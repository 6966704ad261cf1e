import { describe, expect, test } from "vitest";
import { ADA, rulesOf, user } from "../../../test/support/decisions.ts";
import {
  AT,
  change,
  factsOf,
  linked,
  run,
  server,
  state,
} from "../../../test/support/explanations.ts";
import type { CauseCode } from "../../model/explanation.ts";
import type { Remedy } from "../../model/remedy.ts";
import { candidatesFor } from "./candidates.ts";
import type { LiveAnswer, NotLinkedFacts, UserFacts } from "./facts.ts";
import { verdictOf } from "./verdict.ts";

const BASE =
  "login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn";
const rules = rulesOf(`
directories:
  corp: { type: ldif, path: x, toOkta: { ${BASE}, title: appuser.title, city: { expression: appuser.l, apply: create }, nickName: 'appuser.nick == "x" ? "y" : null', costCenter: 'Convert.toInt(appuser.cc)' } }
  hr: { type: ldif, path: x, toOkta: { ${BASE}, title: appuser.title, department: appuser.dept } }
profile: { sources: [corp, hr], overrides: { mobilePhone: okta, division: [hr] } }
`);
const CORP = linked("corp", ADA);

function verdict(facts: UserFacts, attribute = "title") {
  return verdictOf(facts, attribute, candidatesFor(facts, attribute));
}

const whole = factsOf(rules, [CORP]);
const asWhole = (more: Partial<UserFacts>): UserFacts => ({ ...whole, ...more });
const withUser = (profile: object, sources: object = {}): UserFacts =>
  asWhole({
    user: user({
      profile: { ...whole.user.profile, ...profile },
      sources: { ...whole.user.sources, ...sources },
    }),
  });
const live = (answer: LiveAnswer) => new Map([["corp", answer]]);
const found = (differs: readonly string[]): LiveAnswer => ({
  kind: "found",
  sighting: { id: "1", dn: "uid=ada", hash: "", disabled: false, profile: ADA },
  differs,
  standingDiffers: false,
});
const heldImport = run({ id: "h", status: "held", state: "held" });
const failed = run({
  status: "failed",
  state: "failed",
  error: { code: "ldap.busy", message: "Busy." },
});
const gone = linked("corp", ADA, { status: "removed" });
const notLinked = (more: Partial<NotLinkedFacts>): NotLinkedFacts => {
  return { directory: "corp", state: state(), cut: null, entry: null, asked: null, ...more };
};

/** Each cause: what is so, the attribute that is asked for, the answer, and what helps. */
const CAUSES: readonly (readonly [string, UserFacts, string, CauseCode, Remedy["kind"] | null])[] =
  [
    ["nothing is wrong", whole, "title", "upToDate", "explain"],
    [
      "nothing is wrong, asked just now",
      asWhole({ live: live(found([])) }),
      "title",
      "upToDate",
      null,
    ],
    ["an order of its own: edited here", whole, "mobilePhone", "editedHere", "setValue"],
    [
      "set by hand, and nobody maps it",
      {
        ...withUser({ division: "A" }, { division: "okta" }),
        lastChanges: new Map([["division", change()]]),
      },
      "division",
      "editedHere",
      "unsetValue",
    ],
    ["its source has no mapping of it", whole, "department", "unmapped", "preview"],
    [
      "it was filled in on creation only",
      withUser({ city: "Rome" }),
      "city",
      "onCreateOnly",
      "setValue",
    ],
    [
      "the directory is not asked for what the mapping reads",
      asWhole({ sources: new Map([["corp", server("corp", ["cn"])]]) }),
      "title",
      "notRead",
      "import",
    ],
    [
      "the directory cannot be read now",
      asWhole({ live: live({ kind: "failed", code: "ldap.busy", message: "Busy." }) }),
      "title",
      "directoryFails",
      "check",
    ],
    [
      "the directory does not show the person now",
      asWhole({ live: live({ kind: "absent", where: "moved" }) }),
      "title",
      "outOfScope",
      "import",
    ],
    [
      "the directory has another value by now",
      asWhole({ live: live(found(["TITLE"])) }),
      "title",
      "appProfileOld",
      "import",
    ],
    [
      "another value of something else changes nothing",
      asWhole({ live: live(found(["l"])) }),
      "title",
      "upToDate",
      null,
    ],
    [
      "somebody else has the login",
      asWhole({ conflicts: [{ code: "notUniqueWithinOrg", field: "login", message: "Taken." }] }),
      "title",
      "invalid",
      "preview",
    ],
    [
      "the expression fails",
      factsOf(rules, [linked("corp", { ...ADA, cc: "x" })]),
      "costCenter",
      "expressionFails",
      "preview",
    ],
    [
      "a run was interrupted",
      asWhole({
        states: new Map([
          ["corp", state({ interrupted: run({ status: "running", state: "applying" }) })],
        ]),
      }),
      "title",
      "notApplied",
      "resumeRun",
    ],
    [
      "the mappings give another value than there is",
      withUser({ title: "Old" }),
      "title",
      "notApplied",
      "forceSyncUser",
    ],
    [
      "the same, and a force sync is held",
      {
        ...withUser({ title: "Old" }),
        states: new Map([["corp", state({ held: run({ kind: "force-sync" }) })]]),
      },
      "title",
      "importHeld",
      "showRun",
    ],
    [
      "an import is held",
      asWhole({ states: new Map([["corp", state({ held: heldImport })]]) }),
      "title",
      "importHeld",
      "showRun",
    ],
    [
      "the last import failed",
      asWhole({ states: new Map([["corp", state({ last: failed })]]) }),
      "title",
      "importFailed",
      "check",
    ],
    [
      "the mapping gives nothing for what there is",
      factsOf(rules, [linked("corp", { ...ADA, nick: "z" })]),
      "nickName",
      "mapsToNothing",
      "preview",
    ],
    [
      "the entry has no value",
      factsOf(rules, [linked("corp", { mail: ADA.mail, givenName: "A", sn: "L" })]),
      "title",
      "noValue",
      "explain",
    ],
    [
      "nobody has a value",
      {
        ...factsOf(rules, [linked("corp", { mail: ADA.mail, givenName: "A", sn: "L" })]),
        attributes: new Map([["corp", { without: new Set(["title"]), present: ["titel"] }]]),
      },
      "title",
      "noValue",
      "check",
    ],
    [
      "another source has another value",
      factsOf(rules, [CORP, linked("hr", { ...ADA, title: "of hr" })]),
      "title",
      "otherSource",
      "preview",
    ],
    ["the person left the directory", factsOf(rules, [gone]), "title", "leftScope", "explain"],
    [
      "the person is there again",
      { ...factsOf(rules, [gone]), live: live(found([])) },
      "title",
      "waitsForImport",
      "import",
    ],
    ["linked to nothing", factsOf(rules, []), "title", "notLinked", "listUnmatched"],
    [
      "only to what is no directory any more",
      factsOf(rules, [], { former: [linked("old", ADA)] }),
      "title",
      "notASource",
      "forceSync",
    ],
    [
      "a source that is not asked",
      factsOf(rules, [CORP]),
      "division",
      "notLinked",
      "listUnmatched",
    ],
  ];

describe("the cause is found where", () => {
  test.each(CAUSES)("%s", (...[, facts, attribute, code, remedy]) => {
    const cause = verdict(facts, attribute);
    expect([cause.code, cause.remedy?.kind ?? null]).toEqual([code, remedy]);
    expect(cause.sentence).toMatch(/[.?!]$/);
    expect(cause.sentence).not.toMatch(/undefined|\[object/);
  });
});

describe("of several that are so, the first is told", () => {
  const behind = linked("hr", { ...ADA, title: "of hr" });

  test("what the configuration decides, before what an import would change", () => {
    const facts = { ...withUser({ city: "Rome" }), live: live(found(["l"])) };
    expect(verdict(facts, "city").code).toBe("onCreateOnly");
  });

  test("what fails now, before a directory that could be linked", () => {
    const refused = notLinked({ state: state({ held: heldImport }) });
    const facts = factsOf(rules, [behind], { notLinked: new Map([["corp", refused]]) });
    expect(
      verdict({
        ...facts,
        conflicts: [{ code: "notUniqueWithinOrg", field: "login", message: "T." }],
      }).code,
    ).toBe("invalid");
    expect(verdict(facts).code).toBe("importHeld");
  });

  test("a directory that comes first and shows a new entry, before the word of the next one", () => {
    const facts = factsOf(rules, [behind], {
      notLinked: new Map([["corp", notLinked({ asked: { kind: "found", dn: "uid=new" } })]]),
    });
    expect(verdict(facts)).toMatchObject({ code: "waitsForImport", remedy: { directory: "corp" } });
  });

  test("the problem of the attribute itself, before that of another one", () => {
    const conflicts = ["login", "title"].map((field) => {
      return { code: "notUniqueWithinOrg", field, message: `${field} is taken.` } as const;
    });
    expect(verdict(asWhole({ conflicts })).field).toBe("title");
  });
});

test("with fallback, a source without a required value leaves the word to the next one", () => {
  const falling = rulesOf(`
directories:
  hr: { type: ldif, path: x, toOkta: { ${BASE} } }
  corp: { type: ldif, path: x, toOkta: { ${BASE} } }
profile: { sources: [hr, corp], fallback: true }
`);
  const { mail: _, ...nameless } = ADA;
  const facts = factsOf(falling, [linked("hr", nameless), CORP]);
  const candidates = candidatesFor(facts, "email");
  expect(candidates.deciding?.directory).toBe("corp");
  expect(verdictOf(facts, "email", candidates).sentence).toContain("as corp gave it");
});

test("a value that a run put back is told as such until the directory is heard again", () => {
  const back = change({ kind: "revert", directory: "corp" });
  const checkpoint = state().checkpoint;
  const waits = state({ checkpoint: checkpoint && { ...checkpoint, fullReason: "put back" } });
  const facts = asWhole({ lastChanges: new Map([["title", back]]) });
  expect(verdict(facts).code).toBe("upToDate");
  expect(verdict({ ...facts, states: new Map([["corp", waits]]) })).toMatchObject({
    code: "waitsForImport",
    sentence: expect.stringContaining(AT.toISOString()) as string,
  });
});

test("a required value that was set by hand can be changed, and is not told to be taken away", () => {
  const facts = factsOf(rules, [], {
    user: user({ sources: { login: "okta" } }),
    lastChanges: new Map([["login", change()]]),
  });
  expect(verdict(facts, "login")).toMatchObject({
    code: "editedHere",
    remedy: { kind: "setValue" },
  });
});
