/**
 * Puts creations on record before they are sent, many in one statement: it waits until so many are
 * about to be made, or everybody of the page who is not through yet.
 */
import type { Account } from "../../model/account.ts";

const TOGETHER = 100;

interface Waiting {
  readonly account: Account;
  readonly go: () => void;
  readonly fail: (reason: unknown) => void;
}

export class CreationGate {
  readonly #record: (accounts: readonly Account[]) => Promise<void>;
  #open: number;
  #waiting: Waiting[] = [];

  /** @param people of the page */
  constructor(people: number, record: (accounts: readonly Account[]) => Promise<void>) {
    this.#open = people;
    this.#record = record;
  }

  /** Resolves when the creation is on record. */
  async enter(account: Account): Promise<void> {
    await new Promise<void>((go, fail) => {
      this.#waiting.push({ account, go, fail });
      this.#letThrough();
    });
  }

  /** One of the page is through, whatever came of it. */
  leave(): void {
    this.#open--;
    this.#letThrough();
  }

  #letThrough(): void {
    if (this.#waiting.length === 0) return;
    if (this.#waiting.length < Math.min(this.#open, TOGETHER)) return;
    const all = this.#waiting;
    this.#waiting = [];
    void this.#recordAll(all);
  }

  async #recordAll(all: readonly Waiting[]): Promise<void> {
    try {
      await this.#record(all.map(({ account }) => account));
      for (const { go } of all) go();
    } catch (reason) {
      for (const { fail } of all) fail(reason);
    }
  }
}
