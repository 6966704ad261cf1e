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

export class Backoff {
  #failures = 0;
  #code = "";
  #until = 0;

  /** Until when, and why, the schedule should pause; null if it need not. */
  waiting(now: number): { readonly until: string; readonly code: string } | null {
    return now < this.#until
      ? { until: new Date(this.#until).toISOString(), code: this.#code }
      : null;
  }

  failed(code: string, now: number): void {
    this.#failures = code === this.#code ? this.#failures + 1 : 1;
    this.#code = code;
    const wait = WAITS.get(code);
    if (wait === undefined) return;
    const factor = 2 ** Math.min(this.#failures - 1, 10);
    const length = wait.first === 0 ? (this.#failures - 1) * MINUTE : wait.first * factor;
    this.#until = now + Math.min(length, wait.most);
  }

  succeeded(): void {
    this.#failures = 0;
    this.#code = "";
    this.#until = 0;
  }
}
