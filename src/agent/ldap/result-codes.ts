import { RollcallError, type ErrorCode } from "../../model/errors.ts";

/** What a search with a size limit of its own ends with; elsewhere, people are missing. */
export const SIZE_LIMIT_EXCEEDED = 4;

/** LDAP result codes (RFC 4511 appendix A) that mean something to an administrator. */
const CODES = new Map<number, { readonly code: ErrorCode; readonly text: string }>([
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

/** A failed result as an error: what was tried, what the server answered. */
export function resultError(what: string, resultCode: number, diagnostic: string): RollcallError {
  const known = CODES.get(resultCode) ?? { code: "ldap.refused" as const, text: "an error" };
  const said = diagnostic.trim() === "" ? "" : `: ${diagnostic.trim().slice(0, 300)}`;
  return new RollcallError(known.code, `${what}: ${known.text} (result ${resultCode})${said}`);
}
