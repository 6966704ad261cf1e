/**
 * Counts of everybody. Most are made in no time, and are made whenever somebody asks. Of a million people
 * some take seconds: those are kept, and told again as long as no run has changed anything.
 *
 * A process that lasts tells them also when something changed, with the time at which they were made, and
 * makes them anew meanwhile: nobody waits seconds for a page, and at most a twentieth of the time is spent
 * on counting. A command that ends with its answer counts.
 */
import type { Connection } from "../store/connection.ts";
import {
  clockOf,
  forgetCount,
  keepCount,
  mayHaveChanged,
  readCount,
  type KeptCount,
} from "../store/kept-counts.ts";

/** Whatever is counted in less is not worth keeping. */
const SLOW_MS = 200;
/** How many times the time that counting took, counts rest before they are made anew. */
const REST = 20;

export interface Counted<T> {
  readonly value: T;
  /** When it was counted, if something may have changed since; null: it is as of now. */
  readonly since: Date | null;
}

export class Counts {
  readonly #db: Connection;
  readonly #mayBeOld: boolean;
  readonly #slowMs: number;
  readonly #underway = new Map<string, Promise<unknown>>();

  /** @param mayBeOld whether this process lasts, and may tell what was counted a while ago */
  constructor(db: Connection, mayBeOld: boolean, slowMs = SLOW_MS) {
    this.#db = db;
    this.#mayBeOld = mayBeOld;
    this.#slowMs = slowMs;
  }

  /**
   * @param name of what is counted, with whatever the answer depends on besides the data
   * @param count makes the answer, of what JSON can hold
   * @param exactly whether it must be as of now, also in a process that lasts
   */
  async of<T>(name: string, count: () => Promise<T>, exactly = false): Promise<Counted<T>> {
    const kept = await readCount(this.#db, name);
    if (kept !== null && !(await mayHaveChanged(this.#db, kept)))
      return { value: kept.value as T, since: null };
    if (kept === null || !this.#mayBeOld || exactly)
      return { value: await this.#count(name, count, kept), since: null };
    if (isRested(kept)) this.#count(name, count, kept).catch(() => undefined); // told at the next question
    return { value: kept.value as T, since: kept.countedAt };
  }

  /** Several who ask at once wait for one answer. */
  async #count<T>(name: string, count: () => Promise<T>, before: KeptCount | null): Promise<T> {
    const underway = this.#underway.get(name) as Promise<T> | undefined;
    if (underway !== undefined) return await underway;
    const counting = this.#countAndKeep(name, count, before).finally(() =>
      this.#underway.delete(name),
    );
    this.#underway.set(name, counting);
    return await counting;
  }

  async #countAndKeep<T>(
    name: string,
    count: () => Promise<T>,
    before: KeptCount | null,
  ): Promise<T> {
    const countedAt = await clockOf(this.#db);
    const started = performance.now();
    const value = await count();
    const milliseconds = Math.round(performance.now() - started);
    if (milliseconds >= this.#slowMs)
      await keepCount(this.#db, name, { countedAt, milliseconds, value });
    else if (before !== null) await forgetCount(this.#db, name);
    return value;
  }
}

function isRested({ countedAt, milliseconds }: KeptCount): boolean {
  return Date.now() - countedAt.getTime() > REST * milliseconds;
}

/** The oldest of these times; null: all are as of now. */
export function oldestOf(times: readonly (Date | null)[]): Date | null {
  const old = times.filter((time) => time !== null);
  return old.toSorted((a, b) => a.getTime() - b.getTime())[0] ?? null;
}
