import type { Engine } from "../engine/engine.ts";
import type { AskedBy } from "../model/asked-by.ts";
import { RollcallError } from "../model/errors.ts";
import type { EventDraft } from "../model/event.ts";
import type { AnyRun } from "../store/all-runs.ts";
import { transact } from "../store/database.ts";
import { askToStop } from "../store/leases.ts";
import { appendEvents } from "../store/system-log.ts";

/**
 * Asks whoever works on a run, in whatever process, to stop as by Ctrl-C: what was not applied yet
 * is dropped, a plan that is being applied is handed back for the next run or `resume` to finish.
 * Whoever works on it looks at each progress that it tells, and every ten seconds.
 * @throws RollcallError `run.notHeld` if nobody works on it
 */
export async function stopRun(engine: Engine, of: AnyRun, { actor }: AskedBy): Promise<void> {
  const { id, status } = of.of === "app" ? of.push : of.run;
  await transact(engine.store, async (trx) => {
    if (status !== "running" || !(await askToStop(trx, id, actor.displayName))) {
      const message = `The run ${id} is ${status}, and nobody works on it.`;
      throw new RollcallError("run.notHeld", message);
    }
    await appendEvents(trx, id, actor, [stopAsked(of)]);
  });
}

function stopAsked(of: AnyRun): EventDraft {
  const name = (of.of === "app" ? of.push.app : of.run.directory) ?? "";
  const target = [{ id: name, type: "AppInstance", alternateId: name, displayName: name }];
  return {
    eventType: "system.import.stop",
    severity: "INFO",
    outcome: { result: "SUCCESS" },
    target,
    debugData: { AppName: name },
  };
}
