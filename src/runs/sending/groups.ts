import type { PushTally } from "../../reconciler/judge-push.ts";
import type { PushContext } from "./context.ts";
export async function planGroups(
  _context: PushContext,
  _asked: { dryRun: boolean; first: number; whole: boolean },
): Promise<{ tally: Pick<PushTally, "memberships" | "removedMemberships"> }> {
  return { tally: { memberships: 0, removedMemberships: 0 } };
}
export async function sendGroups(_context: PushContext): Promise<void> {}
