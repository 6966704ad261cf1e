import { expect, test } from "vitest";
import { isCredential, Withheld } from "./credentials.ts";

test.each([
  "userPassword",
  "USERPASSWORD;lang-de",
  "userPassword;x-any",
  "2.5.4.35",
  "OID.2.5.4.35",
  "1.2.840.113556.1.4.90;binary",
  "ms-Mcs-AdmPwd",
  "msLAPS-Password",
  "msLAPS-EncryptedDSRMPasswordHistory",
  "sambaPreviousClearTextPassword",
  "krbPwdHistory",
  "krb5Key",
  "ipatokenOTPkey",
  "oathSecret",
  "oathHOTPToken",
  "googleAuthSecret",
  "nspmPassword",
  "msFVE-RecoveryPassword",
  "msDS-ManagedPassword",
  "msPKIDPAPIMasterKeys",
  "trustAuthIncoming",
  "radiusTunnelPassword",
  "my_company_passwd_old",
  "userKennwort",
  "apiKey",
  "x-acme-refreshToken",
  "voicemailPIN",
  "totpSeed",
])("%s is a credential", (name) => {
  expect(isCredential(name)).toBe(true);
});

test.each([
  "pwdLastSet",
  "badPwdCount",
  "badPasswordTime",
  "passwordExpirationTime",
  "pwdAccountLockedTime",
  "pwdChangedTime",
  "pwdPolicySubentry",
  "pwdReset",
  "krbPasswordExpiration",
  "krbLastPwdChange",
  "krbPwdPolicyReference",
  "sambaPwdLastSet",
  "sambaPwdMustChange",
  "ms-Mcs-AdmPwdExpirationTime",
  "msLAPS-PasswordExpirationTime",
  "msDS-UserPasswordExpiryTimeComputed",
  "msDS-UserPasswordNotRequired",
  "passwordRetryCount",
  "shadowLastChange",
  "tokenGroups",
  "sshPublicKey",
  "userCertificate",
  "2.5.4.36",
  "secretary",
  "keywords",
  "shippingAddress",
  "mail",
])("%s is none", (name) => {
  expect(isCredential(name)).toBe(false);
});

test("whoever is asked for by name is kept; what is left out is told, each once", () => {
  const withheld = new Withheld(["*", "userPassword"]);
  expect(withheld.has("userPassword;x-hash")).toBe(false);
  expect(withheld.has("oathSecret")).toBe(true);
  expect(withheld.has("OATHSECRET;x")).toBe(true);
  expect(withheld.told).toEqual(["oathsecret"]);
});
