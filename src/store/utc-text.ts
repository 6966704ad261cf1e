/** Times as the API tells them, without a `Date` in between: pages have hundreds of them. */
import { sql, type RawBuilder } from "kysely";

/** A time as Postgres writes it in UTC; `isoOf` reads it. */
export function utcText<T extends string | null = string | null>(column: string): RawBuilder<T> {
  return sql<T>`(${sql.ref(column)} at time zone 'UTC')::text`;
}

/** Of `2026-11-30 23:59:59.120001` the same with T, milliseconds and Z, as `Date` writes it. */
export function isoOf(text: string): string {
  const end = text.indexOf(" ");
  const [day, time] = [text.slice(0, end), text.slice(end + 1)];
  const milliseconds = time.slice(9, 12).padEnd(3, "0");
  // A year of more than four digits has six, and a sign.
  const date = end === 10 ? day : `+${day.padStart(12, "0")}`;
  return `${date}T${time.slice(0, 8)}.${milliseconds}Z`;
}
