import { sql, type RawBuilder } from "kysely";

/** Cursors carry keys, and index rows have a limit: of longer texts the beginning counts. */
const KEY_LENGTH = 200;

/** A time as lists are put in order by it, and found by the indexes; none is before all others. */
export function timeKey(column: RawBuilder<unknown>): RawBuilder<Date> {
  return sql<Date>`coalesce(${column}, '-infinity')`;
}

/**
 * A text as lists are put in order by it, and found by the indexes, which are made of the same
 * expression: without regard to case, by the characters' numbers. No value is the empty text.
 */
export function searchKey(value: RawBuilder<unknown>): RawBuilder<string> {
  return sql<string>`left(lower(coalesce(${value}, '')), ${sql.lit(KEY_LENGTH)}) collate "C"`;
}
