/** A question that costs others something: asked once at a time, and its answer kept for a while. */
export class OneAtATime<T> {
  readonly #question: () => Promise<T>;
  #asked: { readonly at: number; readonly answer: Promise<T> } | null = null;

  constructor(question: () => Promise<T>) {
    this.#question = question;
  }

  async ask(): Promise<T> {
    if (this.#asked === null || Date.now() > this.#asked.at + KEPT_MS) {
      const answer = this.#question();
      const asked = { at: Date.now(), answer };
      this.#asked = asked;
      // What failed is asked again.
      answer.catch(() => {
        if (this.#asked === asked) this.#asked = null;
      });
    }
    return await this.#asked.answer;
  }
}

const KEPT_MS = 60_000;
