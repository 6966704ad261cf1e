/**
 * Parts of the tree that a read does not show any more, and the people who went with them: containers
 * that are gone, and places at or below which there were people and now is nobody, although the container
 * stays, is another one, or is of a kind that nobody reads.
 */
import { dnKey, isWithin, outermost, parentOf } from "../../model/dn.ts";
import type { Vanished } from "../../model/run.ts";
import { placesWithPeople } from "../../store/app-users.ts";
import type { RunContext } from "../record/context.ts";
import type { LeftPlace } from "./census.ts";
import { Peopled } from "./peopled.ts";

interface Container {
  readonly key: string;
  people: number;
}

export class VanishedContainers {
  readonly #gone: Map<string, Container>;
  readonly #peopled: Peopled;
  /** Where people were who are elsewhere now: such a place was given up, and nothing is hidden. */
  readonly #movedFrom = new Peopled();
  readonly #places = new Map<string, { readonly dn: string; people: number }>();

  /**
   * @param containers the DNs of those that were there at the last import and are not now
   * @param peopled where the read showed somebody
   * @param moved where those were whom it showed elsewhere
   */
  constructor(containers: readonly string[], peopled: Peopled, moved: readonly LeftPlace[]) {
    this.#gone = new Map(outermost(containers).map((dn) => [dn, { key: dnKey(dn), people: 0 }]));
    this.#peopled = peopled;
    for (const { dn } of moved) this.#movedFrom.add(parentOf(dn) ?? dn);
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
    const part = parent === null ? null : this.#peopled.emptyAround(parent);
    if (part === null || this.#movedFrom.has(part)) return;
    const place = this.#places.get(part.toLowerCase()) ?? { dn: part, people: 0 };
    place.people++;
    this.#places.set(part.toLowerCase(), place);
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

/** Fewer people may leave a place for good; nobody asks who else was there. */
const SEVERAL = 5;

/**
 * Where only identifiers are compared, or changes told of, nobody sees that a place has nobody left;
 * so it is looked for where everybody else is stored.
 * @param leavers where those were who are gone
 */
export async function emptiedPlaces(
  { engine, directory }: RunContext,
  leavers: readonly LeftPlace[],
  known: {
    /** Where somebody was read just now; whoever is found besides is added. */
    readonly peopled: Peopled;
    /** Identifiers of others who are not any more where they are stored. */
    readonly away: readonly string[];
    /** Where those were who are elsewhere now. */
    readonly moved: readonly LeftPlace[];
  },
): Promise<Vanished[]> {
  const { peopled, away, moved } = known;
  const inDoubt = leavers.filter(({ dn }) => peopled.emptyAround(parentOf(dn) ?? dn) !== null);
  if (inDoubt.length < SEVERAL) return [];
  const gone = [...leavers.map(({ id }) => id), ...away];
  let places = new Set(inDoubt.map(({ dn }) => (parentOf(dn) ?? dn).toLowerCase()));
  // From the deepest up, until somebody is found.
  while (places.size > 0) {
    const found = await placesWithPeople(engine.store.db, directory.name, [...places], gone);
    for (const place of found) peopled.add(place);
    const empty = [...places].filter((place) => !peopled.has(place));
    const above = empty.flatMap((place) => parentOf(place) ?? []);
    places = new Set(above.filter((place) => !peopled.has(place)));
  }
  const vanished = new VanishedContainers([], peopled, moved);
  for (const { dn } of inDoubt) vanished.noteGone(dn);
  return vanished.list();
}
