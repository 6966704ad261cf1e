import fc from "fast-check";
import { expect, test } from "vitest";
import { user } from "../../test/support/decisions.ts";
import type { UserWrite } from "../model/plan.ts";
import { loginKey } from "../model/user.ts";
import { plannedChange, userWrite } from "./writes.ts";

const STANDING = { status: "active", statusBy: null } as const;

test("a planned change is what is given, and nothing else becomes of the person", () => {
  const planned = plannedChange(
    { externalId: "1", dn: "uid=ada", user: user() },
    { action: "failed" },
  );
  expect(planned).toEqual({
    action: "failed",
    externalId: "1",
    dn: "uid=ada",
    appUser: null,
    user: null,
    login: "ada@example.org",
    userId: "u",
    userVersion: 3,
    changes: [],
    error: null,
    events: [],
    lost: false,
    reason: null,
    deletes: null,
    lookAgain: false,
    claimsLogin: false,
  });
});

test("a login is claimed by a new user, and by whoever had another one, however it is written", () => {
  fc.assert(
    fc.property(fc.emailAddress(), fc.emailAddress(), fc.boolean(), (before, after, isNew) => {
      const known = user({ login: before });
      const write: UserWrite = {
        ...STANDING,
        id: "u",
        isNew,
        baseVersion: 3,
        login: after,
        profile: {},
        sources: {},
      };
      const person = { externalId: "1", dn: "d", user: isNew ? null : known };
      const { claimsLogin } = plannedChange(person, { action: "updated", user: write });
      expect(claimsLogin).toBe(isNew || loginKey(before) !== loginKey(after));
    }),
  );
});

test("a user is written only if something is different", () => {
  const known = user();
  expect(userWrite(known, known, STANDING)).toBeNull();
  expect(userWrite(known, structuredClone(known), STANDING)).toBeNull();
  expect(userWrite(known, known, { status: "suspended", statusBy: "corp" })).toMatchObject({
    baseVersion: 3,
    status: "suspended",
  });
});
