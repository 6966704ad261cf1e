/** What tells of people who they are, and that they have left: identifiers and states. Pure. */
import type { Look } from "../agent/look.ts";
import type { DisabledRule } from "../model/directory.ts";
import { attributeValues } from "../model/entry.ts";
import { bareName, USUAL_ENDS, USUAL_GROUPS, USUAL_IDS, USUAL_STATES } from "./names.ts";
import type { AttributeSeen, Sample } from "./sample.ts";

/** What is proposed, and what to know of it. */
export interface Found<T> {
  readonly value: T;
  readonly remarks: readonly string[];
}

/** An empty cell or two do not make another identifier better. */
const NEARLY_ALL = 0.95;

/** An attribute of the usual ones that nobody has twice; null: the server's own, or none. */
export function proposeId(
  { type }: Pick<Look, "type">,
  sample: Sample,
): Found<string | null> & { readonly isMissing: boolean } {
  const isServer = type === "ldap" || type === "active-directory";
  if (isServer && sample.withoutId === 0) return { value: null, remarks: [], isMissing: false };
  const unique = [...sample.attributes.values()].filter(({ isUnique }) => isUnique);
  const rank = ({ name }: AttributeSeen): number => USUAL_IDS.indexOf(bareName(name));
  const [usual] = unique
    .filter((one) => rank(one) >= 0 && one.people >= sample.people * NEARLY_ALL)
    .toSorted((one, other) => rank(one) - rank(other));
  if (usual !== undefined) {
    const without = sample.people - usual.people;
    const told = `${without} of ${sample.people} have no ${usual.name}, and will fail`;
    return { value: usual.name, remarks: without === 0 ? [] : [told], isMissing: false };
  }
  const others = unique.filter(({ people }) => people === sample.people).map(({ name }) => name);
  const choice = others.length === 0 ? "" : `; everybody has another value of ${others.join(", ")}`;
  const told = `nothing is known to identify people for ever, so users.id is for you to choose${choice}`;
  return { value: null, remarks: [told], isMissing: true };
}

/** How it is told that an account is disabled, where the type does not have its own way. */
export function proposeDisabled(
  { type, kind, schema }: Pick<Look, "type" | "kind" | "schema">,
  sample: Sample,
): Found<DisabledRule | null> {
  const found = (value: DisabledRule | null): Found<DisabledRule | null> => ({
    value,
    remarks: [],
  });
  if (type === "active-directory") return found(null);
  if (kind === "389") return found({ attribute: "nsAccountLock", values: ["true"] });
  if (kind === "openldap" && schema?.has("pwdaccountlockedtime") === true)
    return found({ attribute: "pwdAccountLockedTime" });
  if (kind === "ad-lds") return found({ attribute: "msDS-UserAccountDisabled", values: ["TRUE"] });
  const bits = sample.attributes.get("useraccountcontrol");
  if (bits !== undefined && bits.people === sample.people)
    return found({ attribute: bits.name, bit: 2 });
  return type === "csv" ? disabledColumn(sample) : found(null);
}

/** A column in which a word stands that is known to mean so; what only looks like one is told. */
function disabledColumn(sample: Sample): Found<DisabledRule | null> {
  const remarks: string[] = [];
  for (const one of sample.attributes.values()) {
    const bare = bareName(one.name);
    const state = USUAL_STATES.find(({ names }) => names.includes(bare));
    if (state !== undefined) {
      const isKnown = state.gone.some((value) => one.values?.has(value) === true);
      // Also the words that nobody has today.
      if (isKnown) return { value: { attribute: one.name, values: state.gone }, remarks };
      remarks.push(unknownState(one));
    }
    if (USUAL_ENDS.includes(bare) && isDays(sample, one.name))
      return { value: { attribute: one.name, expires: true }, remarks };
  }
  return { value: null, remarks };
}

function unknownState({ name, values }: AttributeSeen): string {
  const seen = values === null ? "many values" : `the values ${[...values.keys()].join(", ")}`;
  return `${name} has ${seen}, of which none is known to mean that somebody has left; if one does, say so in users.disabled`;
}

/** Days that can be read in one way only. */
function isDays({ kept }: Sample, name: string): boolean {
  const values = kept.flatMap(({ profile }) => attributeValues(profile, name));
  return (
    values.length > 0 &&
    values.every((value) => typeof value === "string" && /^\d{4}-\d\d-\d\d/.test(value))
  );
}

/** The column that names people's groups; null: there is none. */
export function groupsColumn(sample: Sample): string | null {
  const columns = [...sample.attributes.values()].map(({ name }) => name);
  return columns.find((name) => USUAL_GROUPS.includes(bareName(name))) ?? null;
}

const SEPARATORS = ["|", ";", ","] as const;
const OFTEN = 0.2;

/** What stands between several values of a column, and nowhere else; null: nothing does. */
export function separatorIn({ kept, attributes }: Sample, column: string | null): string | null {
  if (column === null) return null;
  const cellsOf = (name: string): string[] =>
    kept.flatMap(({ profile }) => {
      const [cell] = attributeValues(profile, name);
      return typeof cell === "string" ? [cell] : [];
    });
  const cells = cellsOf(column);
  const share = (sign: string): number => cells.filter((cell) => cell.includes(sign)).length;
  const others = [...attributes.values()].filter(({ name }) => name !== column);
  const isFree = (sign: string): boolean =>
    others.every(({ name }) => cellsOf(name).every((cell) => !cell.includes(sign)));
  return SEPARATORS.find((sign) => share(sign) > cells.length * OFTEN && isFree(sign)) ?? null;
}
