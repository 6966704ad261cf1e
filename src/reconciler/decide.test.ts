import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ADA, appUser, contextOf, NOBODY, rulesOf, user } from "../../test/support/decisions.ts";
import type { AppProfile } from "../model/entry.ts";
import type { AppUser, User } from "../model/user.ts";
import { failPlanned } from "./decide-failure.ts";
import { decideRemoval as decideRemovalWith } from "./decide-removal.ts";
import { decideSighting, type DecisionContext, type Known } from "./decide.ts";
import { NO_RELATIONS } from "./scope.ts";

const YAML = `
directories:
  corp: { type: ldif, path: x, toOkta: { login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn, title: { expression: appuser.title, apply: create }, city: appuser.l } }
  hr: { type: ldif, path: x, onRemoval: suspend, toOkta: { login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn, department: appuser.dept } }
  loose: { type: ldif, path: x, toOkta: { login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn } }
profile:
  sources: [corp, hr]
  overrides: { department: [hr, corp], mobilePhone: okta }
`;
const rules = rulesOf(YAML);
const context = (name: string): DecisionContext => contextOf(rules, name);

const decideRemoval = (
  ...[rules, appUser, known]: [DecisionContext, AppUser, Known]
): ReturnType<typeof decideRemovalWith> => decideRemovalWith(rules, appUser, known, "gone");

function sighting(profile: AppProfile, disabled = false) {
  return { id: "1", dn: "uid=ada", hash: "h", disabled, profile };
}

describe("an entry", () => {
  test("of an unknown person creates a user", () => {
    const planned = decideSighting(context("corp"), sighting(ADA), NOBODY, "new");
    expect(planned).toMatchObject({
      action: "created",
      user: {
        id: "new",
        isNew: true,
        status: "active",
        profile: { firstName: "Ada", title: "Countess" },
      },
    });
    expect(planned.events.map((event) => event.type)).toEqual(["system.import.user.create"]);
  });

  test("without a change plans nothing but the refreshed hash", () => {
    const known = { ...NOBODY, appUser: appUser("corp", ADA), user: user() };
    const planned = decideSighting(context("corp"), sighting(ADA), known, "new");
    expect(planned).toMatchObject({ action: "unchanged", user: null, events: [], changes: [] });
  });

  test("`apply: create` is not applied again, a cleared attribute goes, one without mapping stays", () => {
    const known = { ...NOBODY, appUser: appUser("corp", ADA), user: user() };
    const planned = decideSighting(
      context("corp"),
      sighting({ ...ADA, title: "Programmer", l: "" }),
      known,
      "new",
    );
    expect(planned.user?.profile).toMatchObject({ title: "Countess" });
    expect(planned.changes).toEqual([
      { attribute: "city", from: "London", to: null, source: "corp" },
    ]);
    expect(planned.user?.baseVersion).toBe(3);
  });

  test("that is invalid fails whole and keeps the profile, but a disabled account still loses access", () => {
    const known = { ...NOBODY, appUser: appUser("corp", ADA), user: user() };
    const broken = { ...ADA, givenName: "", l: "Paris" };
    expect(decideSighting(context("corp"), sighting(broken), known, "new")).toMatchObject({
      action: "failed",
      user: null,
      changes: [],
      error: {
        code: "platform.cvd.profile.property.constraint.violation.required",
        field: "firstName",
      },
      appUser: { profile: broken, error: { field: "firstName" } },
    });
    const disabled = decideSighting(context("corp"), sighting(broken, true), known, "new");
    expect(disabled).toMatchObject({
      action: "failed",
      lost: true,
      user: { status: "deprovisioned", profile: user().profile },
    });
  });

  test("of a lower source changes only what it may, and does not deactivate", () => {
    const known: Known = {
      appUser: appUser("hr", {}),
      user: user(),
      others: [appUser("corp", ADA)],
      matchProblem: null,
      link: null,
      relations: NO_RELATIONS,
    };
    const planned = decideSighting(
      context("hr"),
      sighting({ givenName: "Augusta", dept: "Mathematics" }, true),
      known,
      "new",
    );
    expect(planned.changes).toEqual([
      { attribute: "department", from: null, to: "Mathematics", source: "hr" },
    ]);
    expect(planned.user?.status).toBe("active");
  });

  test("of a directory that is no source fills a new profile, and never changes it again", () => {
    const created = decideSighting(context("loose"), sighting(ADA), NOBODY, "new");
    expect(created.user).toMatchObject({
      profile: { firstName: "Ada" },
      sources: { firstName: "okta" },
    });
    const known = { ...NOBODY, appUser: appUser("loose", ADA), user: user({ sources: {} }) };
    const later = decideSighting(
      context("loose"),
      sighting({ ...ADA, givenName: "Augusta" }),
      known,
      "new",
    );
    expect(later.changes).toEqual([]);
  });

  test("of somebody whom an administrator deactivated does not reactivate", () => {
    const known = {
      ...NOBODY,
      appUser: appUser("corp", ADA),
      user: user({ status: "suspended", statusBy: null }),
    };
    expect(
      decideSighting(context("corp"), sighting({ ...ADA, l: "Rome" }), known, "new").user?.status,
    ).toBe("suspended");
    const back = {
      ...NOBODY,
      appUser: appUser("corp", ADA, { status: "removed" }),
      user: user({ status: "deprovisioned", statusBy: "corp" }),
    };
    expect(decideSighting(context("corp"), sighting(ADA), back, "new").user).toMatchObject({
      id: "u",
      status: "active",
      statusBy: null,
    });
  });
});

describe("a removal", () => {
  test("of the only source deactivates and keeps the values", () => {
    const planned = decideRemoval(context("corp"), appUser("corp", ADA), {
      ...NOBODY,
      user: user(),
    });
    expect(planned).toMatchObject({
      action: "removed",
      lost: true,
      reason: "gone",
      changes: [],
      user: {
        status: "deprovisioned",
        statusBy: "corp",
        profile: user().profile,
        sources: { city: "okta" },
      },
    });
  });

  test("of the profile source hands over to the next, with its values, and stays active", () => {
    const hr = appUser("hr", {
      mail: "ada@example.org",
      givenName: "Augusta",
      sn: "King",
      dept: "Mathematics",
    });
    const planned = decideRemoval(context("corp"), appUser("corp", ADA), {
      ...NOBODY,
      user: user(),
      others: [hr],
    });
    expect(planned.user).toMatchObject({
      status: "active",
      profile: { firstName: "Augusta", lastName: "King", department: "Mathematics" },
    });
    expect(planned.user?.profile["city"]).toBeUndefined();
  });

  test("from a lower source changes no status", () => {
    const planned = decideRemoval(context("hr"), appUser("hr", {}), {
      ...NOBODY,
      user: user(),
      others: [appUser("corp", ADA)],
    });
    expect(planned.user?.status ?? "active").toBe("active");
  });
});

test("a failure that was told before is not told again", () => {
  const problem = { code: "notUniqueWithinOrg", field: "login", message: "taken by x" } as const;
  const planned = decideSighting(context("corp"), sighting(ADA), NOBODY, "new");
  const first = failPlanned("corp", planned, problem, { appUser: null, user: null });
  expect(first).toMatchObject({
    action: "failed",
    user: null,
    appUser: { userId: null, error: problem },
  });
  expect(first.events).toHaveLength(1);
  const stored = appUser("corp", ADA, {
    userId: null,
    error: { ...problem, message: "taken by y" },
  });
  expect(failPlanned("corp", planned, problem, { appUser: stored, user: null })).toMatchObject({
    appUser: null,
    events: [],
  });
});

describe("a planned change that fails", () => {
  const problem = { code: "notUniqueWithinOrg", field: "login", message: "taken" } as const;

  test("still takes access away from a disabled account", () => {
    const kept = { appUser: appUser("corp", ADA), user: user() };
    const known = { ...NOBODY, ...kept };
    const moved = { ...ADA, mail: "bob@example.org" };
    const planned = decideSighting(context("corp"), sighting(moved, true), known, "new");
    expect(failPlanned("corp", planned, problem, kept)).toMatchObject({
      action: "failed",
      user: { status: "deprovisioned", login: "ada@example.org", profile: user().profile },
    });
  });

  test("leaves a person whose removal fails in the scope, to be removed again", () => {
    const kept = { appUser: appUser("corp", ADA), user: user() };
    const planned = decideRemoval(context("corp"), kept.appUser, { ...NOBODY, ...kept });
    const outdated = { ...problem, code: "run.planOutdated" } as const;
    expect(failPlanned("corp", planned, outdated, kept)).toMatchObject({
      user: null,
      appUser: { status: "active", error: outdated },
    });
    // What the next source would give is somebody else's; that keeps nobody in.
    expect(failPlanned("corp", planned, problem, kept)).toMatchObject({
      action: "removed",
      lookAgain: true,
      user: { status: "deprovisioned", profile: user().profile },
      appUser: { status: "removed", error: null },
    });
    expect(failPlanned("corp", planned, problem, { appUser: null, user: null }).appUser).toBeNull();
  });

  test("of a user who changed meanwhile leaves access alone", () => {
    const stored = appUser("corp", ADA);
    const others = [appUser("hr", { ...ADA, mail: "b@example.org" })];
    const known = { ...NOBODY, appUser: stored, user: user(), others };
    const planned = decideRemoval(context("corp"), stored, known);
    expect(planned.user).not.toBeNull();
    const later = user({ version: 7, status: "suspended", statusBy: "okta" });
    expect(failPlanned("corp", planned, problem, { appUser: stored, user: later }).user).toBeNull();
  });
});

test("access is given back where it was taken, or where the person newly arrives", () => {
  const gone = user({ status: "deprovisioned", statusBy: "corp" });
  const hr = appUser("hr", { mail: "ada@example.org", givenName: "Ada", sn: "King" });
  const removal = decideRemoval(context("corp"), appUser("corp", ADA, { status: "disabled" }), {
    ...NOBODY,
    user: gone,
    others: [hr],
  });
  expect(removal.user?.status).toBe("deprovisioned");
  const listed = decideSighting(
    context("hr"),
    sighting(hr.profile),
    { ...NOBODY, appUser: hr, user: gone },
    "new",
  );
  expect(listed.user?.status).toBe("deprovisioned");
  const arrives = (rules = context("hr"), statusBy = "corp"): string | undefined =>
    decideSighting(
      rules,
      sighting(hr.profile),
      { ...NOBODY, user: { ...gone, statusBy }, link: { how: "matched" } },
      "new",
    ).user?.status;
  expect(arrives()).toBe("active");
  expect(arrives(context("hr"), "okta")).toBe("deprovisioned");
  const { rules: all, directory } = context("hr");
  const strict = { ...directory, reactivate: ["suspended"] as const };
  expect(arrives({ rules: all, directory: strict })).toBe("deprovisioned");
});

test("whoever loses access counts for the safeguard, whatever the cause", () => {
  const known = { ...NOBODY, appUser: appUser("corp", ADA, { status: "disabled" }), user: user() };
  expect(decideSighting(context("corp"), sighting(ADA, true), known, "new")).toMatchObject({
    lost: true,
    user: { status: "deprovisioned" },
  });
});

test("deciding twice about the same finds nothing the second time, whatever was read", () => {
  const text = fc.oneof(
    fc.constant("ada@example.org"),
    fc.constant(""),
    fc.string({ maxLength: 60 }),
    fc.string({ unit: "binary", maxLength: 10 }),
  );
  const profiles = fc.dictionary(
    fc.constantFrom("mail", "givenName", "sn", "title", "l", "dept"),
    fc.oneof(text, fc.array(text, { minLength: 2, maxLength: 3 })),
  );
  fc.assert(
    fc.property(profiles, fc.boolean(), (profile, disabled) => {
      const seen = sighting(profile, disabled);
      const first = decideSighting(context("corp"), seen, NOBODY, "u");
      const written = first.appUser;
      if (written === null) throw new Error("a new entry is always kept");
      const { dn, status, userId, error } = written;
      const kept: AppUser = {
        directory: "corp",
        externalId: "1",
        dn,
        status,
        userId,
        error,
        profile,
        setAside: false,
        byRule: false,
      };
      const now: User | null =
        first.user === null
          ? null
          : {
              id: "u",
              login: first.user.login,
              status: first.user.status,
              statusBy: first.user.statusBy,
              profile: first.user.profile,
              sources: first.user.sources,
              version: 1,
            };
      const second = decideSighting(
        context("corp"),
        seen,
        { ...NOBODY, appUser: kept, user: now },
        "other",
      );
      expect(second.action).toBe(first.action === "failed" ? "failed" : "unchanged");
      expect(second.events).toEqual([]);
      expect(second.user).toBeNull();
    }),
    { numRuns: 1000 },
  );
});
