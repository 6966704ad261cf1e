/**
 * Parts of the tree that a read does not show any more, and the people who went with them: containers
 * that are gone, and places at or below which there were people and now is nobody, although the container
 * stays, is another one, or is of a kind that nobody reads.
 */
import { dnKey, isWithin, outermost, parentOf } from "../../model/dn.ts";
import type { Vanished } from "../../model/run.ts";
import { placesOfPeople, placesWithPeople } from "../../store/app-users.ts";
import type { Connection } from "../../store/connection.ts";
import type { RunContext } from "../record/context.ts";
import type { LeftPlace } from "./census.ts";
import type { Peopled } from "./peopled.ts";

interface Container {
  readonly key: string;
  people: number;
}

export class VanishedContainers {
  readonly #gone: Map<string, Container>;
  readonly #peopled: Peopled;
  /** How many people each empty part lost who are elsewhere now. */
  readonly #moved = new Map<string, number>();
  readonly #places = new Map<string, { readonly dn: string; people: number }>();

  /**
   * @param containers the DNs of those that were there at the last import and are not now
   * @param peopled where the read showed somebody
   * @param moved where those were whom it showed elsewhere
   */
  constructor(containers: readonly string[], peopled: Peopled, moved: readonly LeftPlace[]) {
    this.#gone = new Map(outermost(containers).map((dn) => [dn, { key: dnKey(dn), people: 0 }]));
    this.#peopled = peopled;
    for (const { dn } of moved) {
      const part = peopled.emptyAround(parentOf(dn) ?? dn)?.toLowerCase();
      if (part !== undefined) this.#moved.set(part, (this.#moved.get(part) ?? 0) + 1);
    }
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
    if (part === null) return;
    const place = this.#places.get(part.toLowerCase()) ?? { dn: part, people: 0 };
    place.people++;
    this.#places.set(part.toLowerCase(), place);
  }

  /**
   * With the most people first. A place of one person is where that person was, and no part of a tree; one
   * from which more people moved than are gone was given up, and nothing is hidden.
   */
  list(): Vanished[] {
    const containers = [...this.#gone].map(([dn, { people }]) => ({ dn, people, stays: false }));
    const places = [...this.#places]
      .filter(([part, { people }]) => (this.#moved.get(part) ?? 0) <= people)
      .map(([, place]) => ({ ...place, stays: true }));
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
  for (const place of await stillPeopled(engine.store.db, directory.name, inDoubt, gone))
    peopled.add(place);
  const vanished = new VanishedContainers([], peopled, moved);
  for (const { dn } of inDoubt) vanished.noteGone(dn);
  return vanished.list();
}

/** Asked one by one, so many empty places cost as much as a look at everybody. */
const FEW_PLACES = 6;

/**
 * Which of the parts that several of these left have somebody else in them. From the top down: where a part
 * is empty, so is all below it.
 */
async function stillPeopled(
  db: Connection,
  directory: string,
  leavers: readonly LeftPlace[],
  gone: readonly string[],
): Promise<string[]> {
  const left = new Map<string, number>();
  for (const { dn } of leavers)
    for (let part = parentOf(dn.toLowerCase()); part !== null; part = parentOf(part))
      left.set(part, (left.get(part) ?? 0) + 1);
  const parts = new Set([...left].flatMap(([part, people]) => (people > 1 ? [part] : [])));
  const below = (of: ReadonlySet<string>): string[] =>
    [...parts].filter((part) => of.has(parentOf(part) ?? ""));
  const found: string[] = [];
  let level = [...parts].filter((part) => !parts.has(parentOf(part) ?? ""));
  while (level.length > 0) {
    if (level.length > FEW_PLACES) return await placesOfPeople(db, directory, gone);
    const peopled = await placesWithPeople(db, directory, level, gone);
    found.push(...peopled);
    level = below(new Set(peopled));
  }
  return found;
}
