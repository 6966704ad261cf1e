/** Users as clients of the API look for them: by a condition, in an order, page by page. */
import { sql, type RawBuilder } from "kysely";
import type { ProfileSchema } from "../model/profile-schema.ts";
import type { User } from "../model/user.ts";
import type { Connection } from "./connection.ts";
import type { Filter } from "./filters/grammar.ts";
import { sortKey, userCondition, type SortKey } from "./filters/user-condition.ts";
import { toUser, USER_COLUMNS } from "./users.ts";

/** A user with the times that lists show. */
export interface DatedUser extends User {
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Null: not known, or never. */
  readonly activatedAt: Date | null;
  readonly statusChangedAt: Date | null;
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

const DATES = ["created_at", "updated_at", "activated_at", "status_changed_at"] as const;

/** @returns a page, and where the next one begins; null: there is none */
export async function searchUsers(
  db: Connection,
  schema: ProfileSchema,
  page: UserPage,
): Promise<{ readonly users: readonly DatedUser[]; readonly next: PageStart | null }> {
  const key = page.sortBy === null ? null : sortKey(page.sortBy, schema);
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
  const rows = await select.execute();
  const shown = rows.slice(0, page.limit);
  const last = shown.at(-1);
  const next =
    rows.length > page.limit && last !== undefined ? { id: last.id, key: last.sort_key } : null;
  return { users: shown.map(toDated), next };
}

/** What a user is sorted by, as a cursor carries it. */
function sortText(key: SortKey | null): RawBuilder<string | null> {
  return key === null ? sql`null::text` : sql`(${key.value})::text`;
}

type Row = Parameters<typeof toUser>[0] & Record<(typeof DATES)[number], Date | null>;

function toDated(row: Row): DatedUser {
  return {
    ...toUser(row),
    createdAt: row.created_at ?? new Date(0),
    updatedAt: row.updated_at ?? new Date(0),
    activatedAt: row.activated_at,
    statusChangedAt: row.status_changed_at,
  };
}

function conditionsOf(page: UserPage, schema: ProfileSchema): RawBuilder<boolean>[] {
  const { filter, exact, prefix, deprovisioned } = page;
  const conditions: RawBuilder<boolean>[] = [];
  if (filter !== null) conditions.push(userCondition(filter, { schema, exact }));
  if (!deprovisioned) conditions.push(sql<boolean>`status <> 'deprovisioned'`);
  if (prefix !== null) {
    const begins = ["firstName", "lastName", "email"].map(
      (name) => sql`starts_with(lower(profile->>${sql.lit(name)}), lower(${prefix}))`,
    );
    conditions.push(sql<boolean>`(${sql.join(begins, sql` or `)})`);
  }
  return conditions;
}

/** One user with the times; null: there is none. */
export async function datedUser(db: Connection, id: string): Promise<DatedUser | null> {
  const row = await db
    .selectFrom("users")
    .select([...USER_COLUMNS, ...DATES])
    .where("id", "=", id)
    .executeTakeFirst();
  return row === undefined ? null : toDated(row);
}

/** Users whose login begins so, up to the `@`; at most two, which are too many. */
export async function usersByShortName(db: Connection, name: string): Promise<User[]> {
  const rows = await db
    .selectFrom("users")
    .select(USER_COLUMNS)
    .where("login_key", ">=", `${name}@`)
    .where("login_key", "<", `${name}A`)
    .limit(2)
    .execute();
  return rows.map(toUser);
}
