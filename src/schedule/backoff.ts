import type { Pause, PauseMemory } from "../model/pause.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/**
 * How long a directory's schedule is left alone after a failure, by its cause. A refused password
 * waits long and longer, because every attempt counts towards the account's lockout. A server that
 * is away or busy is tried at the next tick, then at growing distances.
 */
const WAITS: ReadonlyMap<string, { readonly first: number; readonly most: number }> = new Map([
  ["ldap.credentials", { first: HOUR, most: 24 * HOUR }],
  ["ldap.accountUnusable", { first: HOUR, most: 24 * HOUR }],
  ["ldap.emptyPassword", { first: HOUR, most: HOUR }],
  ["ldap.busy", { first: MINUTE, most: 15 * MINUTE }],
  ["ldap.unreachable", { first: 0, most: 5 * MINUTE }],
  ["ldap.timeout", { first: MINUTE, most: 15 * MINUTE }],
]);

/** What is remembered here alone. */
const NOWHERE: PauseMemory = {
  load: () => Promise.resolve(null),
  save: () => Promise.resolve(),
};

/**
 * The patience with one directory. What this process knows counts also where the memory cannot be
 * reached: a password must not be tried again because the database was away.
 */
export class Backoff {
  readonly #memory: PauseMemory;
  #pause: Pause = NONE;

  constructor(memory: PauseMemory = NOWHERE) {
    this.#memory = memory;
  }

  /** Until when, and why, the schedule should pause; null if it need not. */
  async waiting(now: number): Promise<{ readonly until: string; readonly code: string } | null> {
    const kept = await this.#memory.load().catch(() => null);
    if (kept !== null && kept.until > this.#pause.until) this.#pause = kept;
    const { until, code } = this.#pause;
    return now < until ? { until: new Date(until).toISOString(), code } : null;
  }

  async failed(code: string, now: number): Promise<void> {
    const failures = code === this.#pause.code ? this.#pause.failures + 1 : 1;
    const wait = WAITS.get(code);
    if (wait === undefined) {
      this.#pause = { ...this.#pause, failures, code };
      return;
    }
    const factor = 2 ** Math.min(failures - 1, 10);
    const length = wait.first === 0 ? (failures - 1) * MINUTE : wait.first * factor;
    this.#pause = { failures, code, until: now + Math.min(length, wait.most) };
    await this.#memory.save(this.#pause).catch(() => undefined);
  }

  async succeeded(): Promise<void> {
    const wasPaused = this.#pause !== NONE;
    this.#pause = NONE;
    if (wasPaused) await this.#memory.save(null).catch(() => undefined);
  }
}

const NONE: Pause = { failures: 0, code: "", until: 0 };
