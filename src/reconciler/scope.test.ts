import { expect, test } from "vitest";
import { parseSettings } from "../config/load.ts";
import type { GroupValue } from "../mapping/values.ts";
import { compileRules } from "./rules.ts";
import { NO_RELATIONS, scopeOf } from "./scope.ts";

const NAMES =
  "login: appuser.mail, email: appuser.mail, firstName: appuser.mail, lastName: appuser.mail";
const YAML = `directories:
  corp: { type: ldif, path: x, toOkta: { ${NAMES} } }
  hr: { type: ldif, path: x, toOkta: { ${NAMES} } }
`;
const { rules } = compileRules(parseSettings(YAML, "test.yaml", {}));

function group(name: string, directory: string): GroupValue {
  return {
    kind: "group",
    id: name,
    name,
    type: "APP_GROUP",
    sourceId: directory,
    sourceType: directory,
  };
}

test("whoever left a directory has left its groups, and its app profile is not seen", () => {
  const relations = { ...NO_RELATIONS, groups: [group("Admins", "corp"), group("Staff", "hr")] };
  const both = new Map([
    ["corp", { mail: "a@example.org" }],
    ["hr", { mail: "b@example.org" }],
  ]);
  const names = (links: typeof both): string[] =>
    scopeOf(rules, "hr", { links, user: null, relations }).facts.groups.map(({ name }) => name);
  expect(names(both)).toEqual(["Admins", "Staff"]);
  expect(names(new Map([["hr", { mail: "b@example.org" }]]))).toEqual(["Staff"]);
});
