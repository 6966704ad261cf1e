import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ADA, appUser, user } from "../../test/support/decisions.ts";
import type { Action } from "../model/run.ts";
import { USER_STATUSES } from "../model/user.ts";
import { decideRevert, type Reverted } from "./decide-revert.ts";

const BEFORE = { ...appUser("corp", ADA), link: null };

function reverted(more: Partial<Reverted> = {}): Reverted {
  return {
    action: "updated",
    externalId: "1",
    dn: "uid=ada",
    before: { user: user(), appUser: BEFORE },
    user: user({ version: 4 }),
    changedSince: false,
    replaced: false,
    ...more,
  };
}

describe("a person is put back", () => {
  test("with the values, their sources and the access of before, if nothing else changed it since", () => {
    const now = user({
      version: 4,
      status: "deprovisioned",
      statusBy: "corp",
      profile: { ...user().profile, title: "Baroness" },
    });
    const planned = decideRevert(reverted({ user: now }));
    expect(planned).toMatchObject({
      action: "updated",
      reason: "undone",
      user: { baseVersion: 4, status: "active", statusBy: null, profile: { title: "Countess" } },
      lost: false,
      lookAgain: true,
      deletes: null,
    });
    expect(planned.changes.map((one) => one.attribute)).toEqual(["title", "status"]);
  });

  test("also where that takes access, which the safeguard counts", () => {
    const before = user({ status: "suspended", statusBy: "corp" });
    const planned = decideRevert(reverted({ before: { user: before, appUser: BEFORE } }));
    expect(planned).toMatchObject({ lost: true, user: { status: "suspended" } });
  });

  test("and a link that the run made is cut", () => {
    const planned = decideRevert(reverted({ before: { user: user(), appUser: null } }));
    expect(planned).toMatchObject({ deletes: "appUser", appUser: null });
  });

  test("so that the next full import decides about the entry again", () => {
    expect(decideRevert(reverted()).appUser?.hash).not.toBe("");
    expect(decideRevert(reverted()).appUser?.hash).not.toMatch(/^[0-9a-f]/);
  });

  test("with a login of before that is another one now, which is claimed", () => {
    const login = "new@example.org";
    const now = user({ version: 4, login, profile: { ...user().profile, login } });
    expect(decideRevert(reverted({ user: now })).claimsLogin).toBe(true);
    expect(decideRevert(reverted()).claimsLogin).toBe(false);
  });
});

test("whoever did not exist before goes, with everything that is kept", () => {
  const created = reverted({ action: "created", before: { user: null, appUser: null } });
  expect(decideRevert(created)).toMatchObject({
    action: "removed",
    deletes: "person",
    user: null,
    lost: true,
  });
});

test("an entry that gave its place to another one is linked again, by that one's row", () => {
  expect(decideRevert(reverted({ action: "removed", replaced: true }))).toMatchObject({
    action: "updated",
    reason: "relinked",
    user: null,
    appUser: { userId: "u" },
  });
});

describe("is left out and named", () => {
  test.each([
    ["whoever was changed since", { changedSince: true }, "changedSince"],
    ["whoever is not there any more", { user: null }, "missing"],
    [
      "whoever was replaced and changed since",
      { replaced: true, changedSince: true },
      "changedSince",
    ],
    ["whoever had no user before", { before: { user: null, appUser: BEFORE } }, "missing"],
  ] as const)("%s", (_, more, reason) => {
    expect(decideRevert(reverted(more))).toMatchObject({
      action: "skipped",
      reason,
      user: null,
      appUser: null,
      lost: false,
      deletes: null,
      events: [],
    });
  });
});

test("whoever was changed since loses and gains nothing, whatever the run had done", () => {
  const actions = fc.constantFrom<Action>("created", "updated", "removed", "failed", "unchanged");
  const statuses = fc.constantFrom(...USER_STATUSES);
  fc.assert(
    fc.property(actions, statuses, fc.boolean(), (action, status, replaced) => {
      const now = user({ status, version: 9 });
      const planned = decideRevert(reverted({ action, replaced, user: now, changedSince: true }));
      expect([planned.user, planned.appUser, planned.deletes]).toEqual([null, null, null]);
      expect(planned.lost).toBe(false);
    }),
  );
});
