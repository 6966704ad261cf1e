import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newAccount, type Account } from "../model/account.ts";
import type { OnUnassign, Toggles } from "../model/app.ts";
import type { UserStatus } from "../model/user.ts";
import {
  changesOf,
  decideAccount,
  withDoubt,
  type AccountDecision,
  type AccountFacts,
} from "./decide-account.ts";
import type { DesiredAccount } from "./desired-account.ts";

const ALL: Toggles = { create: true, update: true, deactivate: true };
const desired = (title: string): DesiredAccount => {
  const profile = { userName: "ada", title };
  return { create: profile, update: profile, unresolved: [], empty: [] };
};
const EVERYONE = { by: { kind: "everyone", name: "everyone" }, values: {} } as const;
const ACTIVE = { status: "active", statusBy: null } as const;

function account(more: Partial<Account>): Account {
  return { ...newAccount("dx", "u1", "ada"), ...more };
}
const known = account({
  state: "active",
  externalId: "x1",
  acknowledged: desired("a").update,
});

function decide(facts: Partial<AccountFacts>, limits: Partial<Limits> = {}): AccountDecision {
  return decideAccount(
    {
      user: ACTIVE,
      assignment: EVERYONE,
      desired: desired("a"),
      account: null,
      places: "",
      doubted: false,
      ...facts,
    },
    { toggles: ALL, onUnassign: "deactivate", now: 1000, ...limits },
  );
}
interface Limits {
  readonly toggles: Toggles;
  readonly onUnassign: OnUnassign;
  readonly now: number | null;
}

const none = { assignment: null } as const;
const off = (toggle: keyof Toggles): Partial<Limits> => ({ toggles: { ...ALL, [toggle]: false } });

test.each<[string, Partial<AccountFacts>, Partial<Limits>, object]>([
  ["somebody new is looked for and made", {}, {}, { do: "find", create: true }],
  ["with Create Users off, only looked for", {}, off("create"), { do: "find", create: false }],
  [
    "with every toggle off, nothing is asked",
    {},
    { toggles: { create: false, update: false, deactivate: false } },
    { do: "nothing", reason: "createOff" },
  ],
  [
    "what was acknowledged is not sent again",
    { account: known },
    {},
    { do: "nothing", reason: null },
  ],
  ["what differs is sent", { account: known, desired: desired("b") }, {}, { do: "update" }],
  [
    "with Update User Attributes off it is not",
    { account: known, desired: desired("b") },
    off("update"),
    { do: "nothing", reason: "updateOff" },
  ],
  [
    "a place that is another one is sent once",
    { account: { ...known, acknowledgedPlaces: "title:1" }, places: "title:2" },
    {},
    { do: "update" },
  ],
  [
    "whoever is not assigned any more is switched off",
    { ...none, account: known },
    {},
    { do: "deactivate", reason: "unassigned" },
  ],
  [
    "or deleted, where that is configured",
    { ...none, account: known },
    { onUnassign: "delete" },
    { do: "delete" },
  ],
  [
    "or kept",
    { ...none, account: known },
    { onUnassign: "keep" },
    { do: "nothing", reason: "kept" },
  ],
  [
    "whoever has no access here is switched off, not deleted",
    { user: { status: "deprovisioned", statusBy: "corp" }, account: known },
    { onUnassign: "delete" },
    { do: "deactivate", reason: "userInactive" },
  ],
  [
    "whoever is gone, too",
    { user: null, ...none, account: known },
    {},
    { do: "deactivate", reason: "userGone" },
  ],
  [
    "not on doubt",
    { ...none, account: known, doubted: true },
    {},
    { do: "nothing", reason: "sourceUnsettled", settled: false },
  ],
  [
    "nor with Deactivate Users off",
    { ...none, account: known },
    off("deactivate"),
    { do: "nothing", reason: "deactivateOff" },
  ],
  [
    "a creation of which nothing was heard is looked for before anything else",
    { account: account({ state: "attempted" }) },
    {},
    { do: "find", create: true },
  ],
  [
    "also for somebody who is not assigned any more",
    { ...none, account: account({ state: "attempted" }) },
    {},
    { do: "find", create: false },
  ],
  [
    "whoever returns is switched on",
    { account: { ...known, state: "inactive" } },
    {},
    { do: "reactivate" },
  ],
  [
    "what was refused is not sent again",
    {
      account: { ...known, refused: { what: "update", profile: desired("b").update } },
      desired: desired("b"),
    },
    {},
    { do: "nothing", reason: "blocked" },
  ],
  [
    "but something else is",
    {
      account: { ...known, refused: { what: "update", profile: desired("b").update } },
      desired: desired("c"),
    },
    {},
    { do: "update" },
  ],
  [
    "what failed for a while waits for its time",
    { account: { ...known, retryAt: 2000 }, desired: desired("b") },
    {},
    { do: "nothing", reason: "later" },
  ],
  [
    "unless a person asks",
    { account: { ...known, retryAt: 2000 }, desired: desired("b") },
    { now: null },
    { do: "update" },
  ],
  [
    "what cannot be told takes nothing away",
    { assignment: { unknown: "no such group" }, account: { ...known, assignedBy: EVERYONE.by } },
    {},
    { do: "fail", reason: "assignmentUnknown" },
  ],
])("%s", (_, facts, limits, decision) => {
  expect(decide(facts, limits)).toMatchObject(decision);
});

test("an attribute without a value is taken away only where it was ours", () => {
  const before = { acknowledged: { userName: "ada", title: "a", nickName: "n" }, unsure: [] };
  const create = { userName: "ada", nickName: "other" };
  const wanted: DesiredAccount = {
    create,
    update: { userName: "ada" },
    unresolved: ["manager"],
    empty: ["title", "locale"],
  };
  expect(changesOf(before, wanted)).toEqual([{ attribute: "title", from: "a", to: null }]);
  const withManager = { ...before, acknowledged: { ...before.acknowledged, manager: "m" } };
  expect(changesOf(withManager, wanted).map((one) => one.attribute)).toEqual(["title"]);
});

/** An app that does what it is asked, sometimes without an answer. */
class ModelApp {
  readonly accounts: { active: boolean; title: string; deleted: boolean }[] = [];
  sent = 0;

  /** @returns the account as it is known then */
  carryOut(before: Account, decision: AccountDecision, isLost: boolean): Account {
    if (decision.do === "nothing" || decision.do === "fail") return before;
    this.sent++;
    const there = this.accounts.find((one) => !one.deleted);
    const wasActive = there?.active;
    this.#act(decision, there);
    if (!isLost) return acknowledged(before, decision, wasActive);
    // A creation is on record before it is sent.
    const creates = decision.do === "find" && decision.create && wasActive === undefined;
    return creates ? { ...before, state: "attempted" } : withDoubt(before, decision);
  }

  #act(decision: Sent, there: ModelApp["accounts"][number] | undefined): void {
    const desired = "desired" in decision ? decision.desired : null;
    const value = String(desired?.create["title"] ?? "");
    if (there === undefined) {
      const isNew = decision.do === "find" && decision.create;
      if (isNew) this.accounts.push({ active: true, title: value, deleted: false });
      return;
    }
    if (decision.do === "update") there.title = value;
    if (decision.do === "reactivate") there.active = true;
    if (decision.do === "deactivate") there.active = false;
    if (decision.do === "delete") there.deleted = true;
  }
}

type Sent = Exclude<AccountDecision, { readonly do: "nothing" | "fail" }>;

/** @param wasActive undefined: it was not there */
function acknowledged(before: Account, decision: Sent, wasActive: boolean | undefined): Account {
  switch (decision.do) {
    case "find": {
      const isThere = wasActive !== undefined;
      if (!isThere && !decision.create) return { ...before, state: "none" };
      const known = isThere ? null : (decision.desired?.create ?? null);
      const state = wasActive === false ? "inactive" : "active";
      return { ...before, externalId: "x", state, acknowledged: known, unsure: [] };
    }
    case "update":
      return { ...before, acknowledged: decision.desired.update, unsure: [] };
    case "reactivate":
      return { ...before, state: "active" };
    case "deactivate":
      return { ...before, state: "inactive" };
    case "delete":
      return { ...before, externalId: null, state: "none", acknowledged: null, unsure: [] };
  }
}

const title = fc.constantFrom("a", "b", "c");
const step = fc.record({
  status: fc.constantFrom<UserStatus | "gone">(
    "active",
    "active",
    "active",
    "deprovisioned",
    "gone",
  ),
  assigned: fc.boolean(),
  title,
  doubted: fc.boolean(),
  lost: fc.boolean(),
  toggles: fc.record({ create: fc.boolean(), update: fc.boolean(), deactivate: fc.boolean() }),
});
const onUnassign = fc.constantFrom<OnUnassign>("deactivate", "delete", "keep");

describe("over random histories of one person", () => {
  test("there is never a second account, no deletion that is not configured, no loss on doubt", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), onUnassign, (steps, leaving) => {
        const app = new ModelApp();
        let kept = newAccount("dx", "u1", "ada");
        for (const { status, assigned, title, doubted, lost, toggles } of steps) {
          const facts: AccountFacts = {
            user: status === "gone" ? null : { status, statusBy: "corp" },
            assignment: assigned ? EVERYONE : null,
            desired: assigned && status === "active" ? desired(title) : null,
            account: kept,
            places: "",
            doubted,
          };
          const decision = decideAccount(facts, { toggles, onUnassign: leaving, now: null });
          const takes = decision.do === "deactivate" || decision.do === "delete";
          expect(takes && (doubted || !toggles.deactivate)).toBe(false);
          expect(decision.do === "delete" && leaving !== "delete").toBe(false);
          expect(decision.do === "update" && !toggles.update).toBe(false);
          kept = app.carryOut(kept, decision, lost);
          expect(app.accounts.filter((one) => !one.deleted).length).toBeLessThan(2);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("it comes to rest: what is desired is there, and then nothing is sent", () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 20 }),
        fc.boolean(),
        title,
        (steps, assigned, last) => {
          const app = new ModelApp();
          let kept = newAccount("dx", "u1", "ada");
          const once = (facts: Partial<AccountFacts>, lost: boolean): void => {
            const all: AccountFacts = {
              user: ACTIVE,
              assignment: null,
              desired: null,
              account: kept,
              places: "",
              doubted: false,
              ...facts,
            };
            const limits = { toggles: ALL, onUnassign: "deactivate", now: null } as const;
            kept = app.carryOut(kept, decideAccount(all, limits), lost);
          };
          for (const { assigned: was, title, lost } of steps)
            once({ assignment: was ? EVERYONE : null, desired: was ? desired(title) : null }, lost);
          const end = {
            assignment: assigned ? EVERYONE : null,
            desired: assigned ? desired(last) : null,
          };
          for (let i = 0; i < 5; i++) once(end, false);
          const [there] = app.accounts;
          if (assigned) expect(there).toMatchObject({ active: true, title: last });
          else expect(there?.active ?? false).toBe(false);
          const { sent } = app;
          once(end, false);
          expect(app.sent).toBe(sent);
        },
      ),
      { numRuns: 500 },
    );
  });
});
