/** When an account expires, by what its directory writes of it. */
import type { DisabledRule } from "./directory.ts";
import { attributeValues, type AppProfile } from "./entry.ts";
import { fileTime, generalizedTime } from "./times.ts";

const DAY = 86_400_000;

/**
 * A moment as directories write it, in milliseconds since 1970: GeneralizedTime (RFC 4517), FILETIME
 * (MS-DTYP 2.3.3), ISO 8601, and for `shadowExpire` days (shadow(5)). Infinity: never. Null: it is
 * none of these.
 */
export function momentOf(attribute: string, text: string): number | null {
  const own = OWN_FORMS[attribute.toLowerCase()];
  if (own !== undefined) return own(text);
  const generalized = generalizedTime(text);
  if (generalized !== null) {
    const date = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`;
    return isDay(date) ? generalized : null;
  }
  const [, date, time = "00:00", zone = "Z"] = ISO.exec(text) ?? [];
  if (date !== undefined)
    return isDay(date) ? validTime(Date.parse(`${date}T${time}${zone}`)) : null;
  const file = text === "0" || /^\d{15,19}$/.test(text) ? fileTime(text) : null;
  if (file === null) return null;
  return file === "never" ? Number.POSITIVE_INFINITY : Date.parse(file);
}

/** Attributes whose values are numbers of their own. */
const OWN_FORMS: Readonly<Record<string, (text: string) => number | null>> = {
  shadowexpire: (text) => {
    if (!/^-?\d{1,7}$/.test(text)) return null;
    return Number(text) < 0 ? Number.POSITIVE_INFINITY : Number(text) * DAY;
  },
  // Seconds since 1970.
  sambakickofftime: (text) => (/^\d{1,11}$/.test(text) ? Number(text) * 1000 : null),
};

/** Without a zone it is UTC, wherever Rollcall runs. */
const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/;

/** Whether there is such a day: 31 November is none. */
function isDay(date: string): boolean {
  const time = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date);
}

function validTime(time: number): number | null {
  return Number.isNaN(time) ? null : time;
}

/** Attributes that every account has, so that their absence means that they cannot be read. */
const EVERYBODY_HAS: ReadonlySet<string> = new Set(["accountexpires"]);

/** Whether an account has expired by any of the rules, as far as that can be seen. */
export function hasExpired(
  rules: readonly DisabledRule[],
  profile: AppProfile,
  now: number,
): boolean {
  return rules.some((rule) => {
    const expiry = rule.expires === true ? expiryOf(rule, profile) : null;
    return expiry !== null && expiry <= now;
  });
}

/** When an account expires, by a rule; Infinity: never; null: that cannot be seen. */
export function expiryOf({ attribute }: DisabledRule, profile: AppProfile): number | null {
  const values = attributeValues(profile, attribute);
  if (values.length === 0)
    return EVERYBODY_HAS.has(attribute.toLowerCase()) ? null : Number.POSITIVE_INFINITY;
  const [only, ...others] = values;
  return typeof only === "string" && others.length === 0 ? momentOf(attribute, only) : null;
}
