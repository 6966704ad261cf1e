import { parentOf } from "../../model/dn.ts";

/** The places at or below which somebody is. */
export class Peopled {
  readonly #places = new Set<string>();
  #last = "";

  /** @param dn of what somebody is directly below, in any case */
  add(dn: string): void {
    // Most come behind somebody of the same place.
    if (dn === this.#last) return;
    this.#last = dn;
    for (let place: string | null = dn.toLowerCase(); place !== null; place = parentOf(place)) {
      if (this.#places.has(place)) return;
      this.#places.add(place);
    }
  }

  has(dn: string): boolean {
    return this.#places.has(dn.toLowerCase());
  }

  /** The largest part of the tree, with this place in it, in which nobody is; null: somebody is there. */
  emptyAround(dn: string): string | null {
    if (this.has(dn)) return null;
    let part = dn;
    for (let above = parentOf(dn); above !== null && !this.has(above); above = parentOf(above))
      part = above;
    return part;
  }
}
