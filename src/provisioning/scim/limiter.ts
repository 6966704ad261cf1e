/**
 * How fast an app is asked: so many requests at once, so many a second, and not at all while it
 * asks for patience. Refusals halve what goes at once, successes slowly raise it again.
 */
import { sleep } from "../../lib/sleep.ts";

export interface LimiterSettings {
  readonly atOnce: number;
  readonly perSecond: number | null;
}

const SUCCESSES_TO_RISE = 20;

export class Limiter {
  readonly #most: number;
  readonly #perSecond: number | null;
  #atOnce: number;
  #running = 0;
  #successes = 0;
  #nextAt = 0;
  #pausedUntil = 0;
  #stopped: Error | null = null;
  readonly #wake = new AbortController();
  readonly #waiting: (() => void)[] = [];

  constructor({ atOnce, perSecond }: LimiterSettings) {
    this.#most = atOnce;
    this.#atOnce = atOnce;
    this.#perSecond = perSecond;
  }

  /** Until when the app is left alone; milliseconds since 1970. */
  get pausedUntil(): number {
    return this.#pausedUntil;
  }

  pause(milliseconds: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, Date.now() + milliseconds);
  }

  /** Lets nothing through any more: whatever waits fails with this, too. */
  stop(reason: Error): void {
    this.#stopped ??= reason;
    this.#wake.abort();
  }

  /** The app is at its limit. */
  slow(): void {
    this.#atOnce = Math.max(1, Math.floor(this.#atOnce / 2));
    this.#successes = 0;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      await this.#inTime();
      if (this.#stopped !== null) throw this.#stopped;
      const result = await work();
      if (++this.#successes >= SUCCESSES_TO_RISE && this.#atOnce < this.#most) {
        this.#atOnce++;
        this.#successes = 0;
      }
      return result;
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  async #enter(): Promise<void> {
    while (this.#running >= this.#atOnce)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
  }

  async #inTime(): Promise<void> {
    while (this.#stopped === null) {
      const now = Date.now();
      const at = Math.max(this.#pausedUntil, this.#nextAt);
      if (at <= now) break;
      await sleep(at - now, this.#wake.signal);
    }
    if (this.#perSecond !== null)
      this.#nextAt = Math.max(this.#nextAt, Date.now()) + 1000 / this.#perSecond;
  }
}
