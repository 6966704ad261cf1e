import type { SchedulerLog } from "./schedule/log.ts";
import type { Service } from "./service.ts";

interface Preparing {
  readonly log: SchedulerLog;
  readonly signal: AbortSignal;
}

/**
 * Makes the indexes of searches beside everything else, for one configuration after the other; until
 * it is done, searches walk through everybody.
 */
export class SearchPreparation {
  readonly #opening: Preparing;
  #next: Service | null = null;
  #isBusy = false;
  /** What the configurations so far wanted. */
  #former: readonly string[] = [];

  constructor(opening: Preparing) {
    this.#opening = opening;
  }

  /** The newest configuration is the one that counts. */
  begin(service: Service): void {
    this.#next = service;
    if (!this.#isBusy) void this.#work();
  }

  async #work(): Promise<void> {
    const { log, signal } = this.#opening;
    this.#isBusy = true;
    while (this.#next !== null && !signal.aborted) {
      const { users, settings } = this.#next;
      this.#next = null;
      const waiting = (): void =>
        log.info({}, "the indexes of searches wait for another process; it is tried again");
      await users.prepareSearch(this.#former, { signal, waiting }).catch((error: unknown) => {
        if (!signal.aborted) log.warn({ error: String(error) }, "searches have no indexes yet");
      });
      this.#former = [...new Set([...this.#former, ...(settings.http?.searchIndexes ?? [])])];
    }
    this.#isBusy = false;
  }
}
