import { COUNTRIES } from "../mapping/countries.ts";
import type { ErrorCode } from "../model/errors.ts";
import type { AttributeFormat } from "../model/profile-schema.ts";
import { LANGUAGE_CODES } from "./iso-codes.ts";

const COUNTRY_CODES: ReadonlySet<string> = new Set(COUNTRIES.map((country) => country.alpha2));

const CONSTRAINT = "platform.cvd.profile.property.constraint.violation";

export interface FormatFault {
  readonly code: ErrorCode;
  readonly message: string;
}

/** dot-atom of RFC 5322 3.2.3, with the international characters of RFC 6531 3.3. */
const ATOM = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u{80}-\u{10FFFF}]+$/u;
const LABEL = /^[A-Za-z0-9\-\u{80}-\u{10FFFF}]+$/u;
/** Most logins and addresses. */
const PLAIN = /^[!-~]*$/;
/** Signs that nobody sees, or that turn the direction of writing, make one name look like another. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Zl}\p{Zp}\p{Zs}\p{Co}\p{Cn}\p{Cs}]/u;
const LOCALE = /^([a-z]{2})_([A-Z]{2})$/;
const DATE_TIME =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?$/;

/** What is wrong with a text of this format; null if nothing. */
export function formatFault(format: AttributeFormat, text: string): FormatFault | null {
  return CHECKS[format](text);
}

const CHECKS: Readonly<Record<AttributeFormat, (text: string) => FormatFault | null>> = {
  login: (text) => {
    if (/\p{Cc}/u.test(text)) return fault("invalidLogin", "contains a control character");
    const sign = unseenSign(text);
    if (sign !== null) return fault("invalidLogin", `contains ${sign}`);
    return isEmail(text)
      ? null
      : fault("invalidLoginEmail", "is not in the form of an e-mail address");
  },
  email: (text) => {
    const sign = unseenSign(text);
    if (sign !== null) return fault("doesNotMatchPattern", `contains ${sign}`);
    return isEmail(text) ? null : fault("doesNotMatchPattern", "is not an e-mail address");
  },
  uri: (text) => {
    const parses = !/\s/.test(text) && URL.canParse(text, "http://localhost/");
    return parses ? null : fault(`${CONSTRAINT}.uri`, "is not a URL");
  },
  "country-code": (text) => {
    if (COUNTRY_CODES.has(text)) return null;
    const capitals = text.toUpperCase();
    const hint = COUNTRY_CODES.has(capitals) ? `; in capitals, ${capitals}, it is one` : "";
    return fault(
      `${CONSTRAINT}.countryCode`,
      `is not a two-letter country code (ISO 3166-1)${hint}`,
    );
  },
  "language-code": (text) => {
    return isLanguageList(text)
      ? null
      : fault(`${CONSTRAINT}.languageCode`, "is not a language tag");
  },
  locale: (text) => {
    const [, language = "", country = ""] = LOCALE.exec(text) ?? [];
    const known = LANGUAGE_CODES.has(language) && COUNTRY_CODES.has(country);
    return known ? null : fault(`${CONSTRAINT}.localeFormat`, "is not a locale such as en_US");
  },
  timezone: (text) => {
    return isTimeZone(text)
      ? null
      : fault(`${CONSTRAINT}.timezone`, "is not an IANA time zone such as Europe/Berlin");
  },
  "date-time": (text) => {
    const valid = DATE_TIME.test(text) && isCalendarDay(text) && !Number.isNaN(Date.parse(text));
    return valid ? null : fault(`${CONSTRAINT}.dateFormat`, "is not a date and time of ISO 8601");
  },
};

function fault(code: ErrorCode, message: string): FormatFault {
  return { code, message };
}

/** There is no 31 February, although Date.parse takes it for one in March. */
function isCalendarDay(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split("-").map(Number);
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
}

function isEmail(text: string): boolean {
  if (text.length > 254) return false;
  const at = text.lastIndexOf("@");
  const [local, domain] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
  return (
    at > 0 && local.split(".").every((part) => ATOM.test(part)) && domain.split(".").every(isLabel)
  );
}

function isLabel(text: string): boolean {
  return LABEL.test(text) && !text.startsWith("-") && !text.endsWith("-");
}

/** The first sign of a text that cannot be seen, by its number; null if there is none. */
function unseenSign(text: string): string | null {
  if (PLAIN.test(text)) return null;
  const [sign] = UNSEEN.exec(text) ?? [];
  if (sign === undefined || sign === " ") return null;
  const number = (sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return `a sign that cannot be seen (U+${number})`;
}

/** One tag or a list with weights: `de, en;q=0.8` (RFC 2798 section 2.7, RFC 7231 5.3.5). */
const isLanguageList = remembered((text) =>
  text.split(",").every((part) => {
    const [tag = "", ...weights] = part.trim().split(";");
    if (!weights.every((weight) => /^\s*q=(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*$/.test(weight)))
      return false;
    return tag === "*" || accepts(() => Intl.getCanonicalLocales(tag));
  }),
);

/** By the runtime's own tables: its list of names leaves out valid ones such as Asia/Kolkata. */
const isTimeZone = remembered(
  (text) =>
    /^[A-Za-z]/.test(text) && accepts(() => new Intl.DateTimeFormat("en", { timeZone: text })),
);

function accepts(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}

/** Organisations have few different values; asking the runtime takes 20 µs and more. */
function remembered(test: (text: string) => boolean): (text: string) => boolean {
  const answers = new Map<string, boolean>();
  return (text) => {
    let answer = answers.get(text);
    if (answer === undefined) {
      answer = test(text);
      if (answers.size < 1000) answers.set(text, answer);
    }
    return answer;
  };
}
