import { sql, type RawBuilder } from "kysely";

/** Index rows have a limit; what is longer is compared by its beginning. */
export const KEY_LENGTH = 400;

/** A value in the form in which it is compared; the database's side of `lib/fold.ts`. */
export function foldedValue(value: RawBuilder<unknown>): RawBuilder<string> {
  const start = sql`left(${value}, ${sql.lit(KEY_LENGTH)})`;
  // Databases have other small letters for this one, by their locale.
  const plain = sql`replace(normalize(${start}, NFKC), 'İ', ${sql.lit("i\u0307")})`;
  return sql<string>`replace(normalize(lower(${plain}), NFKC), 'ς', 'σ')`;
}
