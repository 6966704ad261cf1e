/**
 * Counts of everybody. Most are made in no time, and are made whenever somebody asks. Of a million people
 * some take seconds: those are kept, and told again as long as nothing that is counted has changed.
 *
 * A process that lasts tells them also when something changed, with the time at which they were made, and
 * makes them anew meanwhile, one behind the other: nobody waits seconds for a page, and at most a twentieth
 * of the time is spent on counting. A command that ends with its answer counts.
 */
import { createHash } from "node:crypto";
import type { Connection } from "../store/connection.ts";
import {
  forgetCount,
  hasChanged,
  keepCount,
  readCount,
  sightOf,
  type Sight,
} from "../store/kept-counts.ts";

/** Whatever is counted in less is not worth keeping. */
const SLOW_MS = 50;
/** How many times the time that a count took, counting rests behind it. */
const REST = 20;
/** A longer name cannot be a key. */
const LONGEST_NAME = 200;

export interface Counted<T> {
  readonly value: T;
  /** When it was counted, if something changed since; null: it is as of now. */
  readonly since: Date | null;
}

/** A question that is answered by counting. */
export interface Counting {
  /**
   * @param name of what is counted, with whatever the answer depends on besides the data
   * @param count makes the answer, of what JSON can hold
   * @param exactly whether it must be as of now, also in a process that lasts
   */
  of<T>(name: string, count: () => Promise<T>, exactly?: boolean): Promise<Counted<T>>;
}

interface Underway {
  readonly sight: Promise<Sight | null>;
  readonly value: Promise<unknown>;
}

export class Counts implements Counting {
  readonly #db: Connection;
  readonly #mayBeOld: boolean;
  readonly #slowMs: number;
  readonly #underway = new Map<string, Underway>();
  /** What is to be counted anew, by name, in order. */
  readonly #queue = new Map<string, () => Promise<unknown>>();
  #isWorking = false;

  /** @param mayBeOld whether this process lasts, and may tell what was counted a while ago */
  constructor(db: Connection, mayBeOld: boolean, slowMs = SLOW_MS) {
    this.#db = db;
    this.#mayBeOld = mayBeOld;
    this.#slowMs = slowMs;
  }

  async of<T>(name: string, count: () => Promise<T>, exactly = false): Promise<Counted<T>> {
    const key = keyOf(name);
    const kept = await readCount(this.#db, key);
    if (kept !== null && !(await this.#isOld(kept))) return { value: kept.value as T, since: null };
    if (kept === null || !this.#mayBeOld || exactly)
      return { value: await this.#countOnce(key, count, kept !== null), since: null };
    this.#countLater(key, async () => {
      // Whoever asked while another count of it ended has seen the one before.
      const now = await readCount(this.#db, key);
      if (now === null || (await this.#isOld(now))) await this.#countOnce(key, count, true);
    });
    return { value: kept.value as T, since: kept.countedAt };
  }

  /** Whether something may have changed since. What cannot be told counts as changed. */
  async #isOld(sight: Sight | null): Promise<boolean> {
    return sight === null || (await hasChanged(this.#db, sight).catch(() => true));
  }

  /** Several who ask at once wait for one answer, unless something changed since it was begun. */
  async #countOnce<T>(key: string, count: () => Promise<T>, isKept: boolean): Promise<T> {
    // Whoever began one while this one looked has the newer one.
    for (let before = this.#underway.get(key); before !== undefined;) {
      if (!(await this.#isOld(await before.sight))) return (await before.value) as T;
      const now = this.#underway.get(key);
      if (now === before) break;
      before = now;
    }
    // A database that does not say what it sees keeps nothing, and answers all the same.
    const sight = sightOf(this.#db).catch(() => null);
    const value = this.#countAndKeep(key, count, sight, isKept);
    const underway = { sight, value };
    this.#underway.set(key, underway);
    try {
      return await value;
    } finally {
      if (this.#underway.get(key) === underway) this.#underway.delete(key);
    }
  }

  async #countAndKeep<T>(
    key: string,
    count: () => Promise<T>,
    sight: Promise<Sight | null>,
    isKept: boolean,
  ): Promise<T> {
    const seen = await sight;
    const started = performance.now();
    const value = await count();
    const milliseconds = Math.round(performance.now() - started);
    const isSlow = milliseconds >= this.#slowMs;
    // Whoever asks has the answer, whether it can be kept or not.
    if (isSlow && seen !== null)
      await keepCount(this.#db, key, { ...seen, milliseconds, value }).catch(() => undefined);
    else if (isKept) await forgetCount(this.#db, key).catch(() => undefined);
    return value;
  }

  #countLater(key: string, count: () => Promise<unknown>): void {
    if (!this.#queue.has(key)) this.#queue.set(key, count);
    if (!this.#isWorking) void this.#work();
  }

  /** One behind the other: imports and people need the database's connections, too. */
  async #work(): Promise<void> {
    this.#isWorking = true;
    for (const [key, count] of this.#queue) {
      const started = performance.now();
      // What failed stays as it was told, with its time; the next question asks for it again.
      await count().catch(() => undefined);
      this.#queue.delete(key);
      await rest(REST * (performance.now() - started));
    }
    this.#isWorking = false;
  }
}

/** Does not keep a process alive that has nothing else to do. */
async function rest(milliseconds: number): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, milliseconds).unref());
}

function keyOf(name: string): string {
  if (name.length <= LONGEST_NAME) return name;
  return `${name.slice(0, LONGEST_NAME)} ${createHash("sha256").update(name).digest("hex")}`;
}

/** The oldest of these times; null: all are as of now. */
export function oldestOf(times: readonly (Date | null)[]): Date | null {
  const old = times.filter((time) => time !== null);
  return old.toSorted((a, b) => a.getTime() - b.getTime())[0] ?? null;
}
