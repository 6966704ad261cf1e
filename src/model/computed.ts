/**
 * Attributes whose values change without a word: servers compute them from other entries (a group
 * gets a member, the person does not change), or set them in passing. Whoever asks only what changed
 * is not told of them, so what depends on them has to be looked at in another way.
 */
import type { DisabledRule } from "./directory.ts";

const COMPUTED = new Set([
  // From groups, managers and roles.
  "memberof",
  "ismemberof",
  "groupmembership",
  "ibm-allgroups",
  "directreports",
  "managedobjects",
  "msds-memberoftransitive",
  "msds-parentdistname",
  "nsrole",
  // 389: also of a role that is locked, by which it is computed for whoever has it.
  "nsaccountlock",
  "tokengroups",
  "tokengroupsglobalanduniversal",
  "tokengroupsnogcacceptable",
  // From the place in the tree, and the clock.
  "canonicalname",
  "entrydn",
  "msds-principalname",
  "msds-user-account-control-computed",
  "msds-userpasswordexpirytimecomputed",
  "msds-userpasswordexpired",
  "msds-resultantpso",
  "primarygrouptoken",
  // Of logins, which each server notes for itself.
  "authtimestamp",
  "badpasswordtime",
  "badpwdcount",
  "lastlogintime",
  "lastlogon",
  "logoncount",
  "passwordretrycount",
  "accountunlocktime",
  "pwdaccountlockedtime",
  "pwdfailuretime",
  "pwdlastsuccess",
]);

export function isComputed(attribute: string): boolean {
  const [name = ""] = attribute.toLowerCase().split(";");
  return COMPUTED.has(name);
}

/**
 * Whether accounts are disabled by something that changes without a word. A lock for good is set by
 * a change like any other, unlike one after wrong passwords.
 */
export function hidesState({ attribute, values }: DisabledRule): boolean {
  if (attribute.toLowerCase() === "pwdaccountlockedtime" && values === undefined) return false;
  return isComputed(attribute);
}
