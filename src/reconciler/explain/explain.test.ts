import { describe, expect, test } from "vitest";
import { ADA, rulesOf, user } from "../../../test/support/decisions.ts";
import { AT, change, factsOf, linked, run, state } from "../../../test/support/explanations.ts";
import type { AttributeExplanation, Cause, CauseCode } from "../../model/explanation.ts";
import type { User } from "../../model/user.ts";
import { explainAttribute, explainProfile, worstOf } from "./explain.ts";
import type { NotLinkedFacts, UserFacts } from "./facts.ts";

const rules = rulesOf(`
directories:
  corp: { type: ldif, path: x, reactivate: [suspended], toOkta: { login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn, title: appuser.title } }
profile: { sources: [corp] }
`);
const facts = factsOf(rules, [linked("corp", ADA)]);

function about(
  attribute: string,
  code: CauseCode,
  more: Partial<Cause> = {},
): AttributeExplanation {
  const cause = { code, stage: null, sentence: `${attribute}: ${code}.`, remedy: null, ...more };
  return { attribute, value: null, source: null, cause };
}

describe("the one answer about a whole person", () => {
  test.each([
    [
      "nothing, if nothing is wrong",
      [about("a", "upToDate"), about("b", "otherSource")],
      "upToDate",
    ],
    [
      "what fails, before what is only as it is",
      [about("a", "leftScope"), about("b", "invalid")],
      "b",
    ],
    [
      "what the directory says, before what fails",
      [about("a", "invalid"), about("b", "directoryFails")],
      "b",
    ],
    [
      "of several faults, that of the attribute itself",
      [about("a", "invalid", { field: "b" }), about("b", "invalid", { field: "b" })],
      "b",
    ],
    [
      "of several values, one that is another one",
      [about("a", "notApplied", { sameValue: true }), about("b", "notApplied")],
      "b",
    ],
    [
      "else the first",
      [
        about("a", "notApplied", { sameValue: true }),
        about("b", "notApplied", { sameValue: true }),
      ],
      "a",
    ],
  ])("%s", (_, all, expected) => {
    expect(worstOf(facts, all).sentence).toMatch(
      expected === "upToDate" ? /^Nothing is wrong/ : new RegExp(`^${expected}:`),
    );
  });

  test("does not depend on the wording of any sentence", () => {
    const all = [about("a", "notApplied", { sameValue: true }), about("b", "notApplied")];
    const reworded = all.map((one) => ({
      ...one,
      cause: { ...one.cause, sentence: "the same value, b]." },
    }));
    expect(worstOf(facts, reworded)).toBe(reworded[1]?.cause);
  });
});

describe("who has no access, because", () => {
  const of = (more: Partial<User>, others: Partial<UserFacts> = {}): UserFacts => {
    return { ...facts, ...others, user: user({ ...facts.user, ...more }) };
  };
  const lost = { status: "suspended", statusBy: "corp" } as const;
  const disabled = linked("corp", ADA, { status: "disabled" });
  const left = linked("corp", ADA, { status: "removed" });
  test.each([
    ["a person decided so", of({ status: "suspended", statusBy: "okta" }), "editedHere"],
    [
      "the directory shows the account as disabled",
      of(lost, { appUsers: [disabled] }),
      "leftScope",
    ],
    ["it was enabled again, and that was not applied", of(lost), "notApplied"],
    [
      "it was enabled again, but people give access back",
      of({ ...lost, status: "deprovisioned" }),
      "editedHere",
    ],
    [
      "the entry left the scope",
      of(lost, {
        appUsers: [left],
        removals: new Map([["corp", change({ action: "removed", reason: "gone" })]]),
      }),
      "leftScope",
    ],
    ["the entry was lost with its directory", of({ ...lost, statusBy: "old" }), "leftScope"],
  ] as const)("%s", (_, known, code) => {
    expect(explainProfile("ada", known).cause.code).toBe(code);
  });
});

describe("a whole profile lists what a directory could give that is not linked", () => {
  const of = (asked: NotLinkedFacts["asked"]) => {
    const corp = { directory: "corp", state: state(), cut: null, entry: null, asked };
    const nobody = factsOf(rules, [], {
      notLinked: new Map([["corp", corp]]),
      user: user({ profile: {}, sources: {} }),
    });
    return explainProfile("ada", nobody).attributes.map((one) => one.attribute);
  };

  test("if there is something to tell of it, and only then", () => {
    expect(of(null)).toEqual([]);
    expect(of({ kind: "found", dn: "uid=new" })).toContain("title");
  });
});

test("an explanation of an attribute goes through every stage, and shows every candidate", () => {
  const explanation = explainAttribute("ada", facts, "title");
  expect(explanation.stages.map((one) => one.stage)).toEqual([
    "directory",
    "scope",
    "appProfile",
    "link",
    "mapping",
    "priority",
    "validation",
    "written",
  ]);
  expect(explanation).toMatchObject({
    value: "Countess",
    source: "corp",
    candidates: [{ directory: "corp", linked: true, value: "Countess", problem: null }],
  });
  expect(explanation.candidates[0]).not.toHaveProperty("appUser");
});

test("a stage that stands in the way is marked, with its reason", () => {
  const error = { code: "ldap.busy", message: "Busy." };
  const failed = run({ status: "failed", state: "failed", error });
  const [read] = explainAttribute(
    "ada",
    { ...facts, states: new Map([["corp", state({ last: failed })]]) },
    "title",
  ).stages;
  expect(read).toMatchObject({ ok: false, text: expect.stringContaining("ldap.busy") as string });
  expect(read?.text).toContain(AT.toISOString());
});

test("how an entry was found is told in words, also where a file is read without a filter", () => {
  const { checkpoint } = state();
  const readWith = (filter: string): string | undefined => {
    const search = { bases: [], filter, scope: "sub" as const, servers: [], account: null };
    const corp = state({ checkpoint: checkpoint && { ...checkpoint, search } });
    const known = { ...facts, states: new Map([["corp", corp]]) };
    return explainAttribute("ada", known, "title").stages[1]?.text;
  };
  expect(readWith("(mail=*)")).toMatch(/, found by \(mail=\*\)/);
  expect(readWith("")).toMatch(/, read without a filter/);
});
