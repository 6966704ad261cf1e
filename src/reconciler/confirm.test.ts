import { describe, expect, test } from "vitest";
import { user } from "../../test/support/decisions.ts";
import type { OnMatch } from "../model/settings.ts";
import type { User } from "../model/user.ts";
import { needsConfirmation } from "./confirm.ts";

const NAMES = ["corp", "phones", "lab"];
const rules = {
  sources: ["corp", "phones"],
  directories: new Map(NAMES.map((name) => [name, {} as never])),
};

interface Case {
  readonly attribute?: string;
  readonly directory?: string;
  readonly onMatch?: OnMatch;
  readonly user?: Partial<User>;
}

/** @param had the directories that have or had the user */
function asks(had: readonly string[], one: Case = {}): boolean {
  const { attribute = "email", directory = "phones", onMatch = null } = one;
  const key = { attribute, value: "x", app: "appuser.x", onMatch };
  const found = { key, user: user(one.user), directories: new Set(had) };
  const problem = needsConfirmation(rules, { directory, dn: "cn=x" }, found);
  if (problem !== null)
    expect(problem).toMatchObject({ code: "match.unconfirmed", field: attribute });
  return problem !== null;
}

const ENDED = { status: "deprovisioned", statusBy: "corp" } as const;

describe("whether a person has to confirm whom a rule finds", () => {
  test.each<[string, boolean, readonly string[], Case]>([
    ["a user of another source, by what people may write", true, ["corp"], {}],
    ["by the login, which holds an address", true, ["corp"], { attribute: "login" }],
    ["by an attribute that is unique, but may be chosen", true, ["corp"], { attribute: "badge" }],
    ["by the number that is given", false, ["corp"], { attribute: "employeeNumber" }],
    ["of a directory that is no source", true, ["lab"], {}],
    ["of one that is not configured any more", true, ["former"], { directory: "corp" }],
    ["of this directory only", false, ["phones"], {}],
    ["of nobody: a person made the user", false, [], {}],
    ["back to this directory, below the other one", true, ["corp", "phones"], {}],
    ["back to the highest source", false, ["corp", "phones"], { directory: "corp" }],
    ["new to the highest source", true, ["phones"], { directory: "corp" }],
    ["whose access ended with another directory", true, [], { user: ENDED }],
    ["whose access a person ended", false, [], { user: { ...ENDED, statusBy: "okta" } }],
    ["by a rule that links", false, ["corp"], { onMatch: "link" }],
    ["by a rule that asks, whoever it is", true, [], { onMatch: "confirm" }],
  ])("%s: %s", (_, expected, had, one) => {
    expect(asks(had, one)).toBe(expected);
  });
});
