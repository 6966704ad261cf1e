/** The ends of a push that is not done: failed, interrupted, cancelled. */
import { stoppedBy } from "../../model/asked-by.ts";
import { asRollcallError, RollcallError } from "../../model/errors.ts";
import { AppFailure } from "../../provisioning/failure.ts";
import { appState, noteApp } from "../../store/app-states.ts";
import { findPush, listPushes } from "../../store/pushes.ts";
import { cancelHeld, endAsFailed, noteRun } from "../../store/run-steps.ts";
import { appendEvents } from "../../store/system-log.ts";
import { addTotals } from "../../store/totals.ts";
import { totalsOfPush } from "./totals.ts";
import { write } from "../record/write.ts";
import type { ClaimedApp } from "./context.ts";
import * as events from "./events.ts";
import { countsAfter } from "./plan.ts";
import { pauseApp } from "./ready.ts";

const MOST = 1000;

/** Writes down what stopped a push. What it had sent is on record already. */
export async function failPush(claimed: ClaimedApp, id: string, thrown: unknown): Promise<void> {
  const { engine, app, actor, signal } = claimed;
  const { settings } = app;
  if (thrown instanceof RollcallError && thrown.code === "run.leaseLost") throw thrown;
  const push = await findPush(engine.store.db, id);
  if (push === null || push.status !== "running") return;
  // Requests that were on their way when it was to end fail as well; that is not the app's fault.
  const isStopped =
    signal.aborted && (!(thrown instanceof RollcallError) || thrown.code === "push.interrupted");
  const reason = isStopped ? interrupted(signal) : thrown;
  const { code, message } = asRollcallError(reason);
  if (thrown instanceof AppFailure && thrown.kind === "credential") await pauseApp(claimed, thrown);
  const state = await appState(engine.store.db, settings.name);
  const error = { code, message, phase: push.state };
  const counts = await countsAfter({ engine, run: { id } }, push.counts);
  await write(claimed, async (trx) => {
    await noteRun(trx, id, { counts });
    await endAsFailed(trx, id, error);
    await addTotals(trx, totalsOfPush(settings.name, push.kind, "failed"));
    if (thrown instanceof AppFailure && !isStopped)
      await noteApp(trx, settings.name, { failures: state.failures + 1 });
    await appendEvents(trx, id, actor, [events.failed(settings, push.kind, error)]);
  });
}

/** What ends a push that somebody, or its process, wants to end. */
export function interrupted(signal: AbortSignal): RollcallError {
  if (signal.reason instanceof RollcallError) return signal.reason;
  const message = `The push was interrupted${stoppedBy(signal)}. What was sent is on record; the next push goes on.`;
  return new RollcallError("push.interrupted", message);
}

/** What a process left that died while it pushed: the accounts know how far it came. */
export async function recoverPushes(claimed: ClaimedApp): Promise<void> {
  const { engine, app } = claimed;
  const query = { app: app.settings.name, status: "running", limit: MOST };
  for (const { id } of await listPushes(engine.store.db, query)) {
    const message = "The process that pushed ended; the next push goes on where it stopped.";
    await failPush(claimed, id, new RollcallError("push.interrupted", message));
  }
}

/** Ends held pushes of the app as cancelled. @param by who, or what took their place */
export async function dropHeldPushes(claimed: ClaimedApp, by: string): Promise<void> {
  const { engine, app, actor } = claimed;
  const query = { app: app.settings.name, status: "held", limit: MOST };
  for (const { id } of await listPushes(engine.store.db, query))
    await write(claimed, async (trx) => {
      await cancelHeld(trx, id, by);
      await appendEvents(trx, id, actor, [events.decided(app.settings, "cancelled", by)]);
    });
}
