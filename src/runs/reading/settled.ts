/**
 * Who needs no look, because the entry is known as it is. Of a whole directory that is held in memory, in
 * 16 to 32 bytes a person: asking the database for each batch would take most of the time of a read that
 * finds nothing new. It is what stood there when the read began; what others did to a person meanwhile, the
 * next import sees.
 *
 * It is loaded while the first people are read already. Until all of it is there, the database is asked.
 */
import { IdSet } from "../../lib/id-set.ts";
import type { RawEntry } from "../../model/entry.ts";
import { eachSettledEntry } from "../../store/app-users.ts";
import type { ReadingContext } from "../record/context.ts";

type Identified = Pick<RawEntry, "id" | "hash">;

export class SettledEntries implements AsyncDisposable {
  readonly #keys: IdSet;
  readonly #loading: Promise<void>;
  readonly #stopping = new AbortController();
  #isWhole = false;

  /** @param expected how many people the directory has */
  constructor({ engine, directory, run, signal }: ReadingContext, expected: number) {
    this.#keys = new IdSet(expected);
    const wanted = { directory: directory.name, fingerprint: run.fingerprint };
    const note = (id: string, hash: string): unknown => this.#keys.add(hash, id);
    const until = AbortSignal.any([this.#stopping.signal, signal]);
    this.#loading = (async () => {
      this.#isWhole = await eachSettledEntry(engine.store.db, wanted, note, until);
    })();
    // Where it fails, the database is asked all the way; whoever waits for it, and whoever asks, is told.
    this.#loading.catch(() => undefined);
  }

  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Until it is whole. */
  async loaded(): Promise<void> {
    await this.#loading;
  }

  /** Whether the entry is known as it is. @throws Error before it is whole */
  has(entry: Identified): boolean {
    if (!this.#isWhole) throw new Error("who is settled is not known yet");
    return this.#keys.has(entry.hash, entry.id ?? "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#loading.catch(() => undefined);
  }
}
