/**
 * Whether an error of TLS says that a certificate is not accepted: one of OpenSSL's reasons
 * (X509_V_ERR_…), Node's own check of the name, or an alert of the other side about ours. A reason
 * that Node has no name for, such as a key that is too small, is `UNSPECIFIED`.
 */
export function isCertificateFault(code: string): boolean {
  return REASONS.has(code) || PARTS.some((part) => code.includes(part));
}

const PARTS: readonly string[] = ["CERT", "UNABLE_TO_", "CRL_", "_TOO_WEAK", "_TOO_SMALL"];

const REASONS: ReadonlySet<string> = new Set([
  "HOSTNAME_MISMATCH",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "PATH_LENGTH_EXCEEDED",
  "UNSPECIFIED",
]);
