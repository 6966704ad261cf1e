/** Times as the API tells them, without a `Date` in between: pages have hundreds of them. */
import { sql, type RawBuilder } from "kysely";

/** A time as Postgres writes it in UTC; `isoOf` reads it. */
export function utcText<T extends string | null = string | null>(column: string): RawBuilder<T> {
  return sql<T>`(${sql.ref(column)} at time zone 'UTC')::text`;
}

/** Of `2026-11-30 23:59:59.120001` the same with T, milliseconds and Z, as `Date` writes it. */
export function isoOf(text: string): string {
  // A year of more than four digits; whoever has such a clock has other worries.
  if (text[10] !== " ") return `${text.replace(" ", "T")}Z`;
  const milliseconds = text.slice(20, 23).padEnd(3, "0");
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${milliseconds}Z`;
}
