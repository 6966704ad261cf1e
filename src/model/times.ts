/** The two ways in which directories write times, and the two bit fields that need words. */

const GENERALIZED = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)?(\d\d)?(?:[.,](\d+))?(Z|[+-]\d\d(?:\d\d)?)$/;

/**
 * GeneralizedTime (RFC 4517 section 3.3.13) as milliseconds since 1970; null if it is none. A
 * fraction belongs to the smallest unit that is given.
 */
export function generalizedTime(text: string): number | null {
  const match = GENERALIZED.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction, zone = "Z"] = match;
  const numbers = [year, month, day, hour, minute ?? 0, second ?? 0].map(Number);
  if (!numbers.every((number, i) => inRange(number, LIMITS[i]))) return null;
  const [y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0] = numbers;
  const date = new Date(0);
  // Not Date.UTC, which takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(y, mo - 1, d);
  date.setUTCHours(h, mi, s);
  const unit = second !== undefined ? 1000 : minute !== undefined ? 60_000 : 3_600_000;
  const part = fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * unit);
  return date.getTime() + part - zoneOffset(zone);
}

/** Year to second; a minute may have a leap second. */
const LIMITS: readonly (readonly [number, number])[] = [
  [0, 9999],
  [1, 12],
  [1, 31],
  [0, 23],
  [0, 59],
  [0, 60],
];

function inRange(number: number, limits: readonly [number, number] | undefined): boolean {
  return limits !== undefined && number >= limits[0] && number <= limits[1];
}

function zoneOffset(zone: string): number {
  if (zone === "Z") return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3, 5) || 0);
  return (zone.startsWith("-") ? -1 : 1) * minutes * 60_000;
}

/** Milliseconds since 1970 as GeneralizedTime in UTC, to the second. */
export function toGeneralizedTime(time: number, fraction: boolean): string {
  const digits = new Date(time).toISOString().replaceAll(/\D/g, "").slice(0, 14);
  return `${digits}${fraction ? ".0" : ""}Z`;
}

const MILLISECONDS_TO_1970 = 11_644_473_600_000n;
const GREATEST = 2n ** 63n - 1n;
const NEVER = new Set(["0", "9223372036854775807"]);

/** A FILETIME (100 ns since 1601) as ISO 8601, or "never"; null if it is none. MS-DTYP 2.3.3 */
export function fileTime(text: string): string | null {
  if (NEVER.has(text)) return "never";
  if (!/^\d{1,19}$/.test(text)) return null;
  const ticks = BigInt(text);
  if (ticks > GREATEST) return null;
  return new Date(Number(ticks / 10_000n - MILLISECONDS_TO_1970)).toISOString();
}

const FILETIMES = new Set([
  "accountexpires",
  "pwdlastset",
  "lastlogon",
  "lastlogontimestamp",
  "lastlogoff",
  "lockouttime",
  "badpasswordtime",
]);

/** Bits of userAccountControl (MS-ADTS 2.2.16). */
const ACCOUNT_BITS: readonly (readonly [number, string])[] = [
  [0x2, "ACCOUNTDISABLE"],
  [0x8, "HOMEDIR_REQUIRED"],
  [0x10, "LOCKOUT"],
  [0x20, "PASSWD_NOTREQD"],
  [0x40, "PASSWD_CANT_CHANGE"],
  [0x80, "ENCRYPTED_TEXT_PWD_ALLOWED"],
  [0x200, "NORMAL_ACCOUNT"],
  [0x800, "INTERDOMAIN_TRUST_ACCOUNT"],
  [0x1000, "WORKSTATION_TRUST_ACCOUNT"],
  [0x2000, "SERVER_TRUST_ACCOUNT"],
  [0x10000, "DONT_EXPIRE_PASSWORD"],
  [0x40000, "SMARTCARD_REQUIRED"],
  [0x80000, "TRUSTED_FOR_DELEGATION"],
  [0x100000, "NOT_DELEGATED"],
  [0x200000, "USE_DES_KEY_ONLY"],
  [0x400000, "DONT_REQ_PREAUTH"],
  [0x800000, "PASSWORD_EXPIRED"],
  [0x1000000, "TRUSTED_TO_AUTH_FOR_DELEGATION"],
];

/** What a raw value means, for people; null if it speaks for itself. */
export function meaningOf(attribute: string, value: string): string | null {
  const name = attribute.toLowerCase();
  if (FILETIMES.has(name)) return fileTime(value);
  if (name === "useraccountcontrol" && /^\d{1,10}$/.test(value)) {
    const bits = ACCOUNT_BITS.filter(([bit]) => (Number(value) & bit) !== 0);
    return bits.map(([, text]) => text).join(", ");
  }
  if (name === "pwdaccountlockedtime" && value === "000001010000Z") return "for good";
  const time = generalizedTime(value);
  return time === null ? null : new Date(time).toISOString();
}
