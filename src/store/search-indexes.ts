/** Indexes by which clients of the API find users; made where an API is offered, and nowhere else. */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { sql, type RawBuilder } from "kysely";
import { PROFILE, SEARCHED_ATTRIBUTES } from "../model/search-indexes.ts";
import type { Connection } from "./connection.ts";
import type { Store } from "./database.ts";
import { searchKey } from "./filters/search-key.ts";
import { timeValue } from "./filters/user-condition.ts";
import { sqlState } from "./sql-state.ts";

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

function byTime(name: string, time: string): Index {
  return { name, columns: sql`(${timeValue(time)}), id`, ofWhom: null };
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
function configured(path: string): Index {
  const isTime = !path.startsWith(PROFILE);
  const what = isTime ? path : path.slice(PROFILE.length);
  const hash = createHash("sha256").update(path).digest("hex").slice(0, 8);
  const name = `${CONFIGURED}${what.slice(0, 30).toLowerCase()}_${hash}`;
  return isTime ? byTime(name, what) : byAttribute(name, what);
}

/** Whoever works on them has this; to be tried, because whoever waited for it would be waited for. */
const LOCK = 7_267_390;
const AGAIN_MS = 1000;
/** Somebody else stood in the way: a deadlock, or a lock that was not to be had. */
const IN_THE_WAY: ReadonlySet<string> = new Set(["40P01", "55P03"]);

/** What is searched by, in the words of searches. */
export interface SearchIndexes {
  /** Of the configuration. */
  readonly paths: readonly string[];
  /** What this process had made before by another configuration; what another one wants is its own. */
  readonly former: readonly string[];
}

/**
 * Makes what is missing, without keeping anybody from writing meanwhile, and takes away what this
 * process wants no more. One process at a time does.
 * @param waiting called once where another process is at it
 */
export async function ensureSearchIndexes(
  { db, kind }: Pick<Store, "db" | "kind">,
  { paths, former }: SearchIndexes,
  { signal, waiting }: { readonly signal?: AbortSignal; readonly waiting?: () => void } = {},
): Promise<void> {
  const wanted = [...ALWAYS, ...paths.map(configured)];
  const left = former.filter((path) => !paths.includes(path)).map((path) => configured(path).name);
  if (kind === "embedded") return await work(db, { wanted, left, how: sql`` });
  const how = sql`concurrently`;
  if (await workAlone(db, { wanted, left, how })) return;
  waiting?.();
  do await sleep(AGAIN_MS, undefined, { signal });
  while (!(await workAlone(db, { wanted, left, how })));
}

interface Work {
  readonly wanted: readonly Index[];
  /** Names of those that go. */
  readonly left: readonly string[];
  readonly how: RawBuilder<unknown>;
}

/** @returns false if another process is at it, or stood in the way */
async function workAlone(db: Connection, asked: Work): Promise<boolean> {
  return await db.connection().execute(async (own) => {
    const { rows } = await sql<{ mine: boolean }>`
      select pg_try_advisory_lock(${sql.lit(LOCK)}) as mine`.execute(own);
    if (rows[0]?.mine !== true) return false;
    try {
      // Whoever limits statements does not mean this one, which begins anew each time.
      await sql`set statement_timeout = 0`.execute(own);
      await work(own, asked);
      return true;
    } catch (thrown) {
      if (IN_THE_WAY.has(sqlState(thrown) ?? "")) return false;
      throw thrown;
    } finally {
      await sql`select pg_advisory_unlock(${sql.lit(LOCK)})`.execute(own).catch(() => undefined);
      await sql`reset statement_timeout`.execute(own).catch(() => undefined);
    }
  });
}

async function work(db: Connection, { wanted, left, how }: Work): Promise<void> {
  const { rows } = await sql<{ name: string; valid: boolean; begun: boolean }>`
    select c.relname as name, i.indisvalid as valid, p.pid is not null as begun
    from pg_class c join pg_index i on i.indexrelid = c.oid
      left join pg_stat_progress_create_index p on p.index_relid = c.oid
    where i.indrelid = 'users'::regclass and c.relname like 'users\\_search\\_%'`.execute(db);
  const drop = async (name: string): Promise<void> => {
    await sql`drop index ${how} if exists ${sql.id(name)}`.execute(db);
  };
  for (const { name, begun } of rows) if (!begun && left.includes(name)) await drop(name);
  for (const { name, columns, ofWhom } of wanted) {
    const found = rows.find((row) => row.name === name);
    // An administrator may make one anew.
    if (found?.valid === true || found?.begun === true) continue;
    // One that was being made when its process ended is of no use.
    if (found !== undefined) await drop(name);
    const where = ofWhom === null ? sql`` : sql`where ${ofWhom}`;
    await sql`create index ${how} if not exists ${sql.id(name)} on users (${columns})
      ${where}`.execute(db);
  }
}
