import type { Engine } from "../engine/engine.ts";
import { RollcallError } from "../model/errors.ts";
import type { Run } from "../model/run.ts";
import { openRuns } from "../store/runs.ts";
import { withContext, type RunRequest } from "./import.ts";
import { recover, requireRun } from "./record/end.ts";

/** Takes up what an interrupted process left of a directory's runs. True if there was anything. */
export async function resumeRuns(
  engine: Engine,
  name: string,
  request: Pick<RunRequest, "actor" | "signal" | "progress" | "note">,
): Promise<boolean> {
  const interrupted = await openRuns(engine.store.db, name, "running");
  if (interrupted.length === 0) return false;
  await withContext(engine, name, request, (context) => recover(context));
  return true;
}

/** Finishes one interrupted run, and imports nothing. @throws RollcallError `run.notInterrupted` */
export async function resumeRun(
  engine: Engine,
  id: string,
  request: Pick<RunRequest, "actor" | "signal" | "progress" | "note">,
): Promise<Run> {
  const run = await requireRun({ engine }, id);
  if (run.status !== "running" || run.directory === null) {
    const message = `The run ${run.id} was not interrupted; its status is ${run.status}.`;
    throw new RollcallError("run.notInterrupted", message);
  }
  await resumeRuns(engine, run.directory, request);
  return await requireRun({ engine }, run.id);
}
