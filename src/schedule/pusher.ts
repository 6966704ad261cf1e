/** Pushes to apps, whenever there is something to push; failures are tried again with patience. */
import { sleep } from "../lib/sleep.ts";
import type { Push } from "../model/account.ts";
import { asRollcallError, cureOf } from "../model/errors.ts";
import type { SchedulerLog } from "./log.ts";
import { byItself, type ScheduledWork } from "./work.ts";

const LOOK_EVERY_MS = 2000;
const FIRST_PATIENCE_MS = 15_000;
const MOST_PATIENCE_MS = 15 * 60_000;

export interface Pushing {
  readonly work: Pick<ScheduledWork, "isPushDue" | "push">;
  readonly app: string;
  readonly log: SchedulerLog;
  readonly signal: AbortSignal;
}

/** Pushes until the signal aborts. */
export async function pushWhenDue({ work, app, log, signal }: Pushing): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      if (await work.isPushDue(app)) {
        const push = await work.push(app, byItself(signal));
        failures = push.status === "failed" ? failures + 1 : 0;
        tellPush(log, push);
      }
    } catch (thrown) {
      if (signal.aborted) return;
      const { code, message } = asRollcallError(thrown);
      // Another replica pushes, or a person does.
      if (code !== "run.busy") {
        failures++;
        log.error({ app, code, cure: cureOf(code) }, message);
      }
    }
    const patience =
      failures === 0 ? LOOK_EVERY_MS : FIRST_PATIENCE_MS * 2 ** Math.min(failures - 1, 10);
    await sleep(Math.min(patience, MOST_PATIENCE_MS), signal);
  }
}

function tellPush(log: SchedulerLog, { id: run, app, status, counts, error, held }: Push): void {
  const fields = { app, run, status, counts };
  if (error !== null)
    log.error({ ...fields, code: error.code, cure: cureOf(error.code) }, error.message);
  else if (held !== null && status === "held") log.warn(fields, held.reason);
  // One that found nothing to do is no news.
  else if (counts.assigned > 0 || counts.deactivated > 0) log.info(fields, "push ended");
}
