import { RollcallError } from "../../model/errors.ts";
import type { Speaker } from "../../lib/speaker.ts";
import { meaningOf, type Meaning } from "./windows-words.ts";

/** What a search with a size limit of its own ends with; elsewhere, people are missing. */
export const SIZE_LIMIT_EXCEEDED = 4;

/** LDAP result codes (RFC 4511 appendix A) that mean something to an administrator. */
const CODES = new Map<number, Meaning>([
  [1, { code: "ldap.refused", text: "operations error" }],
  [2, { code: "ldap.refused", text: "protocol error" }],
  [3, { code: "ldap.limitExceeded", text: "time limit exceeded" }],
  [4, { code: "ldap.limitExceeded", text: "size limit exceeded" }],
  [7, { code: "ldap.refused", text: "authentication method not supported" }],
  [8, { code: "ldap.confidentialityRequired", text: "stronger authentication required" }],
  [10, { code: "ldap.referral", text: "referral" }],
  [11, { code: "ldap.limitExceeded", text: "administrative limit exceeded" }],
  [12, { code: "ldap.refused", text: "critical extension not available" }],
  [13, { code: "ldap.confidentialityRequired", text: "confidentiality required" }],
  [18, { code: "ldap.filterInvalid", text: "inappropriate matching" }],
  [32, { code: "ldap.baseNotFound", text: "no such object" }],
  [34, { code: "ldap.baseNotFound", text: "invalid DN syntax" }],
  [48, { code: "ldap.credentials", text: "inappropriate authentication" }],
  [49, { code: "ldap.credentials", text: "invalid credentials" }],
  [50, { code: "ldap.insufficientAccess", text: "insufficient access rights" }],
  [51, { code: "ldap.busy", text: "busy" }],
  [52, { code: "ldap.busy", text: "unavailable" }],
  [53, { code: "ldap.refused", text: "unwilling to perform" }],
]);

/** Codes that mean something else as the answer to a bind: the account, not the request, is at fault. */
const BIND_CODES = new Map<number, Meaning>([
  // 389 says so of accounts that are inactivated or locked after wrong passwords.
  [19, { code: "ldap.accountUnusable", text: "constraint violation" }],
  [53, { code: "ldap.accountUnusable", text: "unwilling to perform" }],
  [32, { code: "ldap.credentials", text: "there is no such account" }],
  [34, { code: "ldap.credentials", text: "bind.dn is not the name of an account" }],
]);

/** How an operation ended, in the server's words. */
export interface Failure {
  readonly code: number;
  readonly diagnostic: string;
  /** How much of the base exists; the server may say it in the diagnostic, too. */
  readonly matched?: string;
}

/**
 * A failed result as an error: what was tried, what the server answered, and what that means.
 * @param doing what was tried, as in "searching dc=example,dc=org"
 */
export function resultError(speaker: Speaker, doing: string, failure: Failure): RollcallError {
  const known = CODES.get(failure.code);
  return errorOf(speaker, `${speaker.url}, ${doing}`, failure, { known, unusable: null });
}

/**
 * The same for a bind.
 * @param unusable what the server says beside the answer of the account
 */
export function loginError(
  speaker: Speaker,
  failure: Failure,
  unusable: Meaning | null,
): RollcallError {
  if (failure.code === 0 && unusable !== null) {
    const text = `${speaker.url} accepted the login, but ${unusable.text}.`;
    return new RollcallError(unusable.code, text);
  }
  const known = BIND_CODES.get(failure.code) ?? CODES.get(failure.code);
  return errorOf(speaker, `${speaker.url} refused the login`, failure, { known, unusable });
}

function errorOf(
  speaker: Speaker,
  what: string,
  { code, diagnostic, matched = "" }: Failure,
  { known, unusable }: { readonly known: Meaning | undefined; readonly unusable: Meaning | null },
): RollcallError {
  const { code: ours, text } = unusable ?? meaningOf(code, diagnostic) ?? known ?? UNKNOWN;
  const said = speaker.quote(diagnostic);
  const below = speaker.name(matched);
  const short = known?.text ?? UNKNOWN.text;
  const message = [
    `${what}: ${text}`,
    text === short ? ` (result ${code})` : ` (result ${code}, ${short})`,
    said === "" ? "" : `: ${said}`,
    below === "" || said.includes(below) ? "" : `; it exists only as far as ${below}`,
  ];
  return new RollcallError(ours, message.join(""));
}

const UNKNOWN: Meaning = { code: "ldap.refused", text: "an error" };
