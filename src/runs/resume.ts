import { openRuns } from "../store/runs.ts";
import type { Engine } from "./context.ts";
import { withContext, type RunRequest } from "./import.ts";
import { recover } from "./lifecycle.ts";

/** Takes up what an interrupted process left of a directory's runs. True if there was anything. */
export async function resumeRuns(
  engine: Engine,
  name: string,
  request: Pick<RunRequest, "actor" | "signal" | "progress">,
): Promise<boolean> {
  const interrupted = await openRuns(engine.store.db, name, "running");
  if (interrupted.length === 0) return false;
  await withContext(engine, name, request, recover);
  return true;
}
