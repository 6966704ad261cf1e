import { expect, test } from "vitest";
import { judge } from "./safeguard.ts";

const OFF = { percent: null, minimum: 0, count: null };
const TWENTY = { percent: 20, minimum: 100, count: null };
const plan = (read: number, removals: number, total: number, orgTotal = total) => ({
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
] as const)("%s", (_, summary, directory, organisation, level) => {
  expect(judge(summary, directory, organisation)?.level ?? null).toBe(level);
});
