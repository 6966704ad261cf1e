/**
 * What Active Directory means by its diagnostics. Only the eight hexadecimal digits at their
 * beginning and the number behind `data` are part of its contract (MS-ADTS 3.1.1.3.1.9); result
 * codes alone say too little: a wrong password and an account that must change it are both 49.
 */
import type { ErrorCode } from "../../model/errors.ts";

/** A result as an administrator knows it. */
export interface Meaning {
  readonly code: ErrorCode;
  readonly text: string;
}

const CREDENTIALS = "ldap.credentials";
const UNUSABLE = "ldap.accountUnusable";

/** Behind `AcceptSecurityContext error, data` of a refused bind: Windows' error numbers. */
const LOGINS: Readonly<Record<string, Meaning>> = {
  "57": { code: CREDENTIALS, text: "the name fits no account, or several" },
  "525": { code: CREDENTIALS, text: "there is no such account" },
  "52e": { code: CREDENTIALS, text: "the password is wrong" },
  "52f": { code: UNUSABLE, text: "a restriction of the account does not allow it" },
  "530": { code: UNUSABLE, text: "the account may not log in at this hour" },
  "531": { code: UNUSABLE, text: "the account may not log in from this computer" },
  "532": { code: UNUSABLE, text: "the account's password has expired" },
  "533": { code: UNUSABLE, text: "the account is disabled" },
  "569": { code: UNUSABLE, text: "the account does not have the right to log in over the network" },
  "701": { code: UNUSABLE, text: "the account has expired" },
  "773": { code: UNUSABLE, text: "the account has to change its password first" },
  "775": { code: UNUSABLE, text: "the account is locked out after wrong passwords" },
  // Not the password: whoever could check it is not reached.
  "51f": {
    code: "ldap.busy",
    text: "no domain controller that could check the password is reached",
  },
  "80090346": {
    code: "ldap.confidentialityRequired",
    text: "the domain asks for channel binding, which a login by password cannot give",
  },
};

/** By result code and the digits at the beginning. */
const ANSWERS: Readonly<Record<string, Meaning>> = {
  "1 000004dc": {
    code: "ldap.insufficientAccess",
    text: "the domain answers only to accounts that have logged in",
  },
  "1 00002120": {
    code: "ldap.refused",
    text: "an attribute that is only given for single entries (tokenGroups or the like) is asked for; take it out of users.attributes",
  },
  "1 000020e6": { code: "ldap.busy", text: "the server gave up in the middle of the search" },
  "8 00002028": {
    code: "ldap.confidentialityRequired",
    text: "the domain asks for signed or encrypted connections",
  },
  "10 0000202b": { code: "ldap.baseNotFound", text: "the base lies in no domain of this server" },
  "12 00002040": { code: "ldap.busy", text: "the server dropped the search between two pages" },
  "12 00000057": { code: "ldap.busy", text: "the server dropped the search between two pages" },
  "53 00000057": { code: "ldap.busy", text: "the server dropped the search between two pages" },
};

/**
 * Whether a page was refused because the server has forgotten the search; then it can be begun anew.
 * Long searches lose their cookie when the server is short of memory (MS-ADTS 3.1.1.3.4.1.1).
 */
export function hasDroppedSearch(resultCode: number, diagnostic: string): boolean {
  const key = `${resultCode} ${diagnostic.slice(0, 8).toLowerCase()}`;
  return DROPPED.has(key) && diagnostic.startsWith(": ", 8);
}

const DROPPED: ReadonlySet<string> = new Set(["12 00002040", "12 00000057", "53 00000057"]);

/** What it means more exactly than its result code; null if nothing is known. */
export function meaningOf(resultCode: number, diagnostic: string): Meaning | null {
  const [, digits, rest] = /^([0-9A-Fa-f]{8}): ([^]*)/.exec(diagnostic) ?? [];
  if (digits === undefined || rest === undefined) return null;
  if (resultCode === 49) {
    const [, data = ""] = /\bdata ([0-9a-f]+)/.exec(rest) ?? [];
    return LOGINS[data] ?? null;
  }
  return ANSWERS[`${resultCode} ${digits.toLowerCase()}`] ?? null;
}
