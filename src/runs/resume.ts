import type { Engine } from "../engine/engine.ts";
import type { AskedBy } from "../model/asked-by.ts";
import { RollcallError } from "../model/errors.ts";
import type { Run } from "../model/run.ts";
import { openRuns } from "../store/runs.ts";
import { withClaim } from "./begin.ts";
import { recover } from "./plan/finish.ts";
import { requireRun } from "./record/notes.ts";

/** Takes up what an interrupted process left of a directory's runs. True if there was anything. */
export async function resumeRuns(engine: Engine, name: string, by: AskedBy): Promise<boolean> {
  const interrupted = await openRuns(engine.store.db, name, "running");
  if (interrupted.length === 0) return false;
  await withClaim(engine, name, by, (claimed) => recover(claimed));
  return true;
}

/** Finishes one interrupted run, and imports nothing. @throws RollcallError `run.notInterrupted` */
export async function resumeRun(engine: Engine, id: string, by: AskedBy): Promise<Run> {
  const run = await requireRun({ engine }, id);
  if (run.status !== "running" || run.directory === null) {
    const message = `The run ${run.id} was not interrupted; its status is ${run.status}.`;
    throw new RollcallError("run.notInterrupted", message);
  }
  await withClaim(engine, run.directory, by, async (claimed) => {
    by.begun?.(run.id);
    await recover(claimed);
  });
  return await requireRun({ engine }, run.id);
}
