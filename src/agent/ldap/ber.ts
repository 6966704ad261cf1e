/**
 * The part of BER that LDAP uses (X.690; RFC 4511 section 5.1): definite lengths, one-byte tags,
 * primitive strings. Reading never goes beyond the given end and never trusts a length.
 */

/** The bytes are not valid BER, or not what the protocol allows at this place. */
export class BerError extends Error {}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  octetString: 0x04,
  enumerated: 0x0a,
  sequence: 0x30,
  set: 0x31,
} as const;

/** A type-length-value with the given contents. */
export function tlv(tag: number, ...contents: readonly Buffer[]): Buffer {
  const length = contents.reduce((sum, content) => sum + content.length, 0);
  return Buffer.concat([Buffer.from([tag]), lengthBytes(length), ...contents]);
}

export function octetString(value: string | Buffer, tag: number = TAG.octetString): Buffer {
  return tlv(tag, typeof value === "string" ? Buffer.from(value, "utf8") : value);
}

export function integer(value: number, tag: number = TAG.integer): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.unshift(rest & 0xff);
    rest >>>= 8;
  } while (rest > 0);
  if ((bytes[0] ?? 0) > 0x7f) bytes.unshift(0);
  return tlv(tag, Buffer.from(bytes));
}

export function boolean(value: boolean, tag: number = TAG.boolean): Buffer {
  return tlv(tag, Buffer.from([value ? 0xff : 0]));
}

function lengthBytes(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

/**
 * The whole size of the element that begins at `at`, header included; 0 if the header has not
 * arrived completely.
 * @throws BerError for an indefinite or oversized length
 */
export function elementSize(bytes: Buffer, at: number): number {
  if (at + 2 > bytes.length) return 0;
  const first = bytes[at + 1] ?? 0;
  if (first < 0x80) return 2 + first;
  const count = first & 0x7f;
  if (count === 0 || count > 4) throw new BerError("a length is indefinite or too long");
  if (at + 2 + count > bytes.length) return 0;
  let length = 0;
  for (let i = 0; i < count; i++) length = length * 256 + (bytes[at + 2 + i] ?? 0);
  return 2 + count + length;
}

/** A cursor over BER elements inside a buffer. */
export class BerCursor {
  readonly bytes: Buffer;
  /** Where the next element begins. */
  at: number;
  readonly end: number;
  /** Of the element entered last. */
  contentStart = 0;
  contentEnd = 0;

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  /** The tag of the next element; -1 at the end. */
  peek(): number {
    return this.at < this.end ? (this.bytes[this.at] ?? -1) : -1;
  }

  /** Steps over the next element, which must have this tag, and notes where its content lies. */
  take(tag: number): void {
    const bytes = this.bytes;
    const start = this.at;
    if (start + 2 > this.end || bytes[start] !== tag) {
      throw new BerError(`expected tag 0x${tag.toString(16)}, found ${this.#found()}`);
    }
    const first = bytes[start + 1] ?? 0;
    const header = first < 0x80 ? 2 : 2 + (first & 0x7f);
    const size = first < 0x80 ? 2 + first : elementSize(bytes, start);
    if (size === 0 || start + size > this.end) throw new BerError("an element is cut off");
    this.contentStart = start + header;
    this.contentEnd = start + size;
    this.at = this.contentEnd;
  }

  /** A cursor over the content of the next element, which must have this tag. */
  enter(tag: number): BerCursor {
    this.take(tag);
    return new BerCursor(this.bytes, this.contentStart, this.contentEnd);
  }

  octets(tag: number = TAG.octetString): Buffer {
    this.take(tag);
    return this.bytes.subarray(this.contentStart, this.contentEnd);
  }

  text(tag: number = TAG.octetString): string {
    return this.octets(tag).toString("utf8");
  }

  integer(tag: number = TAG.integer): number {
    const content = this.octets(tag);
    if (content.length === 0 || content.length > 4)
      throw new BerError("an integer is out of range");
    return content.readIntBE(0, content.length);
  }

  #found(): string {
    return this.at < this.end ? `0x${(this.bytes[this.at] ?? 0).toString(16)}` : "the end";
  }
}
