/** What becomes of a push that the safeguard held: a person has it carried out, or drops it. */
import type { Engine } from "../engine/engine.ts";
import type { Push } from "../model/account.ts";
import type { AskedBy } from "../model/asked-by.ts";
import { RollcallError } from "../model/errors.ts";
import { workOn } from "../store/leases.ts";
import { approveHeld } from "../store/run-steps.ts";
import { appendEvents } from "../store/system-log.ts";
import { beginPush, refuseMoved, refusePaused, requirePush, sendAll, withApp } from "./push.ts";
import { write } from "./record/write.ts";
import { putBack } from "./revert-push.ts";
import { dropHeldPushes } from "./sending/end.ts";
import * as events from "./sending/events.ts";

/** Carries out the plan of a held push, without those whom it does not fit any more. */
export async function approvePush(engine: Engine, id: string, by: AskedBy): Promise<Push> {
  const { app: name } = await heldPush(engine, id);
  return await withApp(engine, name, by, async (claimed) => {
    const push = await heldPush(engine, id); // as it is now that nobody else can touch it
    // Putting back is what a paused app may need.
    if (push.reverts === null) await refusePaused(claimed);
    await refuseMoved(claimed);
    const reverted = push.reverts === null ? null : await requirePush(engine, push.reverts);
    const who = by.actor.displayName;
    await write(claimed, async (trx) => {
      await approveHeld(trx, push.id, who);
      await workOn(trx, claimed.lease, push.id);
      const event = events.decided(claimed.app.settings, "approved", who);
      await appendEvents(trx, push.id, by.actor, [event]);
    });
    const { userIds, counts, kind } = push;
    const request = { kind, trigger: "manual", dryRun: false, userIds } as const;
    const start = { ...request, resumes: push.id };
    return await beginPush(claimed, start, async (context, stopwatch) => {
      if (reverted !== null) return await putBack(context, reverted, stopwatch);
      const asked = { userIds, dryRun: false, everybody: false };
      const plan = { counts };
      await sendAll(context, { plan, kind, stopwatch, asked, seen: null, isExact: true });
    });
  });
}

/** Drops a held push; nothing of it is sent. */
export async function cancelPush(engine: Engine, id: string, by: AskedBy): Promise<Push> {
  const { app: name } = await heldPush(engine, id);
  return await withApp(engine, name, by, async (claimed) => {
    await heldPush(engine, id);
    await dropHeldPushes({ ...claimed }, by.actor.displayName);
    return await requirePush(engine, id);
  });
}

async function heldPush(engine: Engine, id: string): Promise<Push> {
  const push = await requirePush(engine, id);
  if (push.status === "held") return push;
  throw new RollcallError("run.notHeld", `The push ${push.id} is ${push.status}, not held.`);
}
