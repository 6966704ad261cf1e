import { expect, test } from "vitest";
import { isCertificateFault } from "./certificate-fault.ts";

test.each([
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "HOSTNAME_MISMATCH",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "EE_KEY_TOO_SMALL",
  "CA_MD_TOO_WEAK",
  "UNSPECIFIED",
])("%s is about a certificate", (code) => {
  expect(isCertificateFault(code)).toBe(true);
});

test.each(["ECONNREFUSED", "ETIMEDOUT", "ERR_SSL_WRONG_VERSION_NUMBER", "EPROTO", ""])(
  "%s is not",
  (code) => {
    expect(isCertificateFault(code)).toBe(false);
  },
);
