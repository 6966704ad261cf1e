import { expect, test } from "vitest";
import { integer, TAG, tlv } from "./ber.ts";
import { PASSWORD_EXPIRED, PASSWORD_POLICY } from "./oids.ts";
import { unusableBy } from "./password-policy.ts";
import { ResponseControls } from "./result.ts";

function controls(policy: Buffer | null, isExpired = false): ResponseControls {
  const all = new ResponseControls();
  if (policy !== null) all.add(PASSWORD_POLICY, policy);
  if (isExpired) all.add(PASSWORD_EXPIRED, Buffer.from("0"));
  return all;
}

const error = (code: number): Buffer => tlv(TAG.sequence, integer(code, 0x81));
/** So many logins are left with a password that has expired. */
const grace = tlv(TAG.sequence, tlv(0xa0, integer(3, 0x81)));
const SUCCESS = 0;
const REFUSED = 49;

test.each<[string, ResponseControls, number, string | null]>([
  ["nothing is said", controls(null), SUCCESS, null],
  ["nothing is said of a wrong password", controls(tlv(TAG.sequence)), REFUSED, null],
  ["the password has expired", controls(error(0)), REFUSED, "has expired"],
  ["the account is locked", controls(error(1)), REFUSED, "is locked"],
  ["it was reset, though the login succeeds", controls(error(2)), SUCCESS, "has to change"],
  ["389's own control, with success", controls(null, true), SUCCESS, "has to change"],
  ["389's own control, with a refusal", controls(null, true), REFUSED, "has expired"],
  ["a login that is allowed after the end", controls(grace), SUCCESS, null],
  ["the same as FreeIPA says it, in both ways", controls(grace, true), SUCCESS, null],
  ["what is no answer to the question", controls(Buffer.from("nonsense")), SUCCESS, null],
  ["a number that is of changing passwords", controls(error(6)), REFUSED, null],
])("%s", (_, given, code, words) => {
  const unusable = unusableBy(given, code);
  if (words === null) expect(unusable).toBeNull();
  else expect(unusable).toMatchObject({ code: "ldap.accountUnusable" });
  expect(unusable?.text ?? "").toContain(words ?? "");
});

test("a control that comes twice proves nothing about the account", () => {
  const twice = controls(error(1));
  twice.add(PASSWORD_POLICY, error(2));
  expect(unusableBy(twice, SUCCESS)).toBeNull();
});
