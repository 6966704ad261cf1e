const TIME = /^(\d{4})-(\d\d)-(\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/;
const LATEST = Date.UTC(9999, 11, 31);

/**
 * A time of ISO 8601: a day, or a day and a time. Without an offset it is of UTC, as all times are
 * that Rollcall prints. @returns null for anything else, also for a day that does not exist
 */
export function parseIsoTime(text: string): Date | null {
  const match = TIME.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0] = match.slice(1, 4).map(Number);
  const real = new Date(Date.UTC(year, month - 1, day));
  if (real.getUTCDate() !== day || real.getUTCMonth() + 1 !== month) return null;
  const zoned = text.includes("T") && match[4] === undefined ? `${text}Z` : text;
  const time = Date.parse(zoned);
  return Number.isNaN(time) || time < 0 || time > LATEST ? null : new Date(time);
}
