/** Indexes by which clients of the API find users; made where an API is offered, and nowhere else. */
import { sql, type RawBuilder } from "kysely";
import type { Store } from "./database.ts";
import { searchKey } from "./filters/search-key.ts";

/** Attributes that clients look people up by. Whoever searches by another one walks through all. */
export const SEARCHED = [
  "login",
  "email",
  "firstName",
  "lastName",
  "department",
  "employeeNumber",
] as const;

/** By name: of what, and of whom. */
const INDEXES: readonly (readonly [string, RawBuilder<unknown>, RawBuilder<unknown>?])[] = [
  ...SEARCHED.map((name) => {
    const key = searchKey(sql`profile->>${sql.lit(name)}`);
    return [`users_search_${name.toLowerCase()}`, sql`(${key}), id`] as const;
  }),
  ["users_search_updated", sql`updated_at, id`],
  ["users_search_short_name", sql`split_part(login_key, '@', 1)`],
  ["users_search_status", sql`status, id`, sql`status <> 'active'`],
];

/** Makes what is missing, without keeping anybody from writing meanwhile. */
export async function ensureSearchIndexes({ db, kind }: Store): Promise<void> {
  for (const [name, columns, ofWhom] of INDEXES) {
    const { rows } = await sql<{ valid: boolean }>`
      select i.indisvalid as valid from pg_class c join pg_index i on i.indexrelid = c.oid
      where c.relname = ${name} and pg_table_is_visible(c.oid)`.execute(db);
    if (rows[0]?.valid === true) continue;
    // One that was being made when its process ended is of no use.
    if (rows.length > 0) await sql`drop index if exists ${sql.id(name)}`.execute(db);
    const how = kind === "postgres" ? sql`concurrently` : sql``;
    const where = ofWhom === undefined ? sql`` : sql`where ${ofWhom}`;
    await sql`create index ${how} if not exists ${sql.id(name)} on users (${columns})
      ${where}`.execute(db);
  }
}
