/** Lets so many through at once; others wait, until the line is too long. */
export class Turnstile {
  readonly #most: number;
  readonly #line: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  /** @param most at once @param line how many may wait */
  constructor(most: number, line: number) {
    this.#most = most;
    this.#line = line;
  }

  /** @returns null if too many wait already */
  async pass<T>(work: () => Promise<T>): Promise<{ readonly result: T } | null> {
    if (this.#inside >= this.#most) {
      if (this.#waiting.length >= this.#line) return null;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#inside++;
    try {
      return { result: await work() };
    } finally {
      this.#inside--;
      this.#waiting.shift()?.();
    }
  }
}
