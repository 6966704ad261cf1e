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
  save: () => Promise.reject(new Error("nowhere")),
  clear: () => Promise.resolve(),
};

/** No pause is longer; one that says so was written by a clock that went wrong. */
const LONGEST = 24 * HOUR;
const NONE: Pause = { failures: 0, code: "", until: 0 };

/**
 * The patience with one directory. What this process knows counts also where the memory cannot be
 * reached: a password must not be tried again because the database was away.
 */
export class Backoff {
  readonly #memory: PauseMemory;
  #pause: Pause = NONE;
  /** Whether the memory has it, so that it is over where the memory has it no more. */
  #isKept = false;
  #failedAt = 0;

  constructor(memory: PauseMemory = NOWHERE) {
    this.#memory = memory;
  }

  /** Until when, and why, the schedule should pause; null if it need not. */
  async waiting(now: number): Promise<{ readonly until: string; readonly code: string } | null> {
    await this.#recall();
    const { code } = this.#pause;
    const until = Math.min(this.#pause.until, now + LONGEST);
    return now < until ? { until: new Date(until).toISOString(), code } : null;
  }

  async #recall(): Promise<void> {
    let kept: Pause | null;
    try {
      kept = await this.#memory.load();
    } catch {
      return;
    }
    if (kept === null && this.#isKept) {
      // Somebody reached it: another replica, or a person.
      this.#pause = NONE;
      this.#isKept = false;
    } else if (kept !== null && kept.until > this.#pause.until) {
      this.#pause = kept;
      this.#isKept = true;
    }
  }

  async failed(code: string, now: number): Promise<void> {
    this.#failedAt = now;
    const before = this.#pause;
    const failures = code === before.code ? before.failures + 1 : 1;
    const wait = WAITS.get(code);
    if (wait === undefined) {
      if (before.until <= now) this.#pause = { failures, code, until: 0 };
      return;
    }
    const factor = 2 ** Math.min(failures - 1, 10);
    const length = wait.first === 0 ? (failures - 1) * MINUTE : wait.first * factor;
    const until = now + Math.min(length, wait.most);
    // What ends meanwhile in another way makes no pause shorter.
    if (before.until > until) return;
    this.#pause = { failures, code, until };
    await this.#memory.save(this.#pause).then(
      () => (this.#isKept = true),
      () => (this.#isKept = false),
    );
  }

  /** @param begun when what succeeded began; what failed later counts on. Milliseconds since 1970 */
  async succeeded(begun: number): Promise<void> {
    const wasPaused = this.#pause !== NONE;
    if (this.#failedAt <= begun) {
      this.#pause = NONE;
      this.#isKept = false;
    }
    if (wasPaused) await this.#memory.clear(new Date(begun)).catch(() => undefined);
  }
}
