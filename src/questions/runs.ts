/** Runs of directories and pushes to apps, and how far they are. */
import type { Engine } from "../engine/engine.ts";
import { isUuid } from "../lib/uuid.ts";
import type { Progress } from "../model/asked-by.ts";
import { RollcallError } from "../model/errors.ts";
import { anyRun, type AnyRun } from "../store/all-runs.ts";
import { runProgress } from "../store/run-progress.ts";

/** @throws RollcallError `run.notFound` */
export async function requireAny({ store }: Engine, id: string): Promise<AnyRun> {
  const found = isUuid(id) ? await anyRun(store.db, id) : null;
  if (found === null) throw new RollcallError("run.notFound", `There is no run ${id}.`);
  return found;
}

/** Null: it does not run, or nothing is known of how far it is. */
export async function progressOf({ store }: Engine, of: AnyRun): Promise<Progress | null> {
  const { id, status } = of.of === "app" ? of.push : of.run;
  return status === "running" ? await runProgress(store.db, id) : null;
}
