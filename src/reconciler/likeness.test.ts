import { expect, test } from "vitest";
import { likenessOf } from "./likeness.ts";

const alike = (a: readonly string[], b: readonly string[]): boolean =>
  a.some((one) => b.includes(one));
const ann = likenessOf("cn=Smith\\, Ann,ou=people,dc=x", {
  mail: "Ann@Example.org",
  givenName: "Ann",
  sn: "Smith",
  uid: " ",
});

test.each([
  ["the same address, in whatever case", "cn=a,dc=x", { mail: "ann@example.org" }, true],
  ["the same name", "cn=a,dc=x", { givenName: "ann", sn: "SMITH" }, true],
  ["the same deepest name", "CN=smith\\, ann,dc=y", {}, true],
  ["the same family name alone", "cn=a,dc=x", { givenName: "Ben", sn: "Smith" }, false],
  ["a name that begins alike, up to a comma of its own", "cn=Smith\\, Ben,dc=x", {}, false],
  ["a value that is blank in both", "cn=a,dc=x", { uid: " " }, false],
])("%s", (_, dn, profile, isAlike) => {
  expect(alike(ann, likenessOf(dn, profile))).toBe(isAlike);
});
