import type { Withheld } from "../model/credentials.ts";
import type { BaseEvidence, ReadEvidence } from "../model/entry.ts";

/** Collects, while a read goes on, what shows afterwards whether it was whole. */
export class EvidenceRecord {
  #evidence: ReadEvidence;

  readonly #withheld: Withheld;

  constructor(server: string, pageSize: number | null, withheld: Withheld) {
    this.#withheld = withheld;
    const nothing = { complete: false, entries: 0, pages: 0, end: null, bases: [] } as const;
    this.#evidence = { ...nothing, server, pageSize };
  }

  get evidence(): ReadEvidence {
    const leftOut = this.#withheld.told;
    return leftOut.length === 0 ? this.#evidence : { ...this.#evidence, leftOut };
  }

  count(entries: number): void {
    this.#evidence = { ...this.#evidence, entries: this.#evidence.entries + entries };
  }

  /** @param pageSize most entries of a page, as the server allowed; null: it does not page */
  base(one: BaseEvidence, pageSize: number | null): void {
    const { pages, bases } = this.#evidence;
    const all = { pages: pages + one.pages, bases: [...bases, one] };
    this.#evidence = { ...this.#evidence, ...all, pageSize };
  }

  /** @param why it may not have been everybody, although it came to its end */
  doubt(why: string): void {
    this.#evidence = { ...this.#evidence, doubt: why };
  }

  /** @param end how it ended, in the protocol's words */
  complete(end: string): void {
    this.#evidence = { ...this.#evidence, complete: true, end };
  }
}

/** What is said of attributes that were left out; null if there are none. */
export function leftOutRemark({ told }: Withheld): string | null {
  if (told.length === 0) return null;
  const names = told.join(", ");
  return `left out, as credentials and large values of bytes do not belong into profiles: ${names} (kept if users.attributes names it)`;
}
