/** By what the groups of a directory may name an app user. */
import type { MemberKey } from "./directory-object.ts";
import { dnKey } from "./dn.ts";
import { attributeValues, type AppProfile } from "./entry.ts";

export interface MemberNames {
  readonly keys: readonly MemberKey[];
  /** Security identifier of the primary group (Active Directory); null elsewhere. */
  readonly primarySid: string | null;
}

export function memberNames(id: string, dn: string, profile: AppProfile): MemberNames {
  // The primary group is named by the last number of its security identifier only.
  const domain = domainOf(textsOf(profile, "objectSid")[0]);
  const primary = textsOf(profile, "primaryGroupID")[0];
  const primarySid = domain === undefined || primary === undefined ? null : `${domain}-${primary}`;
  return { keys: memberKeys(id, dn, textsOf(profile, "uid")), primarySid };
}

/** The values of an attribute that are text. */
export function textsOf(profile: AppProfile, name: string): string[] {
  return attributeValues(profile, name).filter((value) => typeof value === "string");
}

/** Everything by which groups may name an entry as their member. */
export function memberKeys(id: string, dn: string, uids: readonly string[]): MemberKey[] {
  return [
    `id:${id.toLowerCase()}`,
    `dn:${dnKey(dn)}`,
    ...uids.map((uid) => `uid:${uid.toLowerCase()}`),
  ];
}

/** Of a security identifier: all but its last number. */
function domainOf(sid: string | undefined): string | undefined {
  const dash = sid?.lastIndexOf("-") ?? -1;
  return dash < 0 ? sid : sid?.slice(0, dash);
}
