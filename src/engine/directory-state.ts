import { readCheckpoint } from "../store/checkpoints.ts";
import { lastImport, openRuns } from "../store/runs.ts";
import type { DirectoryState } from "../model/directory-state.ts";
import { isClaimed } from "./claim.ts";
import type { Engine } from "./engine.ts";

export async function stateOf(engine: Engine, name: string): Promise<DirectoryState> {
  const { store } = engine;
  const checkpoint = await readCheckpoint(store.db, name);
  const last = await lastImport(store.db, name);
  const held = (await openRuns(store.db, name, "held")).at(-1) ?? null;
  const [open = null] = await openRuns(store.db, name, "running");
  const interrupted = open !== null && !(await isClaimed(engine, name)) ? open : null;
  return { checkpoint, last, held, interrupted };
}
