/** A run that is under way, whoever works on it: how far it is, and how it is stopped. */
import type { Engine } from "../engine/engine.ts";
import { isUuid } from "../lib/uuid.ts";
import type { AskedBy, Progress } from "../model/asked-by.ts";
import { RollcallError } from "../model/errors.ts";
import { anyRun, type AnyRun } from "../store/all-runs.ts";
import { askToStop, leaseProgress } from "../store/leases.ts";

/** @throws RollcallError `run.notFound` */
export async function requireAny({ store }: Engine, id: string): Promise<AnyRun> {
  const found = isUuid(id) ? await anyRun(store.db, id) : null;
  if (found === null) throw new RollcallError("run.notFound", `There is no run ${id}.`);
  return found;
}

/** The claim that a run is worked on under. */
function claimOf(of: AnyRun): string {
  return of.of === "app" ? `app:${of.push.app}` : `directory:${of.run.directory ?? ""}`;
}

/** Null: it does not run, or nothing is known of how far it is. */
export async function progressOf({ store }: Engine, of: AnyRun): Promise<Progress | null> {
  const { status } = of.of === "app" ? of.push : of.run;
  return status === "running" ? await leaseProgress(store.db, claimOf(of)) : null;
}

/**
 * What was not applied yet is dropped or handed back, as by Ctrl-C. Whoever works on it looks every
 * few seconds.
 * @throws RollcallError `run.notHeld` if nobody works on it
 */
export async function stopRun({ store }: Engine, of: AnyRun, { actor }: AskedBy): Promise<void> {
  const { id, status } = of.of === "app" ? of.push : of.run;
  if (status === "running" && (await askToStop(store.db, claimOf(of), actor.displayName))) return;
  const message = `The run ${id} is ${status}, and nobody works on it.`;
  throw new RollcallError("run.notHeld", message);
}
