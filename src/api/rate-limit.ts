/** How many requests are left to somebody. */
export interface Allowance {
  readonly granted: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Milliseconds since 1970. */
  readonly resetAt: number;
}

interface Window {
  readonly resetAt: number;
  taken: number;
}

/** Whoever is not counted any more is forgotten when so many are known. */
const MOST_KNOWN = 10_000;

/** Counts in windows of fixed length, of one process: what is refused costs nothing else. */
export class RateLimit {
  readonly #limit: number;
  readonly #length: number;
  readonly #windows = new Map<string, Window>();

  /** @param length of a window, in milliseconds */
  constructor(limit: number, length: number) {
    this.#limit = limit;
    this.#length = length;
  }

  /** @param now milliseconds since 1970 */
  take(who: string, now: number): Allowance {
    const window = this.#windowOf(who, now);
    window.taken++;
    return {
      granted: window.taken <= this.#limit,
      limit: this.#limit,
      remaining: Math.max(0, this.#limit - window.taken),
      resetAt: window.resetAt,
    };
  }

  #windowOf(who: string, now: number): Window {
    const known = this.#windows.get(who);
    if (known !== undefined && known.resetAt > now) return known;
    if (this.#windows.size >= MOST_KNOWN) {
      for (const [name, { resetAt }] of this.#windows)
        if (resetAt <= now) this.#windows.delete(name);
      // All of them are counted at this moment: then the oldest has to go.
      const [oldest] = this.#windows.keys();
      if (this.#windows.size >= MOST_KNOWN && oldest !== undefined) this.#windows.delete(oldest);
    }
    const window = { resetAt: now + this.#length, taken: 0 };
    this.#windows.delete(who);
    this.#windows.set(who, window);
    return window;
  }
}
