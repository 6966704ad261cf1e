/**
 * One line of CSV (RFC 4180), without its end of line. A cell that a spreadsheet would run as a
 * formula is prefixed with an apostrophe, because these values come from directories that many
 * people may write to.
 */
export function csvLine(cells: readonly (string | number | boolean | null | undefined)[]): string {
  return cells.map(csvCell).join(",");
}

function csvCell(cell: string | number | boolean | null | undefined): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell !== "string") return String(cell);
  const plain = cell.replaceAll(STEERING, (sign) => `\\x${sign.charCodeAt(0).toString(16)}`);
  const safe = isFormula(plain) ? `'${plain}` : plain;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Controls but for line ends and tabs, and what turns the direction of writing over what follows. */
const STEERING = /(?![\n\r\t])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu;

/** Spreadsheets pass over blanks, line ends and unseen signs, and read wide forms as the usual ones. */
const BEFORE = /^[\s\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]+/u;
const NUMBER = /^\+?[\d ().-]+$/;

function isFormula(cell: string): boolean {
  const start = cell.replace(BEFORE, "").slice(0, 8).normalize("NFKC");
  const isBegun = /^[=+\-@\u2212]/.test(start) || /^[\t\r]/.test(cell);
  return isBegun && !NUMBER.test(cell);
}
