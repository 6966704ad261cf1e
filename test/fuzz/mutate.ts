/** Inputs made from others: pieces cut, doubled, exchanged, bytes changed, words put in. Seeded. */

/** A generator of numbers from 0 to 1 that is the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const LONGEST = 4096;

export function mutate(
  inputs: readonly Buffer[],
  words: readonly string[],
  random: () => number,
): Buffer {
  const below = (n: number): number => Math.floor(random() * n);
  const some = (): Buffer => inputs[below(inputs.length)] ?? Buffer.alloc(0);
  let input = Buffer.from(some());
  for (let steps = 1 + below(6); steps > 0; steps--) {
    const at = below(input.length + 1);
    const to = Math.min(input.length, at + 1 + below(12));
    const [before, piece, behind] = [
      input.subarray(0, at),
      input.subarray(at, to),
      input.subarray(to),
    ];
    const word = Buffer.from(words[below(words.length)] ?? "");
    const kinds: readonly (() => Buffer)[] = [
      () => Buffer.concat([before, word, piece, behind]),
      () => Buffer.concat([before, behind]),
      () => Buffer.concat([before, piece, piece, behind]),
      () => Buffer.concat([before, Buffer.from([below(256)]), piece.subarray(1), behind]),
      () => Buffer.concat([before, some().subarray(below(20), 20 + below(60)), behind]),
      () => Buffer.concat([before, ...Array.from({ length: 2 ** below(8) }, () => word), behind]),
    ];
    input = (kinds[below(kinds.length)] ?? (() => input))() as Buffer<ArrayBuffer>;
  }
  return input.subarray(0, LONGEST);
}
