import type { Run } from "../model/run.ts";
import { readCheckpoint, type Checkpoint } from "../store/checkpoints.ts";
import { lastImport, openRuns } from "../store/runs.ts";
import { isClaimed } from "./claim.ts";
import type { Engine } from "./engine.ts";

/** How a directory stands with its imports. */
export interface DirectoryState {
  readonly checkpoint: Checkpoint | null;
  /** The last import that was no dry run; null if there was none. */
  readonly last: Run | null;
  /** A run that waits for a decision, whatever it is. */
  readonly held: Run | null;
  /** A run that was being applied and that nobody finishes. */
  readonly interrupted: Run | null;
}

export async function stateOf(engine: Engine, name: string): Promise<DirectoryState> {
  const { store } = engine;
  const checkpoint = await readCheckpoint(store.db, name);
  const last = await lastImport(store.db, name);
  const held = (await openRuns(store.db, name, "held")).at(-1) ?? null;
  const [open = null] = await openRuns(store.db, name, "running");
  const interrupted = open !== null && !(await isClaimed(engine, name)) ? open : null;
  return { checkpoint, last, held, interrupted };
}
