/** Moments: an instant, and the zone in which it is shown. Written as ISO 8601 (RFC 3339). */
import { EvaluationError } from "../problem.ts";
import { type DateTimeFields, DAY_MS, daysInMonth, fieldsOf, millisOf, pad } from "./calendar.ts";
import { fromLocal, offsetText, offsetZone, UTC, zoneOf, type Zone } from "./zones.ts";

export interface Moment {
  readonly kind: "moment";
  /** Milliseconds since 1970-01-01T00:00Z. */
  readonly millis: number;
  readonly zone: Zone;
  /** Whether it was given with milliseconds, and so is shown with them. */
  readonly precise: boolean;
}

/** Years 0 to 9999: what four digits can say. */
const FIRST = -62_167_219_200_000;
const LAST = 253_402_300_799_999;

export function moment(millis: number, zone: Zone = UTC, precise = true): Moment {
  if (!(millis >= FIRST && millis <= LAST))
    throw new EvaluationError("The time lies outside of the years 0000 to 9999.");
  return { kind: "moment", millis, zone, precise };
}

export function isRepresentable(millis: number): boolean {
  return millis >= FIRST && millis <= LAST;
}

/** "2015-07-31T12:18:37.979-05:00"; the name of a zone is not shown. */
export function formatMoment({ millis, zone, precise }: Moment): string {
  const offset = zone.offsetAt(millis);
  const end = offset === 0 && zone.id === "Z" ? "Z" : offsetText(offset, ":");
  return `${localText(millis + offset, precise)}${end}`;
}

/** As java.time writes a ZonedDateTime: no milliseconds where there are none, and the zone's name. */
export function formatZoned({ millis, zone, precise }: Moment, always = precise): string {
  const offset = zone.offsetAt(millis);
  const local = localText(millis + offset, always || fieldsOf(millis).millisecond !== 0);
  if (zone.id === "Z") return `${local}Z`;
  const shown = `${local}${offsetText(offset, ":")}`;
  return /^[+-]/.test(zone.id) ? shown : `${shown}[${zone.id}]`;
}

function localText(local: number, milliseconds: boolean): string {
  const { year, month, day, hour, minute, second, millisecond } = fieldsOf(local);
  const date = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  const time = `${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}`;
  return `${date}T${time}${milliseconds ? `.${pad(millisecond, 3)}` : ""}`;
}

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}(?::?\d{2})?)?(?:\[([^\]]{1,64})\])?)?$/;

/** Reads ISO 8601; without an offset it is UTC. Null if the text is no such time. */
export function parseIso(text: string): Moment | null {
  const match = ISO.exec(text.trim());
  if (match === null) return null;
  const [, , , , , , , fraction = "", offset, name = offset ?? "Z"] = match;
  const fields = isoFields(match, fraction);
  const [zone, shown] = [zoneOf(offset ?? name), zoneOf(name)];
  if (fields === null || zone === null || shown === null) return null;
  const millis = fromLocal(millisOf(fields), zone);
  return isRepresentable(millis) ? moment(millis, shown, fraction !== "") : null;
}

function isoFields(match: RegExpExecArray, fraction: string): DateTimeFields | null {
  const [year, month, day, hour, minute, second] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0)) as [number, number, number, number, number, number];
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return null;
  if (hour > 23 || minute > 59 || second > 59) return null;
  const millisecond = Number(fraction.padEnd(3, "0").slice(0, 3));
  return { year, month, day, hour, minute, second, millisecond };
}

/** 100 nanoseconds since 1601 (MS-DTYP 2.3.3). */
const FILETIME_EPOCH = 11_644_473_600_000n;

/** Null for times that no four-digit year can say, such as the one that stands for "never". */
export function fromWindows(text: string): Moment | null {
  if (!/^\d{1,20}$/.test(text.trim()))
    throw new EvaluationError(`${shown(text)} is no Windows time, which is a whole number.`);
  const millis = Number(BigInt(text.trim()) / 10_000n - FILETIME_EPOCH);
  return isRepresentable(millis) ? moment(millis) : null;
}

export function toWindows({ millis }: Moment): string {
  const ticks = (BigInt(millis) + FILETIME_EPOCH) * 10_000n;
  if (ticks < 0n) throw new EvaluationError("There are no Windows times before 1601.");
  return String(ticks);
}

/** Milliseconds since 1970, as text. */
export function fromUnix(text: string): Moment {
  if (!/^-?\d{1,17}$/.test(text.trim()))
    throw new EvaluationError(
      `${shown(text)} is no Unix time in milliseconds, which is a whole number.`,
    );
  return moment(Number(text.trim()));
}

export function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 37).toWellFormed()}…` : text);
}

/** A moment from the fields of a local time in a zone, or at an offset. */
export function fromFields(
  local: number,
  place: { readonly offset: number | null; readonly zone: Zone },
  precise: boolean,
): Moment {
  if (place.offset !== null) return moment(local - place.offset, offsetZone(place.offset), precise);
  return moment(fromLocal(local, place.zone), place.zone, precise);
}

export function plusMillis(from: Moment, amount: number): Moment {
  return moment(from.millis + amount, from.zone, from.precise);
}

/** Days of the calendar: the same hour of another day, also across a change of the clock. */
export function plusDays(from: Moment, days: number): Moment {
  const local = from.millis + from.zone.offsetAt(from.millis) + days * DAY_MS;
  if (!isRepresentable(local)) return moment(local);
  return moment(fromLocal(local, from.zone), from.zone, from.precise);
}
