/**
 * Maps an async sequence, in order, with up to `depth` items being worked on at once, so that
 * reading, asking and deciding overlap. Bounded: the source is asked for no more than that.
 */
export async function* mapAhead<T, U>(
  source: AsyncIterable<T>,
  depth: number,
  work: (item: T) => Promise<U>,
): AsyncGenerator<U> {
  const iterator = source[Symbol.asyncIterator]();
  const pending: Promise<{ readonly value: U } | null>[] = [];
  const start = (): void => {
    const next = iterator.next().then(async (item) => {
      return item.done === true ? null : { value: await work(item.value) };
    });
    next.catch(() => undefined); // reported when it is its turn, not as an unhandled rejection
    pending.push(next);
  };
  try {
    for (let i = 0; i < depth; i++) start();
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      const item = await next;
      if (item === null) return;
      start();
      yield item.value;
    }
  } finally {
    await iterator.return?.();
    await Promise.allSettled(pending);
  }
}
