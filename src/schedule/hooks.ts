/** Hooks, for as long as the daemon works; each is worked for by one replica. */
import { sleep } from "../lib/sleep.ts";
import { asRollcallError } from "../model/errors.ts";
import type { SchedulerLog } from "./log.ts";
import { patienceOf, type ScheduledWork } from "./work.ts";

const LOOK_EVERY_MS = 1000;
/** Another replica has it, or the database is away. */
const PATIENCE_MS = 10_000;

export async function followHook(
  work: Pick<ScheduledWork, "deliver">,
  hook: string,
  log: SchedulerLog,
  signal: AbortSignal,
): Promise<void> {
  const begun = Date.now();
  while (!signal.aborted) {
    try {
      const told = async ({ events, error }: { events: number; error: string | null }) => {
        if (error !== null) log.warn({ hook }, `events were not delivered: ${error}`);
        if (events > 0) log.info({ hook, events }, "events delivered");
        // Where there were some, there may be more.
        if (events === 0) await sleep(LOOK_EVERY_MS, signal);
      };
      await work.deliver(hook, told, signal);
    } catch (thrown) {
      if (signal.aborted) return;
      const { code, message } = asRollcallError(thrown);
      if (code !== "run.busy") log.error({ hook, code }, message);
    }
    await sleep(patienceOf(begun, PATIENCE_MS), signal);
  }
}
