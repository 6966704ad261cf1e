/**
 * Listening to directories with `watch: true`, between the times of their schedules. Whatever
 * arrives starts an incremental import; what arrives while one is running starts one more. A
 * connection that ends is made again, with patience by cause; the schedule is the safety net.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { asRollcallError } from "../model/errors.ts";
import { SYSTEM_ACTOR } from "../model/event.ts";
import type { Run } from "../model/run.ts";
import type { Engine } from "../runs/context.ts";
import { importDirectory } from "../runs/import.ts";
import { listenTo } from "../runs/watch.ts";
import type { Backoff } from "./backoff.ts";
import type { SchedulerLog } from "./scheduler.ts";

/** Changes of a moment become one import. */
const GATHER_MS = 50;
const BUSY_MS = 1000;
const RETRY_MS = 5000;
/** Another process listens; this one takes over when that one ends. */
const STANDBY_MS = 15_000;
/** A connection that lived this long was a good one. */
const GOOD_MS = 60_000;

export interface Watch {
  readonly engine: Engine;
  readonly name: string;
  readonly backoff: Backoff;
  readonly log: SchedulerLog;
  readonly signal: AbortSignal;
}

/** Listens until the signal aborts, or the directory turns out not to offer it. */
export async function watchDirectory(watch: Watch): Promise<void> {
  const { engine, name, log, signal } = watch;
  const pump = new Pump(watch);
  log.info({ directory: name }, "listening for changes");
  while (!signal.aborted) {
    const since = Date.now();
    let wait = RETRY_MS;
    try {
      await listenTo(engine, name, () => pump.wake(), signal);
    } catch (thrown) {
      if (signal.aborted) break;
      const { code, message } = asRollcallError(thrown);
      if (code === "ldap.watchUnavailable") {
        log.error({ directory: name, code }, message);
        break;
      }
      wait = code === "run.busy" ? STANDBY_MS : waitAfter(watch, code, message, since);
    }
    await sleep(wait, undefined, { signal }).catch(() => undefined);
  }
  await pump.idle();
}

function waitAfter(watch: Watch, code: string, message: string, since: number): number {
  const { backoff, log, name } = watch;
  const now = Date.now();
  if (now - since > GOOD_MS) {
    log.info({ directory: name, code }, `listening ended and begins again: ${message}`);
    return BUSY_MS;
  }
  backoff.failed(code, now);
  const until = backoff.waiting(now)?.until;
  const wait = Math.max(RETRY_MS, until === undefined ? 0 : Date.parse(until) - now);
  const seconds = Math.round(wait / 1000);
  log.warn({ directory: name, code }, `not listening, next attempt in ${seconds} s: ${message}`);
  return wait;
}

/** Imports once for all changes that came since the last import began. */
class Pump {
  readonly #watch: Watch;
  #pending = false;
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
    while (this.#pending && !signal.aborted) {
      await sleep(GATHER_MS);
      this.#pending = false;
      if (await this.#import()) continue;
      this.#pending = true;
      await sleep(BUSY_MS);
    }
  }

  /** False if the directory is in use by another run, which may have begun before the change. */
  async #import(): Promise<boolean> {
    const { engine, name, backoff, log, signal } = this.#watch;
    if (backoff.waiting(Date.now()) !== null) return true;
    try {
      const run = await importDirectory(engine, name, {
        type: "incremental",
        trigger: "watch",
        actor: SYSTEM_ACTOR,
        dryRun: false,
        signal,
        progress: () => undefined,
      });
      tellRun(log, backoff, run);
    } catch (thrown) {
      const { code, message } = asRollcallError(thrown);
      if (code === "run.busy") return false;
      log.error({ directory: name, code }, message);
    }
    return true;
  }
}

/** Logs how an import ended that nobody waits for, and remembers failures. */
export function tellRun(log: SchedulerLog, backoff: Backoff, run: Run): void {
  const { directory, id, status, counts, error, type, way } = run;
  const fields = { directory, run: id, type, way, status, counts };
  if (status === "failed" && error !== null) {
    backoff.failed(error.code, Date.now());
    log.error({ ...fields, code: error.code }, error.message);
    return;
  }
  backoff.succeeded();
  if (status === "held") log.warn(fields, run.held?.reason ?? "held");
  else log.info(fields, "import ended");
}
