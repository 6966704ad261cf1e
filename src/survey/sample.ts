/** What was seen of a directory's people: counts over all of them, and some of them whole. */
import type { Look, Seen } from "../agent/look.ts";
import { dnKey, parentOf } from "../model/dn.ts";
import { attributeValues } from "../model/entry.ts";

/** Of more people nothing new is learned. */
const MOST_PEOPLE = 20_000;
/** So many are kept whole, from all over the directory. */
const KEPT = 200;
/** Different values that are kept of an attribute; one with more has no fixed set of them. */
const FEW_VALUES = 12;

export interface AttributeSeen {
  /** As most write it. */
  readonly name: string;
  /** How many people have it. */
  readonly people: number;
  /** Whether nobody has a value that somebody else has, and nobody has several. */
  readonly isUnique: boolean;
  /** All its values in lower case, with how many have each; null: there are many. */
  readonly values: ReadonlyMap<string, number> | null;
}

export interface Sample {
  readonly people: number;
  /** Whether there are more than were looked at. */
  readonly isPart: boolean;
  /** How many have no readable identifier of the server's own. */
  readonly withoutId: number;
  /** By name in lower case. */
  readonly attributes: ReadonlyMap<string, AttributeSeen>;
  /** How many people have each object class, by its name in lower case. */
  readonly classes: ReadonlyMap<string, number>;
  /** How many people lie directly below each container. */
  readonly places: ReadonlyMap<string, number>;
  readonly kept: readonly Seen[];
}

/** @param progress is told how many were looked at */
export async function sampleOf(
  look: Pick<Look, "people">,
  accepts: (seen: Seen) => boolean,
  progress: (people: number) => void,
): Promise<Sample> {
  const collected = new Collector();
  let isPart = false;
  reading: for await (const batch of look.people()) {
    for (const seen of batch) {
      if (collected.people >= MOST_PEOPLE) {
        isPart = true;
        break reading;
      }
      if (accepts(seen)) collected.add(seen);
    }
    progress(collected.people);
  }
  return collected.sample(isPart);
}

class Collector {
  people = 0;
  #withoutId = 0;
  readonly #attributes = new Map<string, Values>();
  readonly #classes = new Map<string, number>();
  readonly #places = new Map<string, { readonly dn: string; people: number }>();
  #kept: Seen[] = [];
  /** Of so many people one is kept; grows with their number, so that those kept are from all over. */
  #stride = 1;

  add(seen: Seen): void {
    if (this.people++ % this.#stride === 0) this.#keep(seen);
    if (seen.hasId === false) this.#withoutId++;
    for (const name in seen.profile) {
      const lower = name.toLowerCase();
      let values = this.#attributes.get(lower);
      if (values === undefined) this.#attributes.set(lower, (values = new Values(name)));
      values.add(textsOf(seen, name));
    }
    for (const one of new Set(textsOf(seen, "objectClass")))
      this.#classes.set(one, (this.#classes.get(one) ?? 0) + 1);
    const parent = parentOf(seen.dn);
    if (parent === null) return;
    const key = dnKey(parent);
    const place = this.#places.get(key);
    if (place === undefined) this.#places.set(key, { dn: parent, people: 1 });
    else place.people++;
  }

  #keep(seen: Seen): void {
    this.#kept.push(seen);
    if (this.#kept.length < 2 * KEPT) return;
    this.#kept = this.#kept.filter((_, i) => i % 2 === 0);
    this.#stride *= 2;
  }

  sample(isPart: boolean): Sample {
    const attributes = [...this.#attributes].map(([lower, one]) => [lower, one.seen] as const);
    return {
      people: this.people,
      isPart,
      withoutId: this.#withoutId,
      attributes: new Map(attributes),
      classes: this.#classes,
      places: new Map([...this.#places.values()].map(({ dn, people }) => [dn, people])),
      kept: this.#kept.slice(0, KEPT),
    };
  }
}

/** In lower case. */
function textsOf({ profile }: Seen, name: string): string[] {
  return attributeValues(profile, name).flatMap((value) =>
    typeof value === "string" ? [value.trim().toLowerCase()] : [],
  );
}

/** Longer than any identifier, and than any word that tells who has no access. */
const LONGEST_ID = 300;

class Values {
  readonly #name: string;
  #people = 0;
  /** Null: it cannot identify anybody. */
  #known: Set<string> | null = new Set();
  #few: Map<string, number> | null = new Map();

  constructor(name: string) {
    this.#name = name;
  }

  add(values: readonly string[]): void {
    this.#people++;
    const [only = ""] = values;
    // What is so long identifies nobody, and would fill the memory.
    const isOdd = values.length !== 1 || only.length > LONGEST_ID;
    if (isOdd || this.#known?.has(only) === true) this.#known = null;
    this.#known?.add(only);
    if (isOdd && values.some((value) => value.length > LONGEST_ID)) this.#few = null;
    for (const value of values) this.#few?.set(value, (this.#few.get(value) ?? 0) + 1);
    if ((this.#few?.size ?? 0) > FEW_VALUES) this.#few = null;
  }

  get seen(): AttributeSeen {
    const isUnique = this.#known !== null;
    return { name: this.#name, people: this.#people, isUnique, values: this.#few };
  }
}
