/** Controls, by their numbers. */
export const PAGED_RESULTS = "1.2.840.113556.1.4.319";
export const DOMAIN_SCOPE = "1.2.840.113556.1.4.1339";
export const SHOW_DELETED = "1.2.840.113556.1.4.417";
/** Of deleted objects also those whose values are gone (the Recycle Bin's next stage). */
export const SHOW_RECYCLED = "1.2.840.113556.1.4.2064";
export const EXTENDED_DN = "1.2.840.113556.1.4.529";
export const DIR_SYNC = "1.2.840.113556.1.4.841";
export const CONTENT_SYNC = "1.3.6.1.4.1.4203.1.9.1.1";
/** Asks for, and says, what a password policy has to say about an account that logs in. */
export const PASSWORD_POLICY = "1.3.6.1.4.1.42.2.27.8.5.1";
/** The password has expired, or has to be changed (draft-vchu-ldap-pwd-policy-00, 4.2). */
export const PASSWORD_EXPIRED = "2.16.840.1.113730.3.4.4";
/** Success and nothing where a range begins behind the last value, instead of an error. */
export const RANGE_RETRIEVAL = "1.2.840.113556.1.4.1948";
