import { lastImport, openRuns } from "../../store/runs.ts";
import type { Engine } from "../engine.ts";

/**
 * Directories whose last import is held, failed or still under way: while that is so, nothing that one of them could
 * explain is taken away in an app.
 */
export async function unsettledDirectories({
  store,
  directories,
}: Pick<Engine, "store" | "directories">): Promise<ReadonlySet<string>> {
  const unsettled = new Set<string>();
  for (const name of directories.keys()) {
    const held = await openRuns(store.db, name, "held");
    const last = held.length > 0 ? null : await lastImport(store.db, name);
    // One that is under way has not proven anything yet.
    const isOpen = last?.status === "failed" || last?.status === "running";
    if (held.length > 0 || isOpen) unsettled.add(name);
  }
  return unsettled;
}
