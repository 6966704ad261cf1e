import { isUtf8 } from "node:buffer";
import type { DisabledRule } from "../model/directory.ts";
import { dnKey } from "../model/dn.ts";
import { expiryOf } from "../model/expiry.ts";
import { type AppProfile, type Entry, type RawEntry, attributeValues } from "../model/entry.ts";
import type { Problem } from "../model/errors.ts";
import { attributeKind, guidBytes, guidText, uuidText } from "./values.ts";

/** The identifier in the entry's bytes as the external id: GUIDs in their usual notation. */
export function externalId(attribute: string, bytes: Buffer): string | null {
  if (bytes.length === 0) return null;
  const lower = attribute.toLowerCase();
  if (lower === "objectguid" && bytes.length === 16) return guidText(bytes);
  // eDirectory's own, whose bytes stand in their order.
  if (lower === "guid" && bytes.length === 16) return uuidText(bytes);
  // All values of an attribute of bytes, so that none is taken for the digits of another one.
  if (attributeKind(attribute) !== "text") return bytes.toString("hex");
  const text = bytes.toString("utf8");
  if (!isUtf8(bytes) || text.includes("\0")) return `${BYTES}${bytes.toString("hex")}`;
  if (text.startsWith(BYTES) || text.startsWith(TEXT)) return `${TEXT}${text}`;
  return lower === "entryuuid" ? text.trim().toLowerCase() : text;
}

/** The same in a file, in which a GUID may stand as its text, too: in either form it is one person. */
export function externalIdInFile(attribute: string, bytes: Buffer): string | null {
  const isGuid = ["objectguid", "guid"].includes(attribute.toLowerCase());
  const written = isGuid ? UUID_TEXT.exec(bytes.toString("latin1").trim())?.[1] : undefined;
  return written?.toLowerCase() ?? externalId(attribute, bytes);
}

const UUID_TEXT = /^\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?$/i;

/** Before the digits of an identifier that is no text, which another one may have as its text. */
const BYTES = "{hex}";
/** Before a text that looks like one of these. */
const TEXT = "{text}";

/** What a directory has for an identifier, to be searched for. */
export function idBytes(attribute: string, id: string): Buffer {
  const lower = attribute.toLowerCase();
  const isGuid = GUID.test(id);
  if (lower === "objectguid" && isGuid) return guidBytes(id);
  if (lower === "guid" && isGuid) return Buffer.from(id.replaceAll("-", ""), "hex");
  if (id.startsWith(BYTES)) return Buffer.from(id.slice(BYTES.length), "hex");
  if (id.startsWith(TEXT)) return Buffer.from(id.slice(TEXT.length));
  const isBytes = attributeKind(attribute) !== "text" && /^(?:[0-9a-f]{2})+$/.test(id);
  return Buffer.from(id, isBytes ? "hex" : "utf8");
}

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

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

/** Bytes of the largest entry that is used. */
export const MAX_ENTRY_BYTES = 32 * 1024 * 1024;

/** @param size what the entry takes, in bytes */
export function entryTooLarge(dn: string, size: number): Problem | null {
  if (size <= MAX_ENTRY_BYTES) return null;
  const message = `${dn} takes ${Math.round(size / 1024 / 1024)} MiB; the limit is 32 MiB.`;
  return { code: "entry.tooLarge", field: "dn", message };
}

/**
 * Whether the directory says that the account is disabled; null where that cannot be seen. Every
 * account has the number whose bit tells, so where it is absent, the reader lacks the right to see
 * it, and absence is no "enabled".
 */
function isDisabled(rule: DisabledRule, profile: AppProfile): boolean | null {
  if (rule.expires === true) {
    const expiry = expiryOf(rule, profile);
    return expiry === null ? null : expiry <= Date.now();
  }
  const { attribute, bit, values: wanted = LOCKED_FOR_GOOD[attribute.toLowerCase()] } = rule;
  const values = attributeValues(profile, attribute);
  if (bit !== undefined) {
    const [only, ...others] = values;
    if (typeof only !== "string" || others.length > 0 || !/^-?\d+$/.test(only)) return null;
    return (Number(only) & bit) !== 0;
  }
  if (wanted !== undefined) {
    const keys = new Set(wanted.map(valueKey));
    return values.some((value) => typeof value === "string" && keys.has(valueKey(value)));
  }
  return values.some((value) => typeof value !== "string" || !/^false$/i.test(value.trim()));
}

/** A value as directories compare it: without regard to case and outer or repeated blanks; names as names. */
function valueKey(value: string): string {
  return value.includes("=") ? dnKey(value) : value.trim().replaceAll(/ +/g, " ").toLowerCase();
}

/**
 * The time since when wrong passwords locked an account (draft-behera-ldap-password-policy 5.3.3):
 * only this one stands for an administrator, who locked it for good; any other passes.
 */
const LOCKED_FOR_GOOD: Readonly<Record<string, readonly string[]>> = {
  pwdaccountlockedtime: ["000001010000Z", "00000101000000Z"],
};

/** Whether the account is disabled by any of the rules, or why that is not known. */
export function stateOf(
  rules: readonly DisabledRule[],
  dn: string,
  profile: AppProfile,
): Pick<Entry, "disabled" | "problem"> {
  const states = rules.map((rule) => isDisabled(rule, profile));
  if (states.includes(true)) return { disabled: true, problem: null };
  const rule = rules[states.indexOf(null)];
  if (rule === undefined) return { disabled: false, problem: null };
  const seen = attributeValues(profile, rule.attribute).length > 0;
  const fault = seen ? "has no value of a form that is known" : "cannot be read";
  const message = `${rule.attribute} of ${dn}, which tells whether the account is disabled, ${fault}.`;
  return {
    disabled: null,
    problem: { code: "entry.stateUnknown", field: rule.attribute, message },
  };
}

/**
 * What is wrong with all of these entries, as the first of them has it; null if one is usable. Only
 * to be called while their batch is being worked on.
 */
export function commonProblem(entries: readonly RawEntry[]): Problem | null {
  const problems = entries.map((entry) => entry.problem ?? entry.decode().problem);
  return problems.every((problem) => problem !== null) ? (problems[0] ?? null) : null;
}
