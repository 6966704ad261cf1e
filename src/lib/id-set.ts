import { randomInt } from "node:crypto";

type Seeds = readonly [number, number];

const SEEDS = 2 ** 32;
/** Slots of an empty set; always a power of two. */
const LEAST = 1024;

/**
 * A set of identifiers in 8 bytes each, for "was this person seen in this read?".
 *
 * Of every identifier only a 64-bit hash is kept, in one open-addressing table, so that a million
 * people need 16 MB and not 100. Two different identifiers may collide (1 in 37 million for a
 * million people). Each set has a seed of its own that nobody can guess, so a collision can neither
 * come back at the next read nor be made.
 */
export class IdSet {
  readonly #seeds: Seeds = [randomInt(SEEDS), randomInt(SEEDS)];
  #slots: Uint32Array;
  #mask: number;
  #size = 0;

  /** @param expected how many identifiers will come; more may */
  constructor(expected = 0) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(LEAST, 2 * expected + 1)));
    this.#slots = new Uint32Array(2 * slots);
    this.#mask = slots - 1;
  }

  /** How many different identifiers were added. */
  get size(): number {
    return this.#size;
  }

  /** Adds an identifier; false if it was already there. @param further what belongs to it */
  add(id: string, further = ""): boolean {
    if (this.#size * 2 > this.#mask) this.#grow();
    const [high, low] = hash64(id, further, this.#seeds);
    return this.#insert(high, low);
  }

  has(id: string, further = ""): boolean {
    const [high, low] = hash64(id, further, this.#seeds);
    const slots = this.#slots;
    for (let at = low & this.#mask; ; at = (at + 1) & this.#mask) {
      const slotHigh = slots[2 * at];
      const slotLow = slots[2 * at + 1];
      if (slotHigh === 0 && slotLow === 0) return false;
      if (slotHigh === high && slotLow === low) return true;
    }
  }

  #insert(high: number, low: number): boolean {
    const slots = this.#slots;
    for (let at = low & this.#mask; ; at = (at + 1) & this.#mask) {
      const slotHigh = slots[2 * at];
      const slotLow = slots[2 * at + 1];
      if (slotHigh === high && slotLow === low) return false;
      if (slotHigh === 0 && slotLow === 0) {
        slots[2 * at] = high;
        slots[2 * at + 1] = low;
        this.#size++;
        return true;
      }
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#mask = this.#mask * 2 + 1;
    this.#slots = new Uint32Array(2 * (this.#mask + 1));
    this.#size = 0;
    for (let at = 0; at < old.length; at += 2) {
      const high = old[at] ?? 0;
      const low = old[at + 1] ?? 0;
      if (high !== 0 || low !== 0) this.#insert(high, low);
    }
  }
}

/** No unit of a text is as large. */
const BETWEEN = 0x10000;

/** Two multiplicative lanes over the UTF-16 units; never (0, 0), which marks an empty slot. */
function hash64(text: string, further: string, seeds: Seeds): [number, number] {
  let high = 0xdeadbeef ^ seeds[0];
  let low = 0x41c6ce57 ^ seeds[1];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  // Put together they would have to be copied, for each person of a directory.
  if (further !== "") {
    high = Math.imul(high ^ BETWEEN, 2654435761);
    low = Math.imul(low ^ BETWEEN, 1597334677);
    for (let i = 0; i < further.length; i++) {
      const unit = further.charCodeAt(i);
      high = Math.imul(high ^ unit, 2654435761);
      low = Math.imul(low ^ unit, 1597334677);
    }
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  high >>>= 0;
  low >>>= 0;
  return high === 0 && low === 0 ? [0, 1] : [high, low];
}
