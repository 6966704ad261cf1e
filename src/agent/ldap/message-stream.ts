import { BerError, elementSize, TAG } from "./ber.ts";

/**
 * Cuts whole LDAP messages out of a stream of bytes. A message that lies in one chunk is handed
 * on where it lies; one that spans chunks is put together once, in a buffer of its size.
 */
export class MessageStream {
  /** Larger messages are refused before any of their bytes are kept. */
  limit = 0;
  readonly #onMessage: (bytes: Buffer, start: number, end: number) => void;
  /** The beginning of a message that is not complete. */
  #rest: Buffer | null = null;
  /** How much of `#rest` is filled; -1 if it is less than a header and its size is unknown. */
  #filled = -1;

  constructor(onMessage: (bytes: Buffer, start: number, end: number) => void) {
    this.#onMessage = onMessage;
  }

  /** Whether no message has begun and not ended. */
  get isEmpty(): boolean {
    return this.#rest === null;
  }

  /** @throws BerError for a length that is indefinite or too large, and what the receiver throws */
  push(chunk: Buffer): void {
    const bytes = this.#rest === null ? chunk : this.#join(this.#rest, chunk);
    if (bytes === null) return;
    let at = 0;
    while (at < bytes.length) {
      // Every LDAP message is a sequence; something else would be waited for in vain.
      if (bytes[at] !== TAG.sequence) throw new BerError("what came is no LDAP message");
      const size = elementSize(bytes, at);
      if (size > this.limit) throw new BerError(`a message has ${size} bytes`);
      if (size === 0 || at + size > bytes.length) {
        this.#keep(bytes, at, size);
        return;
      }
      this.#onMessage(bytes, at, at + size);
      at += size;
    }
  }

  #keep(bytes: Buffer, at: number, size: number): void {
    if (size === 0) {
      this.#rest = Buffer.from(bytes.subarray(at));
      this.#filled = -1;
      return;
    }
    this.#rest = Buffer.allocUnsafe(size);
    this.#filled = bytes.copy(this.#rest, 0, at);
  }

  /** What follows the unfinished message; null if it still is not complete. */
  #join(rest: Buffer, chunk: Buffer): Buffer | null {
    if (this.#filled < 0) {
      this.#rest = null;
      return Buffer.concat([rest, chunk]);
    }
    const copied = chunk.copy(rest, this.#filled);
    this.#filled += copied;
    if (this.#filled < rest.length) return null;
    this.#rest = null;
    this.#onMessage(rest, 0, rest.length);
    return chunk.subarray(copied);
  }
}
