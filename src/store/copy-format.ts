/** Rows in the text format of COPY: tab between columns, newline after each row, `\N` for null. */
export type CopyValue = string | number | boolean | null;

const SPECIAL = /[\\\n\r\t]/;
const EVERY_SPECIAL = /[\\\n\r\t]/g;
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};
const TAB = 0x09;
const NEWLINE = 0x0a;
/** A unit of UTF-16 takes no more bytes of UTF-8 than this; both of a pair together take four. */
const MOST_BYTES_A_UNIT = 3;
const FIRST_BYTES = 256 * 1024;

/**
 * Rows as bytes, each written where it will be sent from: strings that are put together piece by piece
 * and turned into bytes at the end are what collecting garbage takes most of its time for.
 */
export class CopyRows {
  /** How many rows there are. */
  rows = 0;
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  /** In bytes. */
  get length(): number {
    return this.#length;
  }

  add(values: readonly CopyValue[]): void {
    for (let i = 0; i < values.length; i++) {
      if (i > 0) this.#sign(TAB);
      this.#text(copyText(values[i] ?? null));
    }
    this.#sign(NEWLINE);
    this.rows++;
  }

  /** All rows; the next ones begin anew, in other bytes. */
  take(): Buffer {
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.allocUnsafe(this.#bytes.length);
    this.#length = 0;
    this.rows = 0;
    return bytes;
  }

  #sign(code: number): void {
    this.#makeRoom(1);
    this.#bytes[this.#length++] = code;
  }

  #text(text: string): void {
    this.#makeRoom(text.length * MOST_BYTES_A_UNIT);
    this.#length += this.#bytes.write(text, this.#length, "utf8");
  }

  #makeRoom(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#length + bytes));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

function copyText(value: CopyValue): string {
  if (value === null) return "\\N";
  if (typeof value === "boolean") return value ? "t" : "f";
  if (typeof value === "number") return String(value);
  if (!SPECIAL.test(value)) return value;
  return value.replace(EVERY_SPECIAL, (character) => ESCAPES[character] ?? character);
}
