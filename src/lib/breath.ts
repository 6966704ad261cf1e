import { setImmediate } from "node:timers/promises";

/** So long nobody else has a turn. */
const LONGEST_MS = 20;

/** Work that takes long without ever waiting: it lets others have a turn, and ends when nobody wants it. */
export class Breath {
  readonly #signal: AbortSignal;
  #since = performance.now();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Between two steps. @throws what the signal was aborted with */
  async take(): Promise<void> {
    if (performance.now() - this.#since < LONGEST_MS) return;
    await setImmediate();
    this.#signal.throwIfAborted();
    this.#since = performance.now();
  }
}
