/** People per cause, with examples; the most frequent first. */
export type Counted<T> = Readonly<
  Record<string, { readonly people: number; readonly examples: readonly T[] }>
>;

const EXAMPLES = 3;

export class Tally<T> {
  readonly #entries = new Map<string, { people: number; examples: T[] }>();

  add(key: string, example: T): void {
    const entry = this.#entries.get(key) ?? { people: 0, examples: [] };
    entry.people++;
    if (entry.examples.length < EXAMPLES) entry.examples.push(example);
    this.#entries.set(key, entry);
  }

  result(): Counted<T> {
    return Object.fromEntries([...this.#entries].sort(([, a], [, b]) => b.people - a.people));
  }
}
