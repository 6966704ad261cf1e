/** Time zones: IANA names, offsets such as +02:00, and the short names that Java and Joda know. */
import { fieldsOf, millisOf, pad } from "./calendar.ts";

export interface Zone {
  /** As it is shown: "Z", "+02:00", "Asia/Tokyo". */
  readonly id: string;
  /** Milliseconds to add to UTC at a moment. */
  offsetAt(millis: number): number;
}

/** Short names as java.time.ZoneId.SHORT_IDS has them; EST, MST and HST have no summer time. */
const SHORT: ReadonlyMap<string, string> = new Map(
  Object.entries({
    EST: "-05:00",
    MST: "-07:00",
    HST: "-10:00",
    ACT: "Australia/Darwin",
    AET: "Australia/Sydney",
    AGT: "America/Argentina/Buenos_Aires",
    ART: "Africa/Cairo",
    AST: "America/Anchorage",
    BET: "America/Sao_Paulo",
    BST: "Asia/Dhaka",
    CAT: "Africa/Harare",
    CNT: "America/St_Johns",
    CST: "America/Chicago",
    CTT: "Asia/Shanghai",
    EAT: "Africa/Addis_Ababa",
    ECT: "Europe/Paris",
    IET: "America/Indiana/Indianapolis",
    IST: "Asia/Kolkata",
    JST: "Asia/Tokyo",
    MIT: "Pacific/Apia",
    NET: "Asia/Yerevan",
    NST: "Pacific/Auckland",
    PLT: "Asia/Karachi",
    PNT: "America/Phoenix",
    PRT: "America/Puerto_Rico",
    PST: "America/Los_Angeles",
    SST: "Pacific/Guadalcanal",
    VST: "Asia/Ho_Chi_Minh",
  }),
);

export const UTC: Zone = { id: "Z", offsetAt: () => 0 };

const OFFSET = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$/;
const MAX_OFFSET_HOURS = 18;
const known = new Map<string, Zone | null>();
const MAX_KNOWN = 1000;

/** The zone of a name; null if there is none. */
export function zoneOf(name: string): Zone | null {
  const cached = known.get(name);
  if (cached !== undefined) return cached;
  const zone = findZone(SHORT.get(name) ?? name);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(name, zone);
  return zone;
}

function findZone(name: string): Zone | null {
  if (/^(?:etc\/)?(?:utc|gmt|z|ut|uct|zulu|universal|greenwich|gmt[+-]?0)$/i.test(name)) return UTC;
  const offset = OFFSET.exec(name);
  if (offset !== null) return fixedZone(offset);
  if (!/^[A-Za-z][A-Za-z0-9+_/-]{1,63}$/.test(name)) return null;
  try {
    return namedZone(name);
  } catch {
    return null;
  }
}

function fixedZone([, sign, hours = "0", minutes = "0"]: RegExpExecArray): Zone | null {
  const [h, m] = [Number(hours), Number(minutes)];
  if (h > MAX_OFFSET_HOURS || m > 59) return null;
  return offsetZone((sign === "-" ? -1 : 1) * (h * 60 + m) * 60_000);
}

/** A zone that always is so many milliseconds ahead of UTC. */
export function offsetZone(offset: number): Zone {
  return offset === 0 ? UTC : { id: offsetText(offset, ":"), offsetAt: () => offset };
}

/** The offset changes a few times a year; asking the platform for it is slow. */
const HOUR = 3_600_000;
const MAX_CACHED = 10_000;

function namedZone(name: string): Zone {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: name,
    hourCycle: "h23",
    era: "short",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const cache = new Map<number, number>();
  const offsetAt = (millis: number): number => {
    // Zones change at full quarters of an hour at the finest.
    const slot = Math.floor(millis / (HOUR / 4));
    let offset = cache.get(slot);
    if (offset === undefined) {
      if (cache.size >= MAX_CACHED) cache.clear();
      offset = computeOffset(format, slot * (HOUR / 4));
      cache.set(slot, offset);
    }
    return offset;
  };
  return { id: name, offsetAt };
}

function computeOffset(format: Intl.DateTimeFormat, millis: number): number {
  const parts = new Map(format.formatToParts(millis).map(({ type, value }) => [type, value]));
  const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type) ?? 0);
  const year = parts.get("era") === "BC" ? 1 - number("year") : number("year");
  const [month, day] = [number("month"), number("day")];
  const [hour, minute, second] = [number("hour"), number("minute"), number("second")];
  return millisOf({ year, month, day, hour, minute, second, millisecond: 0 }) - millis;
}

/** The moment of a local time. In the gap of a change, the later side; in the overlap, the first. */
export function fromLocal(local: number, zone: Zone): number {
  const before = zone.offsetAt(local - 24 * HOUR);
  const after = zone.offsetAt(local + 24 * HOUR);
  for (const offset of [before, after]) {
    if (zone.offsetAt(local - offset) === offset) return local - offset;
  }
  return local - before;
}

/** "+05:30"; with another separator, "+0530". */
export function offsetText(offset: number, separator: string): string {
  const { hour, minute } = fieldsOf(Math.abs(offset));
  return `${offset < 0 ? "-" : "+"}${pad(hour, 2)}${separator}${pad(minute, 2)}`;
}
