/** How both APIs understand a question about the System Log: its times, and its words. */
import { parseIsoTime } from "../lib/iso-time.ts";

const WEEK_MS = 7 * 86_400_000;
/** As many as Okta takes; each is looked for in every event of the time. */
const MOST_WORDS = 10;
export const WORDS_FORM = `${MOST_WORDS} words at most, with blanks between`;

/** From when on, where nobody says it. */
export function usualSince(now: number): Date {
  return new Date(now - WEEK_MS);
}

/** A time, also as JavaScript's dates write themselves; null: it is none. */
export function timeOfLog(text: string): Date | null {
  return parseIsoTime(text) ?? jsDate(text);
}

function jsDate(text: string): Date | null {
  if (!/^[A-Z][a-z]{2} [A-Z][a-z]{2} \d{2} \d{4} /.test(text)) return null;
  // A blank that stands for the plus sign of the zone.
  const time = new Date(text.replace(/GMT (\d{4})/, "GMT+$1"));
  return Number.isNaN(time.getTime()) ? null : time;
}

/** Null: there are too many. */
export function wordsOfLog(text: string): string[] | null {
  const words = text.split(/\s+/).filter(Boolean);
  return words.length > MOST_WORDS ? null : words;
}
