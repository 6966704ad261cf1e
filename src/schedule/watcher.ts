/**
 * Listening to directories with `watch: true`, between the times of their schedules. Whatever
 * arrives starts an incremental import; what arrives while one is running starts one more. A
 * connection that ends is made again, with patience by cause; the schedule is the safety net.
 */
import { sleep } from "../lib/sleep.ts";
import { asRollcallError, cureOf } from "../model/errors.ts";
import type { Run } from "../model/run.ts";
import type { Backoff } from "./backoff.ts";
import type { SchedulerLog } from "./log.ts";
import { byItself, patienceOf, type ScheduledWork } from "./work.ts";

/** Changes of a moment become one import; under constant change the moments grow. */
const GATHER_MS = 50;
const MOST_GATHER_MS = 2000;
const BUSY_MS = 1000;
const RETRY_MS = 5000;
const MOST_RETRY_MS = 5 * 60_000;
/** Another process listens, or a held run waits for somebody; looked at again after this. */
const STANDBY_MS = 15_000;
/** The server offers nothing to listen to; it may be another one later. */
const UNAVAILABLE_MS = 10 * 60_000;
/** A connection that lived this long was a good one. */
const GOOD_MS = 60_000;

/** A directory that somebody imports whenever it is due. */
export interface Watch {
  readonly work: ScheduledWork;
  readonly name: string;
  readonly backoff: Backoff;
  readonly log: SchedulerLog;
  readonly signal: AbortSignal;
  /** Since when, in milliseconds since 1970. */
  readonly begun?: number;
}

/** Listens until the signal aborts. */
export async function watchDirectory(watch: Watch): Promise<void> {
  const { work, name, log, signal } = watch;
  const pump = new Pump(watch);
  const listener = {
    onChange: () => pump.wake(),
    onReady: () => log.info({ directory: name }, "listening for changes"),
  };
  for (let failures = 0; !signal.aborted;) {
    const since = Date.now();
    let wait = await untilOf(watch.backoff, since);
    if (wait > 0) {
      await sleep(Math.min(wait, MOST_RETRY_MS), signal);
      continue;
    }
    wait = RETRY_MS;
    try {
      await work.listen(name, listener, signal);
    } catch (thrown) {
      if (signal.aborted) break;
      const { code, message } = asRollcallError(thrown);
      failures = Date.now() - since > GOOD_MS ? 0 : failures + 1;
      wait = await waitAfter(watch, code, message, failures);
    }
    await sleep(wait, signal);
  }
  await pump.idle();
}

/** How long to wait until the next attempt, by the cause of the end. */
async function waitAfter(
  watch: Watch,
  code: string,
  message: string,
  failures: number,
): Promise<number> {
  const { backoff, log, name } = watch;
  if (code === "run.busy") return patienceOf(watch.begun ?? 0, STANDBY_MS);
  if (code === "ldap.watchUnavailable") {
    log.error({ directory: name, code, cure: cureOf(code) }, message);
    return UNAVAILABLE_MS;
  }
  if (failures === 0) {
    log.info({ directory: name, code }, `listening ended and begins again: ${message}`);
    return BUSY_MS;
  }
  const now = Date.now();
  await backoff.failed(code, now);
  const wait = Math.max(growing(failures), await untilOf(backoff, now));
  const seconds = Math.round(wait / 1000);
  log.warn(
    { directory: name, code, cure: cureOf(code) },
    `not listening, next attempt in ${seconds} s: ${message}`,
  );
  return wait;
}

function growing(failures: number): number {
  return Math.min(RETRY_MS * 2 ** Math.min(failures - 1, 10), MOST_RETRY_MS);
}

async function untilOf(backoff: Backoff, now: number): Promise<number> {
  const until = (await backoff.waiting(now))?.until;
  return until === undefined ? 0 : Date.parse(until) - now;
}

/** Imports once for all changes that came since the last import began; a failed one is repeated. */
class Pump {
  readonly #watch: Watch;
  #pending = false;
  #failures = 0;
  #running: Promise<void> | null = null;

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  wake(): void {
    this.#pending = true;
    this.#running ??= this.#drain().finally(() => (this.#running = null));
  }

  async idle(): Promise<void> {
    await this.#running;
  }

  async #drain(): Promise<void> {
    const { signal } = this.#watch;
    let gather = GATHER_MS;
    while (this.#pending && !signal.aborted) {
      await sleep(gather, signal);
      gather = Math.min(gather * 2, MOST_GATHER_MS);
      this.#pending = false;
      const again = signal.aborted ? null : await this.#import();
      if (again === null) continue;
      this.#pending = true;
      await sleep(again, signal);
    }
  }

  /** After how many milliseconds to try again; null if the import has done its work. */
  async #import(): Promise<number | null> {
    const { work, name, backoff, log, signal } = this.#watch;
    const patience = await untilOf(backoff, Date.now());
    if (patience > 0) return patience;
    try {
      // What is approved must be what was shown, so nothing takes its place unasked.
      if (await work.isHeld(name)) return STANDBY_MS;
      const asked = { type: "incremental", trigger: "watch", dryRun: false } as const;
      const run = await work.import(name, asked, byItself(signal));
      await tellRun(log, backoff, run);
      if (run.status !== "failed") this.#failures = 0;
      return run.status === "failed" ? await this.#later() : null;
    } catch (thrown) {
      const { code, message } = asRollcallError(thrown);
      // The other run may have begun before the change.
      if (code === "run.busy") return BUSY_MS;
      if (!signal.aborted) {
        await backoff.failed(code, Date.now());
        log.error({ directory: name, code }, message);
      }
      return await this.#later();
    }
  }

  async #later(): Promise<number> {
    this.#failures++;
    return Math.max(growing(this.#failures), await untilOf(this.#watch.backoff, Date.now()));
  }
}

/** Logs how an import ended that nobody waits for, and remembers failures. */
export async function tellRun(log: SchedulerLog, backoff: Backoff, run: Run): Promise<void> {
  const { directory, id, status, counts, error, type, way } = run;
  const fields = { directory, run: id, type, way, status, counts };
  if (status === "failed" && error !== null) {
    await backoff.failed(error.code, Date.now());
    log.error({ ...fields, code: error.code }, error.message);
    return;
  }
  // One that waits for a person, or was stopped, need not have reached it to its end.
  if (status === "done") await backoff.succeeded(Date.parse(run.startedAt));
  if (status === "held") log.warn(fields, run.held?.reason ?? "held");
  else log.info(fields, "import ended");
}
