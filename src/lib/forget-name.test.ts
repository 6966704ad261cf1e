import { expect, test } from "vitest";
import { forgetName } from "./forget-name.ts";

const forget = (value: unknown, name = "ann@x.org"): unknown => forgetName(value, name, "[gone]");

test("whole values go, and words of our sentences; parts of other names stay", () => {
  expect(
    forget({
      manager: "ann@x.org",
      list: ["ann@x.org", "joann@x.org", 1, null],
      message: "The login ann@x.org is already used by ann@x.org. Not joann@x.org, ann@x.org.uk.",
    }),
  ).toEqual({
    manager: "[gone]",
    list: ["[gone]", "joann@x.org", 1, null],
    message: "The login [gone] is already used by [gone]. Not joann@x.org, ann@x.org.uk.",
  });
});

test("what is somebody's own stays, although somebody else had the same", () => {
  const own = { login: "ann@x.org", profile: { email: "ann@x.org" }, dn: "ann@x.org" };
  expect(forget(own)).toEqual(own);
});

test("a DN goes as a whole, not as a part of a longer one", () => {
  const value = { from: "uid=a,dc=x", other: "cn=n+uid=a,dc=x", message: "cn=b,uid=a,dc=x is odd" };
  expect(forgetName(value, "uid=a,dc=x", "[gone]")).toEqual({ ...value, from: "[gone]" });
});

test("a change of somebody's own login is theirs; and values may be left out instead", () => {
  const change = { attribute: "login", from: "ann@x.org", to: "b@x.org" };
  expect(forget([change, { attribute: "manager", from: "ann@x.org", to: null }])).toEqual([
    change,
    { attribute: "manager", from: "[gone]", to: null },
  ]);
  const profile = { manager: "ann@x.org", title: "x", list: ["ann@x.org", "y"] };
  expect(forgetName(profile, "ann@x.org", undefined)).toEqual({ title: "x", list: ["y"] });
});
