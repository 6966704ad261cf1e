/** The record of a run while it is under way; every line of it is written under the claim. */
import { RollcallError } from "../../model/errors.ts";
import type { EventDraft } from "../../model/event.ts";
import { beginJudging, noteRun, type RunNotes } from "../../store/run-steps.ts";
import { findRun, type OpenRun } from "../../store/runs.ts";
import { appendEvents } from "../../store/system-log.ts";
import type { Claimed, RunContext } from "./context.ts";
import { write } from "./write.ts";

/** Tells of the run. */
export async function log(context: RunContext, ...drafts: readonly EventDraft[]): Promise<void> {
  await write(context, (trx) => appendEvents(trx, context.run.id, context.actor, drafts));
}

/** Writes down what the run found out. */
export async function note(context: RunContext, notes: RunNotes): Promise<void> {
  await write(context, (trx) => noteRun(trx, context.run.id, notes));
}

/** Everything is read and planned. */
export async function noteJudging(context: RunContext, notes: RunNotes = {}): Promise<void> {
  await write(context, (trx) => beginJudging(trx, context.run.id, notes));
}

/** @throws RollcallError `run.notFound` */
export async function requireRun(
  { engine }: Pick<Claimed, "engine">,
  id: string,
): Promise<OpenRun> {
  const run = await findRun(engine.store.db, id);
  if (run === null) throw new RollcallError("run.notFound", `There is no run ${id}.`);
  return run;
}
