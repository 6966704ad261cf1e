/** LDAPResult (RFC 4511 section 4.1.9) and the controls behind it. */
import { BerError, TAG, type BerCursor } from "./ber.ts";

export interface Result {
  readonly code: number;
  readonly matched: string;
  readonly diagnostic: string;
}

/** @param operation the answer, entered @throws BerError */
export function readResult(operation: BerCursor): Result {
  const code = operation.integer(TAG.enumerated);
  return { code, matched: operation.text(), diagnostic: operation.text() };
}

/** The controls behind an answer. */
export class ResponseControls {
  readonly #values = new Map<string, Buffer>();
  readonly #doubled = new Set<string>();

  add(oid: string, value: Buffer): void {
    if (this.#values.has(oid)) this.#doubled.add(oid);
    this.#values.set(oid, value);
  }

  has(oid: string): boolean {
    return this.#values.has(oid);
  }

  /**
   * The value of a control; undefined if it did not come.
   * @throws BerError if it came twice: which of them counts is anybody's guess, and the last of two
   * paging cookies ended reads early
   */
  get(oid: string): Buffer | undefined {
    if (this.#doubled.has(oid)) throw new BerError(`the control ${oid} came twice`);
    return this.#values.get(oid);
  }
}

const CONTROLS = 0xa0;

/** @param message of which the operation was stepped over */
export function readControls(message: BerCursor): ResponseControls {
  const found = new ResponseControls();
  if (message.peek() !== CONTROLS) return found;
  const list = message.enter(CONTROLS);
  while (!list.done) {
    const one = list.enter(TAG.sequence);
    const oid = one.text();
    if (one.peek() === TAG.boolean) one.take(TAG.boolean);
    found.add(oid, one.done ? Buffer.alloc(0) : one.octets());
  }
  return found;
}
