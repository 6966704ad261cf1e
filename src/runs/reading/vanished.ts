/**
 * Parts of the tree that a read does not show any more, and the people who went with them: containers
 * that are gone, and places at which there were people and now is nobody, although the container
 * stays, is another one, or is of a kind that nobody reads.
 */
import { dnKey, isWithin, outermost, parentOf } from "../../model/dn.ts";
import { MustReadAll } from "../../model/incremental.ts";
import type { Vanished } from "../../model/run.ts";
import { appUsersByIds, isAnybodyAt } from "../../store/app-users.ts";
import type { RunContext } from "../record/context.ts";

interface Container {
  readonly key: string;
  people: number;
}

export class VanishedContainers {
  readonly #gone: Map<string, Container>;
  readonly #peopled: ReadonlySet<string>;
  readonly #places = new Map<string, { readonly dn: string; people: number }>();

  /**
   * @param containers the DNs of those that were there at the last import and are not now
   * @param peopled the places at which the read showed somebody; see `parentOf`
   */
  constructor(containers: readonly string[], peopled: ReadonlySet<string>) {
    this.#gone = new Map(outermost(containers).map((dn) => [dn, { key: dnKey(dn), people: 0 }]));
    this.#peopled = peopled;
  }

  /** Somebody is gone who was at this place. */
  noteGone(dn: string): void {
    const key = dnKey(dn);
    const container = [...this.#gone.values()].find((one) => isWithin(key, one.key));
    if (container !== undefined) {
      container.people++;
      return;
    }
    const parent = parentOf(dn);
    if (parent === null || this.#peopled.has(parent.toLowerCase())) return;
    const place = this.#places.get(parent.toLowerCase()) ?? { dn: parent, people: 0 };
    place.people++;
    this.#places.set(parent.toLowerCase(), place);
  }

  /** With the most people first. A place of one person is where that person was, and no part of a tree. */
  list(): Vanished[] {
    const containers = [...this.#gone].map(([dn, { people }]) => ({ dn, people, stays: false }));
    const places = [...this.#places.values()].map((place) => ({ ...place, stays: true }));
    return [...containers, ...places.filter(({ people }) => people > 1)]
      .filter(({ people }) => people > 0)
      .toSorted((a, b) => b.people - a.people);
  }
}

/** So many people of one place make it worth looking whether anybody is left there. */
const NOTABLE_PEOPLE = 5;

/**
 * Where only identifiers are compared, or changes told of, nobody sees that a place has nobody left;
 * so whoever is still stored there is looked for.
 * @param missing identifiers of those who are told to be gone, or were not among those compared
 * @throws MustReadAll if a place loses all its people at once
 */
export async function refuseEmptied(
  { engine, directory }: RunContext,
  missing: readonly string[],
): Promise<void> {
  if (missing.length < NOTABLE_PEOPLE) return;
  const { db } = engine.store;
  const stored = await appUsersByIds(db, directory.name, missing);
  const present = stored.filter(({ status }) => status !== "removed");
  const places = Map.groupBy(present, ({ dn }) => parentOf(dn)?.toLowerCase() ?? "");
  for (const [place, people] of places) {
    if (place === "" || people.length < NOTABLE_PEOPLE) continue;
    if (await isAnybodyAt(db, directory.name, place, missing)) continue;
    const reason = `All ${people.length} people of ${place} are gone at once; what became of it shows only when everybody is read.`;
    throw new MustReadAll("ou_change_detected", reason);
  }
}
