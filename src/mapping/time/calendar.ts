/**
 * Days and dates of the proleptic Gregorian calendar, by arithmetic alone: expressions are pure,
 * and the platform's dates know the machine's clock and time zone.
 */

export const DAY_MS = 86_400_000;

export interface DateTimeFields {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
}

/** Days since 1970-01-01; the year begins in March, so that the leap day is the last one. */
export function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

export function dateOf(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/** Milliseconds since 1970 of a date and time, as if it were UTC. */
export function millisOf(fields: DateTimeFields): number {
  const { year, month, day, hour, minute, second, millisecond } = fields;
  return (
    daysOf(year, month, day) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + millisecond
  );
}

export function fieldsOf(millis: number): DateTimeFields {
  const days = Math.floor(millis / DAY_MS);
  let rest = millis - days * DAY_MS;
  const millisecond = rest % 1000;
  rest = Math.floor(rest / 1000);
  const second = rest % 60;
  rest = Math.floor(rest / 60);
  return { ...dateOf(days), hour: Math.floor(rest / 60), minute: rest % 60, second, millisecond };
}

export function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Monday is 1, Sunday 7. */
export function weekday(days: number): number {
  return ((((days + 3) % 7) + 7) % 7) + 1;
}

export function dayOfYear({ year, month, day }: DateTimeFields): number {
  return daysOf(year, month, day) - daysOf(year, 1, 1) + 1;
}

/** The week of ISO 8601: it belongs to the year that its Thursday lies in. */
export function isoWeek({ year, month, day }: DateTimeFields): { year: number; week: number } {
  const days = daysOf(year, month, day);
  const thursday = days - weekday(days) + 4;
  const weekYear = dateOf(thursday).year;
  return { year: weekYear, week: Math.floor((thursday - daysOf(weekYear, 1, 1)) / 7) + 1 };
}

export function pad(number: number, width: number): string {
  return number < 0 ? `-${pad(-number, width)}` : String(number).padStart(width, "0");
}
