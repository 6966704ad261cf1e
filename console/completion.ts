/** Which words may be meant by what stands before the caret of an expression. */
import type { ExpressionWord } from "../src/questions/expressions.ts";

export interface Completion {
  readonly of: ExpressionWord;
  /** Where the word begins that is replaced. */
  readonly from: number;
  /** What stands there then, with the parenthesis that opens the arguments. */
  readonly text: string;
}

const MOST = 8;

/**
 * @param words all that an expression may use
 * @param before the expression up to the caret
 */
export function completionsOf(words: readonly ExpressionWord[], before: string): Completion[] {
  if (isInText(before)) return [];
  const typed = /[A-Za-z_.][\w.]*$/.exec(before)?.[0] ?? "";
  const point = typed.lastIndexOf(".");
  const last = typed.slice(Math.max(point, 0)).toLowerCase();
  const whole = typed.toLowerCase();
  if (whole === "") return [];
  const found = words.flatMap((of): Completion[] => {
    const word = of.word.toLowerCase();
    // A method stands behind any value, so only what comes behind the last point counts.
    const begins = of.kind === "method" ? point >= 0 && last : whole;
    if (begins === false || word === begins) return [];
    const isMeant = word.startsWith(begins) || (point < 0 && lastPart(word).startsWith(whole));
    const from = before.length - begins.length;
    return isMeant ? [{ of, from, text: of.kind === "name" ? of.word : `${of.word}(` }] : [];
  });
  return found.toSorted((a, b) => rank(a) - rank(b)).slice(0, MOST);

  /** What begins as it was typed comes before what has such a part; nothing else is put in order. */
  function rank({ of }: Completion): number {
    return of.word.toLowerCase().startsWith(whole) ? 0 : 1;
  }
}

function lastPart(word: string): string {
  return word.slice(word.lastIndexOf(".") + 1);
}

/** Whether the caret is between quotes. One that is written twice stands for itself. */
function isInText(before: string): boolean {
  let open = "";
  for (const sign of before) {
    if (open === "" && (sign === '"' || sign === "'")) open = sign;
    else if (sign === open) open = "";
  }
  return open !== "";
}
