import type { Engine } from "../engine/engine.ts";
import { RollcallError } from "../model/errors.ts";
import type { Run } from "../model/run.ts";
import { transact } from "../store/database.ts";
import { countLost, leaveOut, outdatedRows } from "../store/held-plan.ts";
import { fence } from "../store/leases.ts";
import { takenLogins } from "../store/plan.ts";
import { findRun, updateRun, type OpenRun } from "../store/runs.ts";
import { appendEvents } from "../store/system-log.ts";
import { settle, withContext, type RunRequest } from "./import.ts";
import { matchedSince, returnedSince } from "./plan/before-apply.ts";
import { applyToEnd, cancelHeld, recover, requireRun } from "./record/end.ts";
import * as events from "./record/events.ts";
import { noteApproved } from "./record/mapped.ts";

type Decision = Pick<RunRequest, "actor" | "signal" | "progress" | "note">;

/**
 * Applies exactly the plan that was shown, without those whom it does not fit any more: whoever
 * came back, and whoever was changed by something else, is left out and named in the run's history;
 * the next import is a full one and decides about them again.
 * @throws RollcallError if the directory cannot be asked who came back; the run stays held
 */
export async function approveRun(engine: Engine, id: string, decision: Decision): Promise<Run> {
  const { directory } = await heldRun(engine, id);
  return await withContext(engine, directory, decision, async (claimed) => {
    await recover(claimed);
    const run = await heldRun(engine, id); // as it is now that nobody else can touch it
    const context = { ...claimed, runId: run.id, fingerprint: run.fingerprint };
    const { db } = engine.store;
    const lost = run.kind === "import" ? await countLost(db, run.id) : 0;
    const returned = await returnedSince(context, lost).catch((thrown: unknown) => {
      if (!context.signal.aborted || thrown instanceof RollcallError) throw thrown;
      const message = `Interrupted while the directory was being asked; the run ${run.id} is still held.`;
      throw new RollcallError("run.interrupted", message);
    });
    const back = new Set(returned);
    const taken = await takenLogins(db, "held_plan", run.id);
    const matched = await matchedSince(context);
    const outdated = [
      ...(await outdatedRows(db, run.id)),
      ...taken.map((row) => row.seq),
      ...matched,
    ];
    const changed = [...new Set(outdated)].filter((seq) => !back.has(seq));
    const by = decision.actor.displayName;
    await transact(engine.store, async (trx) => {
      await fence(trx, context.lease);
      await updateRun(trx, run.id, { status: "running", phase: "applying", decidedBy: by });
      await trx.deleteFrom("run_changes").where("run_id", "=", run.id).execute(); // written again as applied
      const came = await leaveOut(trx, run.id, [...back], "cameBack");
      const leftOut = came + (await leaveOut(trx, run.id, changed, "changedSince"));
      await appendEvents(trx, run.id, context.actor, [events.approved(run, by, leftOut)]);
    });
    const applied = await settle(context, async () => {
      const current = await requireRun(context, run.id);
      await applyToEnd(context, current, current.phases);
    });
    await noteApproved(context, applied);
    return applied;
  });
}

/** Drops a held run; nothing of it is applied. */
export async function cancelRun(engine: Engine, id: string, decision: Decision): Promise<Run> {
  const { directory } = await heldRun(engine, id);
  return await withContext(engine, directory, decision, async (context) => {
    const run = await heldRun(engine, id);
    await transact(engine.store, async (trx) => {
      await fence(trx, context.lease);
      await cancelHeld(trx, context, run, decision.actor.displayName);
    });
    return await requireRun(context, run.id);
  });
}

async function heldRun(
  engine: Engine,
  id: string,
): Promise<OpenRun & { readonly directory: string }> {
  const run = await findRun(engine.store.db, id);
  if (run === null) throw new RollcallError("run.notFound", `There is no run ${id}.`);
  const { directory } = run;
  if (run.status !== "held" || directory === null) {
    throw new RollcallError(
      "run.notHeld",
      `The run ${id} is not held; its status is ${run.status}.`,
    );
  }
  return { ...run, directory };
}
