/** What spreadsheets do to values on the way through them. */

/** `1,23E+11`, or `1.23E11` as some programs write it: a long number with most of its digits lost. */
const SHORTENED = /^-?\d[.,]?\d*E[+-]\d+$/i;
const SHORTENED_BARE = /^-?\d[.,]\d+E\d+$/i;
/** What does not fit into its column. */
const TOO_NARROW = /^#{2,}$/;
const FAULTS = new Set(["#N/A", "#NV", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"]);
/** `="00123"`: how people keep a spreadsheet from dropping zeros. */
const FORMULA = /^="([^"]*)"$/;

export function withoutFormula(value: string): string {
  return FORMULA.exec(value)?.[1] ?? value;
}

/** Why a cell is no value; null: it is one. */
export function faultOf(value: string): string | null {
  if (FAULTS.has(value.toUpperCase()) || TOO_NARROW.test(value))
    return "which a spreadsheet writes where it has no value to show";
  if (SHORTENED.test(value) || SHORTENED_BARE.test(value))
    return "which a spreadsheet makes of a long number; format the column as text and export it again";
  return null;
}

const DAY = /^\d{1,2}([./-])\d{1,2}\1\d{2,4}$/;
const DIGITS = /^\d+$/;
/** From fewer values nothing is concluded. */
const ENOUGH = 5;

/** What a look at a column's values shows that somebody should know; null: nothing. */
export function remarkOn(name: string, values: readonly string[]): string | null {
  if (values.length < ENOUGH) return null;
  if (values.every((value) => DAY.test(value)))
    return `${name} has days such as ${values[0]}, whose order of day and month nothing tells; have them written as 2026-12-31`;
  if (!values.every((value) => DIGITS.test(value))) return null;
  const lengths = new Map<number, number>();
  for (const { length } of values) lengths.set(length, (lengths.get(length) ?? 0) + 1);
  const [usual = 0, most = 0] = [...lengths].toSorted((a, b) => b[1] - a[1])[0] ?? [];
  const shorter = values.find(({ length }) => length < usual);
  if (shorter === undefined || most < values.length * MOSTLY) return null;
  if (values.some((value) => value.length > usual || value.startsWith("0"))) return null;
  return `${name} mostly has ${usual} digits and sometimes fewer (${shorter}): spreadsheets drop leading zeros; format the column as text`;
}

const MOSTLY = 0.7;
