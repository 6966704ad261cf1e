/** A question that costs others something: asked once at a time, and its answer kept for a while. */
export class OneAtATime<T> {
  readonly #question: () => Promise<T>;
  #answer: Promise<T> | null = null;
  /** Until when the answer is kept; it is not there yet before. */
  #keptUntil = Number.POSITIVE_INFINITY;

  constructor(question: () => Promise<T>) {
    this.#question = question;
  }

  async ask(): Promise<T> {
    if (this.#answer === null || Date.now() > this.#keptUntil) {
      this.#keptUntil = Number.POSITIVE_INFINITY;
      this.#answer = this.#question();
      this.#answer.then(
        () => (this.#keptUntil = Date.now() + KEPT_MS),
        // What failed is asked again.
        () => (this.#answer = null),
      );
    }
    return await this.#answer;
  }
}

const KEPT_MS = 60_000;
