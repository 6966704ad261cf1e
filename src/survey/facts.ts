/** What tells of people who they are, and that they have left: identifiers and states. Pure. */
import type { Look } from "../agent/look.ts";
import type { DisabledRule } from "../model/directory.ts";
import { attributeValues } from "../model/entry.ts";
import { bareName, USUAL_ENDS, USUAL_GROUPS, USUAL_IDS, USUAL_STATES } from "./names.ts";
import type { AttributeSeen, Sample } from "./sample.ts";

export interface ProposedId {
  /** Null: the server's own. */
  readonly id: string | null;
  readonly remarks: readonly string[];
}

/** An attribute that everybody has, and nobody has twice. */
export function proposeId({ type }: Pick<Look, "type">, sample: Sample): ProposedId {
  const isServer = type === "ldap" || type === "active-directory";
  if (isServer && sample.withoutId === 0) return { id: null, remarks: [] };
  const fitting = [...sample.attributes.values()].filter(
    ({ people, isUnique }) => isUnique && people === sample.people,
  );
  const rank = ({ name }: AttributeSeen): number => USUAL_IDS.indexOf(bareName(name));
  const [usual] = fitting
    .filter((one) => rank(one) >= 0)
    .toSorted((one, other) => rank(one) - rank(other));
  if (usual !== undefined) return { id: usual.name, remarks: [] };
  const others = fitting.map(({ name }) => name);
  const choice = others.length === 0 ? "" : ` Everybody has another value of ${others.join(", ")}.`;
  const told = `nothing is known to identify people for ever, so users.id is for you to choose.${choice}`;
  return { id: type === "csv" ? (others[0] ?? null) : null, remarks: [told] };
}

/** How it is told that an account is disabled, where the type does not have its own way. */
export function proposeDisabled(
  { type, kind, schema }: Pick<Look, "type" | "kind" | "schema">,
  sample: Sample,
): DisabledRule | null {
  if (type === "active-directory") return null;
  if (kind === "389") return { attribute: "nsAccountLock", values: ["true"] };
  if (kind === "openldap" && schema?.has("pwdaccountlockedtime") === true)
    return { attribute: "pwdAccountLockedTime" };
  if (kind === "ad-lds") return { attribute: "msDS-UserAccountDisabled", values: ["TRUE"] };
  const bits = sample.attributes.get("useraccountcontrol");
  if (bits !== undefined && bits.people === sample.people) return { attribute: bits.name, bit: 2 };
  return type === "csv" ? disabledColumn(sample) : null;
}

function disabledColumn(sample: Sample): DisabledRule | null {
  for (const one of sample.attributes.values()) {
    const bare = bareName(one.name);
    const state = USUAL_STATES.find(({ names }) => names.includes(bare));
    if (state !== undefined && one.values !== null) {
      const seen = state.gone.filter((value) => one.values?.has(value) === true);
      return { attribute: one.name, values: seen.length > 0 ? seen : state.gone };
    }
    if (USUAL_ENDS.includes(bare) && isDays(sample, one.name))
      return { attribute: one.name, expires: true };
  }
  return null;
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

/** What stands between several values of a column; null: nothing does. */
export function separatorIn({ kept }: Sample, column: string | null): string | null {
  if (column === null) return null;
  const cells = kept.flatMap(({ profile }) => {
    const [cell] = attributeValues(profile, column);
    return typeof cell === "string" ? [cell] : [];
  });
  const share = (sign: string): number => cells.filter((cell) => cell.includes(sign)).length;
  return SEPARATORS.find((sign) => share(sign) > cells.length * OFTEN) ?? null;
}
