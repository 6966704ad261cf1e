import { setImmediate } from "node:timers/promises";

/** So long nobody else has a turn. */
const LONGEST_MS = 20;

/** Work that takes long without ever waiting: it lets others have a turn, and ends when nobody wants it. */
export class Breath {
  readonly #signal: AbortSignal | null;
  #since = performance.now();

  /** @param signal ends the work; null: nothing does */
  constructor(signal: AbortSignal | null) {
    this.#signal = signal;
  }

  /** Whether others have waited long enough; asked between two steps. */
  get isDue(): boolean {
    return performance.now() - this.#since >= LONGEST_MS;
  }

  /** Lets others have their turn. @throws what the signal was aborted with */
  async take(): Promise<void> {
    await setImmediate();
    this.#signal?.throwIfAborted();
    this.#since = performance.now();
  }
}

/** What `change` makes of each, in order. */
export async function mapBreathing<T, R>(
  items: readonly T[],
  breath: Breath,
  change: (item: T, at: number) => R,
): Promise<R[]> {
  const changed: R[] = [];
  for (const [at, item] of items.entries()) {
    if (breath.isDue) await breath.take();
    changed.push(change(item, at));
  }
  return changed;
}
