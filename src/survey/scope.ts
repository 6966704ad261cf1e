/** Where the people of a directory are, and what makes an entry a person. Pure. */
import { dnKey, isWithin, parentOf } from "../model/dn.ts";
import { PEOPLE_OF_ANY_CLASS } from "../model/default-filters.ts";
import { attributeValues } from "../model/entry.ts";
import type { Seen } from "../agent/look.ts";
import type { Sample } from "./sample.ts";

export interface ProposedScope {
  /** Null: everywhere, as in a file. */
  readonly base: string | null;
  /** Null: the type's own. */
  readonly filter: string | null;
  readonly accepts: (seen: Seen) => boolean;
  readonly remarks: readonly string[];
}

/** Nearly all: what lies elsewhere is told, and left out. */
const NEARLY_ALL = 0.9;
/** As servers write them, the most telling first. */
const CLASSES = [
  "inetOrgPerson",
  "organizationalPerson",
  "person",
  "posixAccount",
  "account",
] as const;

/** @param base what is told of it; null: it is found */
export function scopeOfServer(
  sample: Sample,
  type: "ldap" | "active-directory",
  base: string | null,
): ProposedScope {
  const found = base ?? commonPlace(sample.places);
  const key = found === null ? null : dnKey(found);
  const isInside = ({ dn }: Seen): boolean => key === null || isWithin(dnKey(dn), key);
  const outside = [...sample.places]
    .filter(([dn]) => key !== null && !isWithin(dnKey(dn), key))
    .reduce((sum, [, people]) => sum + people, 0);
  const remarks =
    outside === 0 ? [] : [`${outside} of ${sample.people} lie outside ${found}, and are left out`];
  if (type === "active-directory") return { base: found, filter: null, accepts: isInside, remarks };
  const one = CLASSES.find(
    (name) => (sample.classes.get(name.toLowerCase()) ?? 0) >= sample.people * NEARLY_ALL,
  );
  const ofClass = one === undefined ? PEOPLE_OF_ANY_CLASS : `(objectClass=${one})`;
  const hasClass = (seen: Seen): boolean => one === undefined || has(seen, "objectClass", one);
  const services = sample.kept.filter(isService).length;
  const isMixed = services > 0 && services < sample.kept.length / 2;
  if (!isMixed)
    return {
      base: found,
      filter: ofClass,
      accepts: (seen) => isInside(seen) && hasClass(seen),
      remarks,
    };
  const share = `${services} of ${sample.kept.length} that were looked at`;
  return {
    base: found,
    filter: `(&${ofClass}(|(mail=*)(givenName=*)))`,
    accepts: (seen) => isInside(seen) && hasClass(seen) && !isService(seen),
    remarks: [
      ...remarks,
      `${share} have neither mail nor givenName, and are left out as services; change the filter if they are people`,
    ],
  };
}

function isService({ profile }: Seen): boolean {
  return ["mail", "givenName"].every((name) => attributeValues(profile, name).length === 0);
}

function has({ profile }: Seen, name: string, value: string): boolean {
  const lower = value.toLowerCase();
  return attributeValues(profile, name).some(
    (one) => typeof one === "string" && one.toLowerCase() === lower,
  );
}

/** The lowest container below which nearly all of them are; null: there is none. */
function commonPlace(places: ReadonlyMap<string, number>): string | null {
  const below = new Map<string, { dn: string; people: number }>();
  let all = 0;
  for (const [dn, people] of places) {
    all += people;
    for (let place: string | null = dn; place !== null && place !== ""; place = parentOf(place)) {
      const key = dnKey(place);
      const known = below.get(key) ?? { dn: place, people: 0 };
      below.set(key, { ...known, people: known.people + people });
    }
  }
  const enough = [...below].filter(([, { people }]) => people >= all * NEARLY_ALL);
  const deepest = enough.toSorted(([a], [b]) => b.split(",").length - a.split(",").length)[0];
  return deepest?.[1].dn ?? null;
}
