/** Containers that a read does not show any more, and the people who went with them. */
import { dnKey, isWithin, outermost } from "../../model/dn.ts";
import type { Vanished } from "../../model/run.ts";

export class VanishedContainers {
  readonly #people: Map<string, { readonly key: string; people: number }>;

  /** @param containers the DNs of those that were there at the last import and are not now */
  constructor(containers: readonly string[]) {
    this.#people = new Map(outermost(containers).map((dn) => [dn, { key: dnKey(dn), people: 0 }]));
  }

  /** Somebody is gone who was at this place. */
  noteGone(dn: string): void {
    if (this.#people.size === 0) return;
    const place = dnKey(dn);
    for (const one of this.#people.values()) if (isWithin(place, one.key)) one.people++;
  }

  /** With the most people first. */
  list(): Vanished[] {
    return [...this.#people]
      .map(([dn, { people }]) => ({ dn, people }))
      .filter(({ people }) => people > 0)
      .toSorted((a, b) => b.people - a.people);
  }
}
