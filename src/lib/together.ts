/**
 * Asks for what several want in one question: while one is on its way, those who come meanwhile
 * gather, and the next question is theirs all together. Nobody waits for others to come.
 */
export class Together<K, V> {
  readonly #ask: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>;
  #waiting: Waiting<K, V>[] = [];
  #isAsking = false;

  /** @param ask answers for all keys; a key that it leaves out has nothing */
  constructor(ask: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>) {
    this.#ask = ask;
  }

  /** @returns null: there is nothing for this key. @throws whatever the question throws, to all who wait for it */
  async of(key: K): Promise<V | null> {
    return await new Promise<V | null>((answer, fail) => {
      this.#waiting.push({ key, answer, fail });
      if (!this.#isAsking) void this.#askAll();
    });
  }

  async #askAll(): Promise<void> {
    this.#isAsking = true;
    while (this.#waiting.length > 0) {
      const all = this.#waiting;
      this.#waiting = [];
      try {
        const found = await this.#ask([...new Set(all.map(({ key }) => key))]);
        for (const { key, answer } of all) answer(found.get(key) ?? null);
      } catch (reason) {
        for (const { fail } of all) fail(reason);
      }
    }
    this.#isAsking = false;
  }
}

interface Waiting<K, V> {
  readonly key: K;
  readonly answer: (value: V | null) => void;
  readonly fail: (reason: unknown) => void;
}
