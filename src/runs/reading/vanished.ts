/**
 * Parts of the tree that a read does not show any more, and the people who went with them: containers
 * that are gone, and places at which there were people and now is nobody, although the container
 * stays, is another one, or is of a kind that nobody reads.
 */
import { dnKey, isWithin, outermost, parentOf } from "../../model/dn.ts";
import type { Vanished } from "../../model/run.ts";
import { peopledOf } from "../../store/app-users.ts";
import type { RunContext } from "../record/context.ts";
import type { LeftPlace } from "./census.ts";

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

/**
 * Where only identifiers are compared, or changes told of, nobody sees that a place has nobody left;
 * so whoever is still stored there is looked for.
 * @param leavers where those were who are gone
 * @param peopled the places at which somebody was read just now
 * @param away identifiers of others who are not any more where they are stored
 */
export async function emptiedPlaces(
  { engine, directory }: RunContext,
  leavers: readonly LeftPlace[],
  { peopled, away }: { readonly peopled: ReadonlySet<string>; readonly away: readonly string[] },
): Promise<Vanished[]> {
  const places = Map.groupBy(leavers, ({ dn }) => parentOf(dn)?.toLowerCase() ?? "");
  const asked = [...places].filter(
    ([place, people]) => place !== "" && people.length > 1 && !peopled.has(place),
  );
  if (asked.length === 0) return [];
  const names = asked.map(([place]) => place);
  const gone = [...leavers.map(({ id }) => id), ...away];
  const left = await peopledOf(engine.store.db, directory.name, names, gone);
  return asked
    .filter(([place]) => !left.has(place))
    .map(([place, people]) => {
      const dn = parentOf(people[0]?.dn ?? "") ?? place;
      return { dn, people: people.length, stays: true };
    })
    .toSorted((a, b) => b.people - a.people);
}
