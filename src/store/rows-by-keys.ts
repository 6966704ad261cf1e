import { sql, type RawBuilder, type SelectQueryBuilder } from "kysely";
import type { Connection } from "./connection.ts";
import type { Tables } from "./tables.ts";

/**
 * The rows that have one of many keys, in the order of the keys.
 *
 * Each key is looked up by itself, in an index. Of `= any(…)` the planner may as well read everything that the
 * other conditions leave, page after page; where its statistics are old, it does: while a first import or
 * push goes on, and in the embedded database, where nobody looks after them.
 *
 * @param type of the keys
 * @param lookUp what is selected of one key
 */
export async function rowsByKeys<Table extends keyof Tables, Row>(
  db: Connection,
  keys: readonly string[],
  type: "text" | "uuid",
  lookUp: (key: RawBuilder<string>) => SelectQueryBuilder<Tables, Table, Row>,
): Promise<Row[]> {
  if (keys.length === 0) return [];
  // `offset 0` keeps the planner from making one join of it.
  const one = lookUp(sql<string>`wanted.key`).offset(sql<number>`0`);
  const { rows } = await sql<Row>`
    select found.* from unnest(${[...new Set(keys)]}::${sql.raw(type)}[]) as wanted (key)
    cross join lateral ${one} found`.execute(db);
  return rows;
}
