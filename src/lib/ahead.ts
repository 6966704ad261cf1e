/**
 * Runs an async sequence up to `depth` items ahead of its consumer, so that reading and working
 * overlap. Bounded: the source is not asked for more than `depth` items that nobody has taken yet.
 */
export async function* ahead<T>(source: AsyncIterable<T>, depth: number): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  const pending: Promise<IteratorResult<T>>[] = [];
  const ask = (): void => {
    const next = iterator.next();
    next.catch(() => undefined); // reported when it is its turn, not as an unhandled rejection
    pending.push(next);
  };
  try {
    for (let i = 0; i < depth; i++) ask();
    for (;;) {
      const next = pending.shift();
      if (next === undefined) return;
      const item = await next;
      if (item.done === true) return;
      ask();
      yield item.value;
    }
  } finally {
    await iterator.return?.();
  }
}
