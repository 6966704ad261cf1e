import { describe, expect, test } from "vitest";
import { user } from "../../test/support/decisions.ts";
import type { OnMatch } from "../model/settings.ts";
import type { User } from "../model/user.ts";
import { needsConfirmation } from "./confirm.ts";

const rules = { sources: ["corp", "hr"], unique: ["badge"] };
const entry = { directory: "phones", dn: "cn=x" };

function asks(
  attribute: string,
  linked: readonly string[],
  more: { readonly onMatch?: OnMatch; readonly user?: Partial<User> } = {},
): boolean {
  const key = { attribute, value: "x", app: "appuser.x", onMatch: more.onMatch ?? null };
  const links = new Map(linked.map((name) => [name, name]));
  const problem = needsConfirmation(rules, entry, { key, user: user(more.user), links });
  if (problem !== null)
    expect(problem).toMatchObject({ code: "match.unconfirmed", field: attribute });
  return problem !== null;
}

const BY_CORP = { status: "deprovisioned", statusBy: "corp" } as const;

describe("whether a person has to confirm whom a rule finds", () => {
  test.each<[string, boolean, () => boolean]>([
    [
      "a user of another profile source, by what people may write",
      true,
      () => asks("email", ["corp"]),
    ],
    ["the same by the login, which holds an address", true, () => asks("login", ["corp"])],
    ["by the number that the organisation gives", false, () => asks("employeeNumber", ["corp"])],
    ["by an attribute that is unique", false, () => asks("badge", ["corp"])],
    ["a user of another directory that is no source", true, () => asks("email", ["lab"])],
    ["a user of this directory only", false, () => asks("email", ["phones"])],
    ["a user whom a person made", false, () => asks("email", [])],
    [
      "a user who lost access with another directory",
      true,
      () => asks("email", [], { user: BY_CORP }),
    ],
    [
      "a user who lost access with this one",
      false,
      () => asks("email", [], { user: { ...BY_CORP, statusBy: "phones" } }),
    ],
    [
      "a user whom a person deactivated, and no import reactivates",
      false,
      () => asks("email", [], { user: { ...BY_CORP, statusBy: "okta" } }),
    ],
    ["a rule that links", false, () => asks("email", ["corp"], { onMatch: "link" })],
    ["a rule that asks, whoever it is", true, () => asks("badge", [], { onMatch: "confirm" })],
  ])("%s: %s", (_, expected, ask) => {
    expect(ask()).toBe(expected);
  });
});
