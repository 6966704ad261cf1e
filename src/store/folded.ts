import { sql, type RawBuilder } from "kysely";

/** Index rows have a limit; what is longer is compared by its beginning. */
export const KEY_LENGTH = 400;

/** A value in the form in which it is compared; the database's side of `lib/fold.ts`. */
export function foldedValue(value: RawBuilder<unknown>): RawBuilder<string> {
  const start = sql`left(${value}, ${sql.lit(KEY_LENGTH)})`;
  return sql<string>`replace(lower(normalize(${start}, NFKC)), 'ς', 'σ')`;
}
