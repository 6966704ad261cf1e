import type { DisabledRule } from "../model/directory.ts";
import { type AppProfile, type RawEntry, attributeValues } from "../model/entry.ts";
import type { Problem } from "../model/errors.ts";
import { guidText } from "./values.ts";

/** The identifier in the entry's bytes as the external id: GUIDs in their usual notation. */
export function externalId(attribute: string, bytes: Buffer): string | null {
  if (bytes.length === 0) return null;
  const lower = attribute.toLowerCase();
  if ((lower === "objectguid" || lower === "guid") && bytes.length === 16) return guidText(bytes);
  const text = bytes.toString("utf8");
  if (text.includes("\0") || text.includes("\uFFFD")) return bytes.toString("hex");
  return lower === "entryuuid" ? text.toLowerCase() : text;
}

/** Identifiers are keys of the database; longer ones are something else. */
export const MAX_ID = 512;

export function idTooLong(attribute: string, dn: string): Problem {
  const message = `The ${attribute} of ${dn} is longer than ${MAX_ID} characters.`;
  return { code: "entry.idTooLong", field: attribute, message };
}

export function idProblem(attribute: string, dn: string, values: number): Problem {
  if (values > 1) {
    const message = `${dn} has ${values} values of ${attribute}, which identifies people.`;
    return { code: "entry.idAmbiguous", field: attribute, message };
  }
  const message = `${dn} has no ${attribute}, by which people are identified.`;
  return { code: "entry.idMissing", field: attribute, message };
}

/** Whether the directory says that the account is disabled. */
export function isDisabled(rule: DisabledRule | null, profile: AppProfile): boolean {
  if (rule === null) return false;
  const values = attributeValues(profile, rule.attribute);
  const { values: wanted, bit } = rule;
  if (bit !== undefined) {
    return values.some((value) => (Number(value) & bit) !== 0);
  }
  if (wanted !== undefined) {
    const lower = wanted.map((value) => value.toLowerCase());
    return values.some((value) => typeof value === "string" && lower.includes(value.toLowerCase()));
  }
  return values.length > 0;
}

/** What is wrong with all of these entries, as the first of them has it; null if one is usable. */
export function commonProblem(entries: readonly RawEntry[]): Problem | null {
  return entries.every(({ problem }) => problem !== null) ? (entries[0]?.problem ?? null) : null;
}
