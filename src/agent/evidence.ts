import type { BaseEvidence, ReadEvidence } from "../model/entry.ts";

/** Collects, while a read goes on, what shows afterwards whether it was whole. */
export class EvidenceRecord {
  #evidence: ReadEvidence;

  constructor(server: string, pageSize: number | null) {
    const nothing = { complete: false, entries: 0, pages: 0, end: null, bases: [] } as const;
    this.#evidence = { ...nothing, server, pageSize };
  }

  get evidence(): ReadEvidence {
    return this.#evidence;
  }

  count(entries: number): void {
    this.#evidence = { ...this.#evidence, entries: this.#evidence.entries + entries };
  }

  base(one: BaseEvidence): void {
    const { pages, bases } = this.#evidence;
    this.#evidence = { ...this.#evidence, pages: pages + one.pages, bases: [...bases, one] };
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
