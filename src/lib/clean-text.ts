/** What no text of ours may contain: controls and line ends, signs that nobody sees or that turn the direction of writing. */
const LINES = /[\p{Cc}\u2028\u2029]+/gu;
const UNSEEN = /[\p{Cf}\u{e0000}-\u{e0fff}]/gu;

/** A text from outside as one line: nothing in it steers a terminal or is refused by a database. */
export function cleanText(text: string): string {
  return text
    .toWellFormed()
    .replace(LINES, " ")
    .replace(UNSEEN, "")
    .replaceAll(/ {2,}/g, " ")
    .trim();
}
