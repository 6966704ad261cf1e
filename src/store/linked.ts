/** People of a directory who have a user, page by page. */
import { sql } from "kysely";
import { present, COLUMNS, toAppUser, type StoredAppUser } from "./app-users.ts";
import type { Connection } from "./connection.ts";
import { isoOf, utcText } from "./utc-text.ts";

export interface LinkedQuery {
  /** Only of this user; null: of all. */
  readonly userId?: string | null;
  /** Behind this user's id; null: from the beginning. */
  readonly after: string | null;
  /** How the login, a name or the e-mail address begins; null: whatever they are. */
  readonly prefix: string | null;
  readonly limit: number;
}

export type Linked = StoredAppUser & {
  readonly userId: string;
  readonly login: string;
  /** ISO 8601. */
  readonly importedAt: string;
};

/** In order of the users' ids. */
export async function linkedPage(
  db: Connection,
  directory: string,
  { userId = null, after, prefix, limit }: LinkedQuery,
): Promise<Linked[]> {
  let select = present(db, directory)
    .innerJoin("users", "users.id", "app_users.user_id")
    .select(COLUMNS)
    .select(["users.login as login", utcText<string>("app_users.imported_at").as("imported_text")])
    .orderBy("app_users.user_id")
    .limit(limit);
  if (userId !== null) select = select.where("app_users.user_id", "=", userId);
  // Also of the user, from which the planner may begin: it does not conclude this by itself.
  if (after !== null)
    select = select.where("app_users.user_id", ">", after).where("users.id", ">", after);
  if (prefix !== null) {
    const begins = sql.join(
      [
        sql`users.login`,
        ...["firstName", "lastName", "email"].map((name) => sql`users.profile->>${sql.lit(name)}`),
      ].map((value) => sql`starts_with(lower(${value}), lower(${prefix}))`),
      sql` or `,
    );
    select = select.where(sql<boolean>`(${begins})`);
  }
  const rows = await select.execute();
  return rows.flatMap(({ login, imported_text: imported, ...row }) => {
    const appUser = toAppUser(row);
    const id = appUser.userId;
    return id === null ? [] : [{ ...appUser, userId: id, login, importedAt: isoOf(imported) }];
  });
}
