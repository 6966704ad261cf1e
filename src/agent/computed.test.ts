import { expect, test } from "vitest";
import { hidesState } from "../model/computed.ts";
import { computedIn } from "./computed.ts";
import { parseFilter } from "./filter.ts";

test.each([
  ["(objectClass=user)", []],
  ["(memberOf=cn=a,dc=x)", ["memberOf"]],
  ["(&(objectClass=user)(!(MEMBEROF=cn=a,dc=x)))", ["MEMBEROF"]],
  ["(|(memberOf=cn=a,dc=x)(memberOf=cn=b,dc=x)(nsRole=*))", ["memberOf", "nsRole"]],
  ["(manager:1.2.840.113556.1.4.1941:=cn=a,dc=x)", ["manager"]],
  ["(userAccountControl:1.2.840.113556.1.4.803:=2)", []],
  ["(memberOf;x-option=cn=a*)", ["memberOf;x-option"]],
])("of %s, these change without a word: %j", (filter, computed) => {
  expect(computedIn(parseFilter(filter))).toEqual(computed);
});

test.each([
  ["nsAccountLock", true],
  ["msDS-UserPasswordExpired", true],
  ["ibm-allGroups", true],
  ["lastLoginTime", true],
  ["userAccountControl", false],
  ["pwdAccountLockedTime", false],
])("a state by %s is computed, so that only full imports see it: %s", (attribute, hidden) => {
  expect(hidesState({ attribute })).toBe(hidden);
});
