/** The ends of a run: done, failed, cancelled. What it leaves behind goes in the same transaction. */
import { asRollcallError } from "../../model/errors.ts";
import type { Held, PhaseTime, RunCounts } from "../../model/run.ts";
import { forgetDisconnected } from "../../store/app-users.ts";
import {
  advanceCheckpoint,
  moveCheckpoint,
  readCheckpoint,
  requireFullImport,
} from "../../store/checkpoints.ts";
import type { Trx } from "../../store/connection.ts";
import { applyObjects, dropObjects } from "../../store/objects.ts";
import { dropPlan } from "../../store/plan.ts";
import { cancelHeld, endAsDone, endAsFailed, endDryRun } from "../../store/run-steps.ts";
import type { OpenRun } from "../../store/runs.ts";
import { appendEvents } from "../../store/system-log.ts";
import { addTotals } from "../../store/totals.ts";
import type { Claimed, RunContext } from "./context.ts";
import * as events from "./events.ts";
import { endPauses } from "../../store/pauses.ts";
import { KINDS } from "./kinds.ts";
import { totalsOf } from "./totals.ts";
import { write } from "./write.ts";

/** Ends a run as done; an import's checkpoint moves in the same transaction. */
export async function finishRun(
  context: RunContext,
  run: OpenRun,
  counts: RunCounts,
  phases: readonly PhaseTime[],
): Promise<void> {
  const { directory } = context;
  const { readsDirectory, fullAfter } = KINDS[run.kind];
  await write(context, async (trx) => {
    if (readsDirectory) {
      await applyObjects(trx, run.id, directory.name);
      await endPauses(trx, directory.name, new Date(run.startedAt));
      await moveTo(trx, context, run, counts);
    }
    const reason = fullAfter({ ...run, counts }, directory);
    if (reason !== null) await requireFullImport(trx, directory.name, reason);
    await endAsDone(trx, run.id, counts, phases);
    await addTotals(trx, totalsOf(run, "done", { counts, phases }));
    await appendEvents(trx, run.id, context.actor, [events.completed(run, counts)]);
    await dropStaged(trx, run);
  });
}

/** Ends a run that only shows what another one would do. @param keep writes down what it shows */
export async function finishDryRun(
  context: RunContext,
  run: OpenRun,
  shown: {
    readonly counts: RunCounts;
    readonly held: Held | null;
    readonly phases: readonly PhaseTime[];
  },
  keep: (trx: Trx) => Promise<void>,
): Promise<void> {
  const { counts, held, phases } = shown;
  await write(context, async (trx) => {
    await keep(trx);
    await endDryRun(trx, run.id, held, { counts, phases });
    await appendEvents(trx, run.id, context.actor, [events.completed(run, counts)]);
    await dropStaged(trx, run);
  });
}

async function moveTo(
  trx: Trx,
  { directory: { name }, run: { fingerprint } }: RunContext,
  run: OpenRun,
  { read: entries, skipped }: RunCounts,
): Promise<void> {
  const { id: runId, startedAt, scope, mark } = run;
  // A read that showed people as gone who were there is no measure for later ones.
  const search = skipped > 0 ? null : run.search;
  if (run.type === "full") {
    // Whoever is not there now may arrive later.
    const before = await readCheckpoint(trx, name);
    if (before !== null && before.fullReason !== null) await forgetDisconnected(trx, name);
    const to = { runId, fingerprint, entries, startedAt, scope, mark, search };
    await moveCheckpoint(trx, name, to);
  } else if (mark !== null) {
    await advanceCheckpoint(trx, name, { startedAt, mark });
  }
}

/** Ends a run as failed. Nothing of its plan that was not applied will be. */
export async function failRun(context: Claimed, run: OpenRun, thrown: unknown): Promise<void> {
  const { code, message } = asRollcallError(thrown);
  const error = { code, message, phase: run.state };
  await write(context, async (trx) => {
    await endAsFailed(trx, run.id, error);
    await addTotals(trx, totalsOf(run, "failed", { code }));
    await appendEvents(trx, run.id, context.actor, [events.runFailed(run, error)]);
    await dropStaged(trx, run);
  });
}

/** Drops the plan of a held run and ends it as cancelled. */
export async function dropHeld(
  trx: Trx,
  { actor }: Pick<Claimed, "actor">,
  run: OpenRun,
  by: string,
): Promise<void> {
  await cancelHeld(trx, run.id, by);
  await addTotals(trx, totalsOf(run, "cancelled", {}));
  await appendEvents(trx, run.id, actor, [events.cancelled(run, by)]);
  await dropStaged(trx, run);
}

/** What a run put aside to be applied: its plan, groups and containers. */
async function dropStaged(trx: Trx, { id, planTable }: OpenRun): Promise<void> {
  await dropPlan(trx, planTable, id);
  await dropObjects(trx, id);
}
