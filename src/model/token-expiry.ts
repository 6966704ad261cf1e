import { parseDuration } from "../lib/duration.ts";
import { parseIsoTime } from "../lib/iso-time.ts";

/**
 * When a token is to end, as people say it: after a time (`90d`), or at a date.
 * @param now milliseconds since 1970 @returns null if it is neither
 */
export function tokenExpiry(text: string, now: number): Date | null {
  const duration = parseDuration(text);
  const at = duration === null ? parseIsoTime(text) : new Date(now + duration);
  return at === null || Number.isNaN(at.getTime()) ? null : at;
}
