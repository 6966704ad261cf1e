/**
 * What servers say about an account beside the answer to its login: OpenLDAP and others by the control
 * for password policies (draft-behera-ldap-password-policy-11, 6), 389 and its kin by one of their own.
 */
import { BerCursor, BerError, TAG } from "./ber.ts";
import { PASSWORD_EXPIRED, PASSWORD_POLICY } from "./oids.ts";
import type { ResponseControls } from "./result.ts";
import type { Meaning } from "./windows-words.ts";

const MUST_CHANGE = "the account has to change its password before it may do anything else";
/** By the number of the error. Others are about changing a password. */
const ERRORS: readonly string[] = [
  "the account's password has expired",
  "the account is locked",
  MUST_CHANGE,
];
const CHANGE_AFTER_RESET = 2;
const ERROR_TAG = 0x81;

/**
 * Why an account cannot be used; null: nothing was said, or nothing that can be understood.
 * @param code of the answer: who logged in may still have nothing but a password to change
 */
export function unusableBy(controls: ResponseControls, code: number): Meaning | null {
  const text = policyError(controls, code) ?? expired(controls, code);
  return text === null ? null : { code: "ldap.accountUnusable", text };
}

function policyError(controls: ResponseControls, code: number): string | null {
  try {
    const value = controls.get(PASSWORD_POLICY);
    if (value === undefined || value.length === 0) return null;
    const list = new BerCursor(value).enter(TAG.sequence);
    while (!list.done && list.peek() !== ERROR_TAG) list.take(list.peek());
    if (list.done) return null;
    const error = list.integer(ERROR_TAG);
    // A login that succeeded with an expired password is one of those that are allowed afterwards.
    return code === 0 && error !== CHANGE_AFTER_RESET ? null : (ERRORS[error] ?? null);
  } catch (error) {
    if (error instanceof BerError) return null;
    throw error;
  }
}

function expired(controls: ResponseControls, code: number): string | null {
  if (!controls.has(PASSWORD_EXPIRED)) return null;
  // FreeIPA lets expired passwords in for some time, and says by the other control how often.
  if (code === 0 && controls.has(PASSWORD_POLICY)) return null;
  return code === 0 ? MUST_CHANGE : (ERRORS[0] ?? null);
}
