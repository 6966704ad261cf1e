/** Users as clients of the API look for them: by a condition, in an order, page by page. */
import { sql, type CompiledQuery, type RawBuilder } from "kysely";
import { RollcallError } from "../model/errors.ts";
import type { ProfileSchema } from "../model/profile-schema.ts";
import type { User } from "../model/user.ts";
import type { Connection } from "./connection.ts";
import type { Store } from "./database.ts";
import { sqlState } from "./sql-state.ts";
import type { Filter } from "./filters/grammar.ts";
import { searchKey } from "./filters/search-key.ts";
import { sortKey, userCondition, type SortKey } from "./filters/user-condition.ts";
import { isNamed, toUser, USER_COLUMNS, type Named, type UserNames } from "./users.ts";
import { isoOf, utcText } from "./utc-text.ts";

/** A user with the times that lists show, as ISO 8601 has them, with milliseconds and Z. */
export interface DatedUser extends User {
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Null: not known, or never. */
  readonly activatedAt: string | null;
  readonly statusChangedAt: string | null;
}

/** Behind which user a page begins. */
export interface PageStart {
  readonly id: string;
  /** What the user was sorted by; null in order of the ids. */
  readonly key: string | null;
}

export interface UserPage {
  /** Null: everybody. */
  readonly filter: Filter | null;
  /** Whether `A` and `a` differ in the filter. */
  readonly exact: boolean;
  /** The first name, the last name or the e-mail address begins with it; null: whatever. */
  readonly prefix: string | null;
  /** Whether people without access are among them. */
  readonly deprovisioned: boolean;
  /** Null: by id. */
  readonly sortBy: string | null;
  readonly descending: boolean;
  readonly after: PageStart | null;
  readonly limit: number;
}

/** Under names that no column has: an order by a column would be taken for one by its text. */
const DATES = [
  utcText<string>("created_at").as("created_text"),
  utcText<string>("updated_at").as("updated_text"),
  utcText("activated_at").as("activated_text"),
  utcText("status_changed_at").as("status_changed_text"),
] as const;

/** @returns a page, and where the next one begins; null: there is none */
export async function searchUsers(
  { db, kind }: Pick<Store, "db" | "kind">,
  schema: ProfileSchema,
  page: UserPage,
): Promise<{ readonly users: readonly DatedUser[]; readonly next: PageStart | null }> {
  const key = page.sortBy === null ? null : sortKey(page.sortBy, schema);
  requireKey(key, page.after);
  const order = page.descending ? "desc" : "asc";
  let select = db
    .selectFrom("users")
    .select([...USER_COLUMNS, ...DATES])
    .select(sortText(key).as("sort_key"))
    .limit(page.limit + 1);
  for (const condition of conditionsOf(page, schema)) select = select.where(condition);
  const { after } = page;
  const behind = sql.raw(page.descending ? "<" : ">");
  if (key === null) select = select.orderBy("id", order);
  else select = select.orderBy(sql`${key.value}`, order).orderBy("id", order);
  if (after !== null && key === null)
    select = select.where(sql<boolean>`id ${behind} ${after.id}::uuid`);
  if (after !== null && key !== null) {
    const from = sql`(${after.key ?? ""})::${sql.raw(key.type)}`;
    const place = key.type === "text" ? sql`${from} collate "C"` : from;
    select = select.where(sql<boolean>`(${key.value}, id) ${behind} (${place}, ${after.id}::uuid)`);
  }
  // Without a condition the next ones are found at once; and the embedded database has no timer.
  const isPlain = page.filter === null && page.prefix === null;
  const isQuick = kind === "embedded" || isPlain;
  const rows = await (isQuick ? select.execute() : patiently(db, select));
  return cut(rows, page.limit);
}

/** @param rows one more than fit where there is a next page */
function cut(
  rows: readonly (Row & { readonly sort_key: string | null })[],
  limit: number,
): { readonly users: readonly DatedUser[]; readonly next: PageStart | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const next =
    rows.length > limit && last !== undefined ? { id: last.id, key: last.sort_key } : null;
  return { users: shown.map(toDated), next };
}

/** Whoever searches waits so long, and the database works so long, at most. */
const PATIENCE_SECONDS = 10;
const QUERY_CANCELED = "57014";

/** @throws RollcallError `user.searchInvalid` if it takes too long */
async function patiently<T>(db: Connection, select: { compile(): CompiledQuery<T> }): Promise<T[]> {
  const query = select.compile();
  try {
    return await db.transaction().execute(async (trx) => {
      await sql`set local statement_timeout = ${sql.lit(PATIENCE_SECONDS * 1000)}`.execute(trx);
      return (await trx.executeQuery(query)).rows;
    });
  } catch (thrown) {
    if (sqlState(thrown) !== QUERY_CANCELED) throw thrown;
    const message = `The search takes longer than ${PATIENCE_SECONDS} seconds; narrow it by what has an index, such as the login; http.searchIndexes gives attributes one.`;
    throw new RollcallError("user.searchInvalid", message, { cause: thrown });
  }
}

/** A cursor comes from outside. @throws RollcallError `user.searchInvalid` */
function requireKey(key: SortKey | null, after: PageStart | null): void {
  if (key === null || after === null) return;
  const text = after.key ?? "";
  const isValid: Record<SortKey["type"], boolean> = {
    text: text.isWellFormed() && !text.includes("\0"),
    numeric: /^-?(?:Infinity|\d{1,300}(?:\.\d{1,300})?)$/.test(text),
    timestamptz:
      /^(?:-infinity|\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?[+-]\d\d(?::\d\d)?)$/.test(text),
  };
  if (!isValid[key.type]) throw new RollcallError("user.searchInvalid", "Invalid cursor.");
}

/** What a user is sorted by, as a cursor carries it. */
function sortText(key: SortKey | null): RawBuilder<string | null> {
  return key === null ? sql`null::text` : sql`(${key.value})::text`;
}

type Row = Parameters<typeof toUser>[0] &
  Record<"created_text" | "updated_text", string> &
  Record<"activated_text" | "status_changed_text", string | null>;

function toDated(row: Row): DatedUser {
  return {
    ...toUser(row),
    createdAt: isoOf(row.created_text),
    updatedAt: isoOf(row.updated_text),
    activatedAt: row.activated_text === null ? null : isoOf(row.activated_text),
    statusChangedAt: row.status_changed_text === null ? null : isoOf(row.status_changed_text),
  };
}

function conditionsOf(page: UserPage, schema: ProfileSchema): RawBuilder<boolean>[] {
  const { filter, exact, prefix, deprovisioned } = page;
  const conditions: RawBuilder<boolean>[] = [];
  if (filter !== null) conditions.push(userCondition(filter, { schema, exact }));
  if (!deprovisioned) conditions.push(sql<boolean>`status <> 'deprovisioned'`);
  if (prefix !== null) {
    // Each by its own index: asked for any of them at once, the planner would walk through all.
    const found = ["firstName", "lastName", "email"].map((name) => {
      const key = searchKey(sql`profile->>${sql.lit(name)}`);
      const wanted = sql`lower((${prefix})::text)`;
      return sql`(select id from users where ${key} >= ${wanted}
        and ${key} < ${wanted} || chr(1114111) ${deprovisioned ? sql`` : sql`and status <> 'deprovisioned'`}
        order by ${key}, id limit ${page.limit + 1})`;
    });
    conditions.push(sql<boolean>`id in (${sql.join(found, sql` union `)})`);
  }
  return conditions;
}

/** Users with their times, in order of their ids. */
export async function datedUsers(db: Connection, ids: readonly string[]): Promise<DatedUser[]> {
  const rows = await db
    .selectFrom("users")
    .select([...USER_COLUMNS, ...DATES])
    .where(sql<boolean>`id = any(${ids}::uuid[])`)
    .orderBy("id")
    .execute();
  return rows.map(toDated);
}

/** Whoever has one of the names, with the times. */
export async function datedUsersNamed(
  db: Connection,
  names: UserNames,
): Promise<Named<DatedUser>[]> {
  const rows = await db
    .selectFrom("users")
    .select([...USER_COLUMNS, ...DATES, "login_key"])
    .where(isNamed(names))
    .execute();
  return rows.map((row) => ({ user: toDated(row), key: row.login_key }));
}

/** Users whose login is this up to the `@`; at most two, which are too many. */
export async function datedUsersByShortName(db: Connection, name: string): Promise<DatedUser[]> {
  const rows = await db
    .selectFrom("users")
    .select([...USER_COLUMNS, ...DATES])
    .where(sql<boolean>`split_part(login_key, '@', 1) = ${name}`)
    .limit(2)
    .execute();
  return rows.map(toDated);
}
