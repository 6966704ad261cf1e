/**
 * The name by which expressions know a column: its heading, with `_` for whatever cannot stand in a
 * name. `Employee Number` is `appuser.Employee_Number`. Empty where nothing is left.
 */
export function columnName(heading: string): string {
  const name = heading
    .normalize("NFC")
    .replaceAll(/[^\p{L}\p{N}]+/gu, "_")
    .replaceAll(/^_|_$/g, "");
  return /^\p{N}/u.test(name) ? `_${name}` : name;
}
