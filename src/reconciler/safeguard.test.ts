import { describe, expect, test } from "vitest";
import type { RemovalLimits, SafeguardLimits } from "../model/settings.ts";
import { judge, type PlanSummary } from "./safeguard.ts";

const NO_REMOVALS: RemovalLimits = { percent: null, minimum: 0, count: null };
const OFF: SafeguardLimits = {
  ...NO_REMOVALS,
  drop: null,
  failures: null,
  updates: null,
  logins: null,
  grants: null,
};
const TWENTY = { ...OFF, percent: 20, minimum: 100 };
const DEFAULT = { ...TWENTY, drop: 40, failures: 50, updates: 50, logins: 20, grants: 20 };
const NOTHING = {
  lastRead: null,
  gone: 0,
  earlier: 0,
  existing: 0,
  failures: 0,
  updates: 0,
  logins: 0,
  grants: 0,
  earlierGrants: 0,
  vanished: [],
  doubt: null,
  withoutAccess: null,
  memberships: null,
};

const plan = (read: number, removals: number, total: number, orgTotal = total): PlanSummary => ({
  ...NOTHING,
  directory: "corp",
  read,
  removals,
  total,
  orgTotal,
});

test.each([
  ["exactly the limit passes", plan(80, 20, 100), TWENTY, TWENTY, null],
  ["above the limit is held", plan(79, 21, 100), TWENTY, TWENTY, "directory"],
  ["rounding decides nothing: 20.04 %", plan(7996, 2004, 10_000), TWENTY, OFF, "directory"],
  ["below the minimum the percentage does not apply", plan(1, 98, 99), TWENTY, TWENTY, null],
  ["the organisation's limit", plan(400, 30, 100, 149), OFF, TWENTY, "org"],
  ["the directory comes before the organisation", plan(50, 50, 100), TWENTY, TWENTY, "directory"],
  ["an absolute number, reached", plan(9990, 10, 10_000), { ...OFF, count: 10 }, OFF, null],
  ["an absolute number, exceeded", plan(9989, 11, 10_000), { ...OFF, count: 10 }, OFF, "directory"],
  ["all limits off", plan(1, 9999, 10_000), OFF, OFF, null],
  ["an empty read is held even so", plan(0, 1, 1), OFF, OFF, "directory"],
  ["an empty read of a directory that was empty", plan(0, 0, 0), TWENTY, TWENTY, null],
  ["percent 0: nobody may go", plan(199, 1, 200), { ...TWENTY, percent: 0 }, OFF, "directory"],
] as const)("%s", (...[, summary, directory, organisation, level]) => {
  expect(judge(summary, directory, organisation)?.level ?? null).toBe(level);
});

describe("a read that is whole and suspicious", () => {
  const read = (people: number, lastRead: number, gone: number, total: number): PlanSummary => ({
    ...plan(people, gone, total),
    lastRead,
    gone,
  });
  test.each([
    ["41 % fewer of 80, where the percentage does not apply", read(47, 80, 33, 80), "people read"],
    ["exactly 40 % fewer", read(48, 80, 32, 80), null],
    ["nine of ten people, which may happen", read(1, 10, 9, 10), null],
    ["ten of eleven", read(1, 11, 10, 11), "people read"],
    ["as many other people", read(50, 50, 50, 50), "people read"],
    ["growth", read(500, 50, 0, 50), null],
  ] as const)("%s", (_, summary, of) => {
    expect(judge(summary, DEFAULT, DEFAULT)?.of ?? null).toBe(of);
    expect(judge(summary, OFF, OFF)).toBeNull();
  });

  test("disabled people are removals, but they were read", () => {
    const disabled = { ...plan(80, 33, 80), lastRead: 80 };
    expect(judge(disabled, DEFAULT, DEFAULT)).toBeNull();
  });
});

describe("a container that is gone with its people", () => {
  const gone = (people: number) => ({
    ...plan(995, people, 1000),
    vanished: [{ dn: "ou=a,dc=x", people, stays: false }],
  });

  test.each([
    ["five of a thousand, below every percentage", gone(5), "people read"],
    ["four, who may have left", gone(4), null],
  ] as const)("%s", (_, summary, of) => {
    const held = judge(summary, DEFAULT, OFF);
    expect(held?.of ?? null).toBe(of);
    if (of !== null) expect(held?.reason).toContain("ou=a,dc=x");
    expect(judge(summary, OFF, OFF)).toBeNull();
  });
});

describe("groups that do not say any more who is in them", () => {
  const told = (lost: number, memberships: number, gone = [0, 0], groups = 4) => {
    const [goneGroups = 0, goneMemberships = 0] = gone;
    const figures = { memberships, groups, lost, goneGroups, goneMemberships };
    return { ...plan(100, 0, 100), memberships: figures };
  };
  test.each([
    ["more than the limit", told(41, 100), "memberships"],
    ["the limit", told(40, 100), null],
    ["all of nine, which may happen", told(9, 9), null],
    ["all of ten", told(10, 10), "memberships"],
    ["a large group that was deleted, of four", told(0, 100, [1, 80]), null],
    ["the only group there was", told(0, 100, [1, 100], 1), null],
    ["half of the groups at once", told(0, 100, [2, 80]), "memberships"],
    ["two small ones of ten", told(0, 100, [2, 60], 10), null],
  ] as const)("%s", (_, summary, of) => {
    expect(judge(summary, DEFAULT, OFF)?.of ?? null).toBe(of);
    expect(judge(summary, OFF, OFF)).toBeNull();
  });
});

describe("mass updates", () => {
  const changed = (updates: number, logins: number, total = 100): PlanSummary => ({
    ...plan(total, 0, total),
    updates,
    logins,
  });
  test.each([
    ["logins, above the limit", changed(21, 21), "logins"],
    ["logins, at the limit", changed(20, 20), null],
    ["values, above the limit", changed(51, 0), "updates"],
    ["values, at the limit", changed(50, 0), null],
    ["fewer people than the minimum", changed(99, 99, 99), null],
    ["access given back, above the limit", { ...plan(100, 0, 100), grants: 21 }, "grants"],
    ["access given back, at the limit", { ...plan(100, 0, 100), grants: 20 }, null],
    ["removals come first", { ...changed(100, 100), removals: 21 }, "removals"],
  ] as const)("%s", (_, summary, of) => {
    expect(judge(summary, DEFAULT, OFF)?.of ?? null).toBe(of);
  });

  test("a new directory may bring its values, but not other logins, to the people it matches", () => {
    const linking = { ...changed(60, 0, 0), read: 100, existing: 100 };
    expect(judge(linking, DEFAULT, OFF)).toBeNull();
    const renaming = { ...linking, logins: 30 };
    expect(judge(renaming, DEFAULT, OFF)).toMatchObject({ of: "logins", total: 100, percent: 30 });
  });
});
