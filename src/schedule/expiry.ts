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
  /** Since when whoever is due cannot be looked at. */
  let failingSince: number | null = null;
  while (!signal.aborted) {
    let wait = RETRY_MS;
    try {
      const now = Date.now();
      const next = await work.nextExpiry(name, after);
      if (next === null) wait = LOOK_AGAIN_MS;
      else if (next > now) wait = Math.min(next - now, LOOK_AGAIN_MS);
      else {
        const isLate = failingSince !== null && now - failingSince > PATIENCE_MS;
        const isDone = await importDue(watch, now, isLate);
        if (isDone === true) {
          failingSince = null;
          after = now;
          wait = 0;
        } else if (isDone === false) failingSince ??= now;
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

/** So long a directory that cannot be read is asked again, before what it said itself counts. */
const PATIENCE_MS = 5 * 60_000;

/**
 * @param isLate whether nobody could look for so long that what is stored counts
 * @returns whether whoever is due was looked at; null: another replica looks
 */
async function importDue(watch: Watch, now: number, isLate: boolean): Promise<boolean | null> {
  const { work, name, backoff, log, signal } = watch;
  const minute = new Date(Math.floor(now / RETRY_MS) * RETRY_MS);
  if (!(await work.takeTick(`${name}:expiry`, minute))) return null;
  log.info({ directory: name }, "an account expires");
  // A held import keeps its place; what is stored tells whose day has come.
  if (await work.isHeld(name)) return await endByWhatIsStored(watch);
  if ((await backoff.waiting(now)) !== null) return isLate && (await endByWhatIsStored(watch));
  const asked = { type: null, trigger: "schedule", dryRun: false } as const;
  try {
    const run = await work.import(name, asked, byItself(signal));
    await tellRun(log, backoff, run);
    if (run.status === "done") return true;
    // Somebody stopped it, or has to decide about it.
    if (run.status !== "failed") return false;
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const { code, message } = asRollcallError(thrown);
    if (code === "run.busy") throw thrown;
    await backoff.failed(code, Date.now());
    log.error({ directory: name, code }, message);
  }
  return isLate && (await endByWhatIsStored(watch));
}

/**
 * The day does not wait for ever for the directory: it said itself until when the account is good, and
 * would not let its owner in any more. Whoever got more time has access again with the next import.
 */
async function endByWhatIsStored({ work, name, log, signal }: Watch): Promise<boolean> {
  const run = await work.endExpired(name, byItself(signal));
  if (run === null) return true;
  const { id, status, counts, error, held } = run;
  const fields = { directory: name, run: id, status, counts, code: error?.code };
  if (status === "failed") log.error(fields, error?.message ?? "failed");
  else if (status === "held") log.warn(fields, held?.reason ?? "held");
  else log.warn(fields, "access ended by the stored dates, without reading the directory");
  return status !== "failed";
}
