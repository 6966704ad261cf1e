import type { Engine } from "../engine/engine.ts";
import type { AskedBy } from "../model/asked-by.ts";
import { RollcallError } from "../model/errors.ts";
import type { Run } from "../model/run.ts";
import { countLost, leaveOut, outdatedRows } from "../store/held-plan.ts";
import { dropShown } from "../store/history.ts";
import { takenLogins } from "../store/plan.ts";
import { workOn } from "../store/leases.ts";
import { approveHeld } from "../store/run-steps.ts";
import type { OpenRun } from "../store/runs.ts";
import { appendEvents } from "../store/system-log.ts";
import { settle, withClaim } from "./begin.ts";
import { expiredSince, matchedSince, returnedSince } from "./plan/before-apply.ts";
import { applyToEnd, recover, resumedRun } from "./plan/finish.ts";
import { forgetBrought, takeUpBrought } from "./reading/brought.ts";
import type { RunContext } from "./record/context.ts";
import { dropHeld } from "./record/end.ts";
import * as events from "./record/events.ts";
import { KINDS } from "./record/kinds.ts";
import { noteApproved } from "./record/mapped.ts";
import { requireRun } from "./record/notes.ts";
import { write } from "./record/write.ts";

/**
 * Applies exactly the plan that was shown, without those whom it does not fit any more: whoever
 * came back, and whoever was changed by something else, is left out and named in the run's history;
 * the next import is a full one and decides about them again.
 * @throws RollcallError if the directory cannot be asked who came back; the run stays held
 */
export async function approveRun(engine: Engine, id: string, by: AskedBy): Promise<Run> {
  const { directory } = await heldRun(engine, id);
  return await withClaim(engine, directory, by, async (claimed) => {
    await recover(claimed);
    const run = await heldRun(engine, id); // as it is now that nobody else can touch it
    const context = resumedRun(claimed, run);
    // Whoever was brought back meanwhile waits for an import, which none does while this one is held.
    await takeUpBrought(context);
    const unfit = await unfitRows(context, run);
    const who = by.actor.displayName;
    await write(context, async (trx) => {
      await approveHeld(trx, run.id, who);
      await workOn(trx, context.lease, run.id);
      await dropShown(trx, run.id); // written again as applied
      const came = await leaveOut(trx, run.id, unfit.back, "cameBack");
      const leftOut = came + (await leaveOut(trx, run.id, unfit.changed, "changedSince"));
      await appendEvents(trx, run.id, context.actor, [events.approved(run, who, leftOut)]);
    });
    context.begun?.(run.id);
    const applied = await settle(context, async () => {
      const current = await requireRun(context, run.id);
      await applyToEnd(context, current, current.phases);
    });
    await noteApproved(context, applied);
    if (applied.status === "done") await forgetBrought(context);
    return applied;
  });
}

/** The rows of people whom a plan that was held does not fit any more. */
async function unfitRows(
  context: RunContext,
  run: OpenRun,
): Promise<{ readonly back: readonly number[]; readonly changed: readonly number[] }> {
  const { db } = context.engine.store;
  const lost = KINDS[run.kind].readsDirectory ? await countLost(db, run.id) : 0;
  const back = await returnedSince(context, lost).catch((thrown: unknown) => {
    if (!context.signal.aborted || thrown instanceof RollcallError) throw thrown;
    const message = `Interrupted while the directory was being asked; the run ${run.id} is still held.`;
    throw new RollcallError("run.interrupted", message);
  });
  const taken = await takenLogins(db, "held_plan", run.id);
  const matched = await matchedSince(context);
  const outdated = await outdatedRows(db, run.id);
  const expired = await expiredSince(context);
  const left = new Set(back);
  const changed = new Set([...outdated, ...taken.map((row) => row.seq), ...matched, ...expired]);
  return { back, changed: [...changed].filter((seq) => !left.has(seq)) };
}

/** Drops a held run; nothing of it is applied. */
export async function cancelRun(engine: Engine, id: string, by: AskedBy): Promise<Run> {
  const { directory } = await heldRun(engine, id);
  return await withClaim(engine, directory, by, async (claimed) => {
    const run = await heldRun(engine, id);
    await write(claimed, (trx) => dropHeld(trx, claimed, run, by.actor.displayName));
    return await requireRun(claimed, run.id);
  });
}

async function heldRun(
  engine: Engine,
  id: string,
): Promise<OpenRun & { readonly directory: string }> {
  const run = await requireRun({ engine }, id);
  const { directory } = run;
  if (run.status !== "held" || directory === null) {
    const message = `The run ${id} is not held; its status is ${run.status}.`;
    throw new RollcallError("run.notHeld", message);
  }
  return { ...run, directory };
}
