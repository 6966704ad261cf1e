import { expect, test } from "vitest";
import type { PushLimits } from "../model/app.ts";
import { judgePush, type PushTally } from "./judge-push.ts";

const LIMITS: PushLimits = { percent: 20, minimum: 100, count: null, updates: 50 };
const tally = (more: Partial<PushTally>): PushTally => ({
  accounts: 200,
  losses: 0,
  updates: 0,
  memberships: 0,
  removedMemberships: 0,
  ...more,
});

test.each<[string, PushTally, Partial<PushLimits>, string | null]>([
  ["nothing", tally({}), {}, null],
  ["losses at the limit", tally({ losses: 40 }), {}, null],
  ["above it", tally({ losses: 41 }), {}, "deactivations"],
  ["of fewer than the minimum", tally({ accounts: 99, losses: 99 }), {}, null],
  ["above a number", tally({ losses: 4 }), { count: 3 }, "deactivations"],
  ["with everything off", tally({ losses: 200 }), { percent: null, updates: null }, null],
  ["changes", tally({ updates: 101 }), {}, "updates"],
  ["memberships", tally({ memberships: 100, removedMemberships: 21 }), {}, "memberships"],
  ["losses before changes", tally({ losses: 41, updates: 101 }), {}, "deactivations"],
])("%s", (_, plan, limits, of) => {
  expect(judgePush({ ...LIMITS, ...limits }, plan)?.of ?? null).toBe(of);
});

test("the sentence has the numbers and the limit", () => {
  expect(judgePush(LIMITS, tally({ losses: 50 }))).toMatchObject({
    level: "app",
    reason: "50 of 200 accounts would be taken away (25.0 %); the limit is 20 %.",
    percent: 25,
  });
});
