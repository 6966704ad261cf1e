/** Indexes by which clients of the API find users; made where an API is offered, and nowhere else. */
import { createHash } from "node:crypto";
import { sql, type RawBuilder } from "kysely";
import { SEARCHED_ATTRIBUTES, SEARCHED_TIMES } from "../model/search-indexes.ts";
import type { Store } from "./database.ts";
import { searchKey } from "./filters/search-key.ts";

interface Index {
  readonly name: string;
  readonly columns: RawBuilder<unknown>;
  /** Whom it finds; null: everybody. */
  readonly ofWhom: RawBuilder<unknown> | null;
}

/** What an installation has of its own begins so, and goes when it is not configured any more. */
const CONFIGURED = "users_search_by_";

function byAttribute(name: string, attribute: string): Index {
  const key = searchKey(sql`profile->>${sql.lit(attribute)}`);
  return { name, columns: sql`(${key}), id`, ofWhom: null };
}

const ALWAYS: readonly Index[] = [
  ...SEARCHED_ATTRIBUTES.map((name) => byAttribute(`users_search_${name.toLowerCase()}`, name)),
  { name: "users_search_updated", columns: sql`updated_at, id`, ofWhom: null },
  {
    name: "users_search_short_name",
    columns: sql`split_part(login_key, '@', 1)`,
    ofWhom: null,
  },
  { name: "users_search_status", columns: sql`status, id`, ofWhom: sql`status <> 'active'` },
];

/** Names of two attributes may differ by case alone, and be longer than that of an index. */
function configured(what: string): Index {
  const hash = createHash("sha256").update(what).digest("hex").slice(0, 8);
  const name = `${CONFIGURED}${what.slice(0, 30).toLowerCase()}_${hash}`;
  const column = SEARCHED_TIMES.get(what);
  if (column === undefined) return byAttribute(name, what);
  return { name, columns: sql`${sql.id(column)}, id`, ofWhom: null };
}

/**
 * Makes what is missing, without keeping anybody from writing meanwhile, and takes away what is not
 * configured any more.
 * @param names of what the configuration wants besides
 */
export async function ensureSearchIndexes(
  { db, kind }: Store,
  names: readonly string[],
): Promise<void> {
  const wanted = [...ALWAYS, ...names.map(configured)];
  const { rows } = await sql<{ name: string; valid: boolean; begun: boolean }>`
    select c.relname as name, i.indisvalid as valid, p.pid is not null as begun
    from pg_class c join pg_index i on i.indexrelid = c.oid
      left join pg_stat_progress_create_index p on p.index_relid = c.oid
    where i.indrelid = 'users'::regclass and c.relname like 'users\_search\_%'`.execute(db);
  const how = kind === "postgres" ? sql`concurrently` : sql``;
  const drop = async (name: string): Promise<void> => {
    await sql`drop index ${how} if exists ${sql.id(name)}`.execute(db);
  };
  for (const { name } of rows)
    if (name.startsWith(CONFIGURED) && !wanted.some((one) => one.name === name)) await drop(name);
  for (const { name, columns, ofWhom } of wanted) {
    const found = rows.find((row) => row.name === name);
    // Another replica may be at it.
    if (found?.valid === true || found?.begun === true) continue;
    // One that was being made when its process ended is of no use.
    if (found !== undefined) await drop(name);
    const where = ofWhom === null ? sql`` : sql`where ${ofWhom}`;
    await sql`create index ${how} if not exists ${sql.id(name)} on users (${columns})
      ${where}`.execute(db);
  }
}
