/** Entries without a user, and users who may be the same person. */
import { sql } from "kysely";
import type { LinkOrigin, User } from "../model/user.ts";
import { COLUMNS, setAside, toAppUser, type StoredAppUser } from "./app-users.ts";
import type { Connection } from "./connection.ts";
import { toUser, USER_COLUMNS } from "./users.ts";

/** What an entry fails with when it belongs to nobody for certain; others fail for their values. */
const CONFLICTS = [
  "match.ambiguous",
  "match.unconfirmed",
  "notUniqueWithinOrgAppId",
  "notUniqueWithinOrg",
];
const toDecide = sql<boolean>`(error is null or error->>'code' = any(${CONFLICTS}::text[]))`;

export interface UnmatchedQuery {
  readonly directory: string | null;
  /** Only those that a person set aside, instead of the others. */
  readonly aside: boolean;
  /** Only behind this one; null: from the first on. */
  readonly after: { readonly directory: string; readonly externalId: string } | null;
  readonly limit: number;
}

export type UnmatchedEntry = StoredAppUser & {
  readonly link: LinkOrigin | null;
  readonly since: Date;
};

/** Entries in the scope that belong to no user because nobody, or nobody for certain, was found. */
export async function unmatchedEntries(
  db: Connection,
  { directory, aside, after, limit }: UnmatchedQuery,
): Promise<UnmatchedEntry[]> {
  let select = db
    .selectFrom("app_users")
    .select(COLUMNS)
    .select(["link", sql<Date>`coalesce(error_since, imported_at)`.as("since")])
    .where("user_id", "is", null)
    .where("status", "<>", "removed")
    .where(aside ? setAside : sql<boolean>`not ${setAside}`)
    .where(toDecide)
    .orderBy("directory")
    .orderBy("external_id")
    .limit(limit);
  if (directory !== null) select = select.where("directory", "=", directory);
  if (after !== null) {
    const behind = sql<boolean>`(directory, external_id) > (${after.directory}, ${after.externalId})`;
    select = select.where(behind);
  }
  const rows = await select.execute();
  return rows.map(({ link, since, ...row }) => ({ ...toAppUser(row), link, since }));
}

/** How many entries of a directory belong to no user, without those that a person set aside. */
export async function countUnmatched(db: Connection, directory: string): Promise<number> {
  const row = await db
    .selectFrom("app_users")
    .select(sql<number>`count(*)::int`.as("count"))
    .where("directory", "=", directory)
    .where("user_id", "is", null)
    .where("status", "<>", "removed")
    .where(sql<boolean>`not ${setAside}`)
    .where(toDecide)
    .executeTakeFirst();
  return row?.count ?? 0;
}

const PAGE = 5_000;

/** Entries of a directory in its scope that have no user, whatever the cause, in pages. */
export async function* entriesWithoutUser(
  db: Connection,
  directory: string,
): AsyncGenerator<StoredAppUser[]> {
  for (let after = ""; ;) {
    const rows = await db
      .selectFrom("app_users")
      .select(COLUMNS)
      .where("directory", "=", directory)
      .where("user_id", "is", null)
      .where("status", "<>", "removed")
      .where("external_id", ">", after)
      .orderBy("external_id")
      .limit(PAGE)
      .execute();
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(toAppUser);
    after = last.external_id;
  }
}

/** Users with one of these names ("first last", in lower case). */
export async function usersByName(
  db: Connection,
  names: readonly string[],
): Promise<{ readonly value: string; readonly user: User }[]> {
  if (names.length === 0) return [];
  const name = sql<string>`lower(concat(profile->>'firstName', ' ', profile->>'lastName'))`;
  const rows = await db
    .selectFrom("users")
    .select(USER_COLUMNS)
    .select(name.as("value"))
    .where(sql<boolean>`${name} = any(${names}::text[])`)
    .limit(1000)
    .execute();
  return rows.map(({ value, ...row }) => ({ value, user: toUser(row) }));
}
