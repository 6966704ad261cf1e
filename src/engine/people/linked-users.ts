import { IdSet } from "../../lib/id-set.ts";

/** Users that a run has linked to an entry already, and whom a second entry claims. */
export class LinkedUsers {
  readonly #linked = new IdSet();
  readonly contested = new Set<string>();

  /** False if another entry was linked to the user before. */
  add(userId: string): boolean {
    const isFirst = this.#linked.add(userId);
    if (!isFirst) this.contested.add(userId);
    return isFirst;
  }
}
