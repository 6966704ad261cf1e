/**
 * Accounts expire on the day, and no directory tells of it. So `serve` knows the next moment at
 * which one does, and imports then.
 */
import { sleep } from "../lib/sleep.ts";
import { asRollcallError } from "../model/errors.ts";
import { tellRun, type Watch } from "./watcher.ts";
import { byItself } from "./work.ts";

/** Imports may bring nearer moments. */
const LOOK_AGAIN_MS = 60_000;
/** After an import that failed or could not begin, or that another replica takes. */
const RETRY_MS = 60_000;

/** Imports whenever an account expires, until the signal aborts. */
export async function watchExpiry(watch: Watch): Promise<void> {
  const { work, name, signal, log } = watch;
  // From the beginning: accounts may have expired while nobody looked.
  let after = 0;
  while (!signal.aborted) {
    let wait = RETRY_MS;
    try {
      const now = Date.now();
      const next = await work.nextExpiry(name, after);
      if (next === null) wait = LOOK_AGAIN_MS;
      else if (next > now) wait = Math.min(next - now, LOOK_AGAIN_MS);
      else if (await importDue(watch, now)) {
        after = now;
        wait = 0;
      }
    } catch (thrown) {
      if (signal.aborted) return;
      const { code, message } = asRollcallError(thrown);
      if (code === "run.busy") log.info({ directory: name }, message);
      else log.error({ directory: name, code }, message);
    }
    await sleep(wait, signal);
  }
}

/** @returns whether whoever is due was looked at */
async function importDue(watch: Watch, now: number): Promise<boolean> {
  const { work, name, backoff, log, signal } = watch;
  const minute = new Date(Math.floor(now / RETRY_MS) * RETRY_MS);
  if (!(await work.takeTick(`${name}:expiry`, minute))) return false;
  log.info({ directory: name }, "an account expires");
  // A held import keeps its place, and a directory that asks for patience is left alone.
  if ((await work.isHeld(name)) || (await backoff.waiting(now)) !== null)
    return await endByWhatIsStored(watch);
  const asked = { type: null, trigger: "schedule", dryRun: false } as const;
  try {
    const run = await work.import(name, asked, byItself(signal));
    await tellRun(log, backoff, run);
    return run.status === "failed" ? await endByWhatIsStored(watch) : run.status === "done";
  } catch (thrown) {
    const { code } = asRollcallError(thrown);
    if (code !== "run.busy") await backoff.failed(code, Date.now());
    throw thrown;
  }
}

/**
 * The day does not wait for the directory: it said itself until when the account is good, and would not
 * let its owner in any more. Whoever got more time has access again with the next import.
 */
async function endByWhatIsStored({ work, name, log, signal }: Watch): Promise<boolean> {
  const run = await work.endExpired(name, byItself(signal));
  if (run === null) return true;
  const { id, status, counts, error } = run;
  const fields = { directory: name, run: id, status, counts, code: error?.code };
  if (status === "failed") log.error(fields, error?.message ?? "failed");
  else log.warn(fields, "access ended by the stored dates, without reading the directory");
  return status !== "failed";
}
