import { sql, type RawBuilder, type Selectable } from "kysely";
import type { User, UserStatus } from "../model/user.ts";
import { foldedValue } from "./folded.ts";
import type { Connection } from "./connection.ts";
import { unpackSources } from "./packed-sources.ts";
import type { UsersTable } from "./tables.ts";

type Row = Pick<Selectable<UsersTable>, (typeof USER_COLUMNS)[number]>;

/** Without the times, which take longer to parse than the rest and decide nothing. */
export const USER_COLUMNS = [
  "id",
  "login",
  "status",
  "status_by",
  "profile",
  "sources",
  "version",
] as const;

export function toUser(row: Row): User {
  return {
    id: row.id,
    login: row.login,
    status: row.status as UserStatus,
    statusBy: row.status_by,
    profile: row.profile,
    sources: unpackSources(row.sources, row.profile),
    version: row.version,
  };
}

export async function usersByIds(db: Connection, ids: readonly string[]): Promise<User[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom("users")
    .select(USER_COLUMNS)
    .where(sql<boolean>`id = any(${ids}::uuid[])`)
    .execute();
  return rows.map(toUser);
}

export async function createdAtOf(db: Connection, id: string): Promise<Date> {
  const row = await db
    .selectFrom("users")
    .select("created_at")
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  return row.created_at;
}

/** Users with letters beyond ASCII in the key of their login. */
export async function loginsBeyondAscii(
  db: Connection,
): Promise<readonly { readonly login: string; readonly key: string }[]> {
  return await db
    .selectFrom("users")
    .select(["login", "login_key as key"])
    .where(sql<boolean>`login_key ~ '[^ -~]'`)
    .orderBy("login_key")
    .execute();
}

export async function userByLoginKey(db: Connection, key: string): Promise<User | null> {
  const row = await db
    .selectFrom("users")
    .select(USER_COLUMNS)
    .where("login_key", "=", key)
    .executeTakeFirst();
  return row === undefined ? null : toUser(row);
}

/** What a user may be found by: keys that the login can have, and an id. */
export interface UserNames {
  readonly keys: readonly string[];
  readonly id: string | null;
}

/** A user, and the key of the login. */
export interface Named<U extends User = User> {
  readonly user: U;
  readonly key: string;
}

/** Whoever has one of the names. */
export function isNamed({ keys, id }: UserNames): RawBuilder<boolean> {
  return id === null
    ? sql<boolean>`login_key = any(${keys}::text[])`
    : sql<boolean>`(login_key = any(${keys}::text[]) or id = ${id}::uuid)`;
}

export async function usersNamed(db: Connection, names: UserNames): Promise<Named[]> {
  const rows = await db
    .selectFrom("users")
    .select([...USER_COLUMNS, "login_key"])
    .where(isNamed(names))
    .execute();
  return rows.map((row) => ({ user: toUser(row), key: row.login_key }));
}

/** Users whose attribute has one of these values (given in lower case), with the value that fits. */
export async function usersByValue(
  db: Connection,
  attribute: string,
  values: readonly string[],
): Promise<{ readonly value: string; readonly user: User }[]> {
  if (values.length === 0) return [];
  const isLogin = attribute === "login";
  const key = isLogin ? sql<string>`login_key` : foldedValue(sql`profile->>${sql.lit(attribute)}`);
  const forms = values.flatMap((value) =>
    (isLogin ? [value] : formsOf(value)).map((form) => ({ value, form })),
  );
  // The database folds both sides, by whatever rules it has.
  const wanted = isLogin ? sql`w.form` : foldedValue(sql`w.form`);
  const { rows } = await sql<Row & { value: string }>`
    select distinct on (w.value, users.id) w.value, ${sql.join(USER_COLUMNS.map((column) => sql.ref(`users.${column}`)))}
    from unnest(${forms.map(({ value }) => value)}::text[], ${forms.map(({ form }) => form)}::text[])
      as w (value, form)
    cross join lateral (select * from users where ${key} = ${wanted} limit ${MOST_FOUND}) users
    order by w.value, users.id`.execute(db);
  return rows.map(({ value, ...row }) => ({ value, user: toUser(row) }));
}

/** More users with one value are ambiguous, as two are. Limited, each is looked up by the index. */
const MOST_FOUND = 100;

/**
 * Spellings of a value in lower case among which there is one that the database folds as it folds
 * the value itself: letters such as `Σ` and `İ` have other small ones here and there.
 */
function formsOf(value: string): string[] {
  const upper = value.toUpperCase();
  return [...new Set([value, upper, value.normalize("NFC"), upper.normalize("NFC")])];
}

/** Makes look-ups by a matching rule's attribute fast. The login has its index already. */
export async function ensureMatchIndex(db: Connection, attribute: string): Promise<void> {
  if (attribute === "login") return;
  const name = sql.id(`users_fold_${attribute.toLowerCase()}`);
  const key = foldedValue(sql`profile->>${sql.lit(attribute)}`);
  await sql`create index if not exists ${name} on users (${key})`.execute(db);
}

/** A page of users in order of their login, after the given key. */
export async function usersAfter(
  db: Connection,
  afterKey: string,
  limit: number,
): Promise<{ key: string; user: User }[]> {
  const rows = await db
    .selectFrom("users")
    .select(USER_COLUMNS)
    .select("login_key")
    .where("login_key", ">", afterKey)
    .orderBy("login_key")
    .limit(limit)
    .execute();
  return rows.map((row) => ({ key: row.login_key, user: toUser(row) }));
}

export interface UsersQuery {
  /** Each of them occurs in the login, a name or the e-mail address; null: whatever they are. */
  readonly words: string | null;
  readonly status: string | null;
  readonly limit: number;
}

/** A page of users whose login, name or e-mail address contains the words, in order of login. */
export async function findUsers(db: Connection, query: UsersQuery): Promise<User[]> {
  let select = db.selectFrom("users").select(USER_COLUMNS).orderBy("login_key").limit(query.limit);
  if (query.status !== null) select = select.where("status", "=", query.status);
  // As the index of these says it.
  if (query.status !== null && query.status !== "active")
    select = select.where("status", "<>", "active");
  for (const word of query.words?.split(/\s+/).filter(Boolean) ?? []) {
    const pattern = `%${word.toLowerCase().replaceAll(/[\\%_]/g, "\\$&")}%`;
    select = select.where(
      sql<boolean>`(login_key like ${pattern} or lower(concat_ws(' ', profile->>'displayName',
        profile->>'firstName', profile->>'lastName', profile->>'email')) like ${pattern})`,
    );
  }
  return (await select.execute()).map(toUser);
}
