/** How entries came to their users, and what people decided about those that have none. */
import { sql } from "kysely";
import { IN_ANY_STATUS } from "./app-users.ts";
import type { AppUser, LinkOrigin } from "../model/user.ts";
import type { Connection, Trx } from "./connection.ts";
import { jsonText } from "./json-text.ts";
import { runsByIds } from "./runs.ts";

/** Notes what a person decided about an entry without a user; null: nothing any more. */
export async function noteLink(
  trx: Trx,
  { directory, externalId }: Pick<AppUser, "directory" | "externalId">,
  link: LinkOrigin | null,
): Promise<void> {
  await trx
    .updateTable("app_users")
    .set({ link: link === null ? null : jsonText(link), error: null, error_since: null })
    .where("directory", "=", directory)
    .where("external_id", "=", externalId)
    .where("user_id", "is", null)
    .execute();
}

/** Links that matching rules made by one attribute of users. */
export interface RuleLinks {
  readonly attribute: string;
  /** The expression of the rule. */
  readonly app: string;
  readonly people: number;
  /** The login of one of them. */
  readonly example: string;
}

/** The links of a directory that rules made and nobody confirmed, by rule. */
export async function linksByRule(db: Connection, directory: string): Promise<RuleLinks[]> {
  const attribute = sql<string>`a.link->'rule'->>'user'`;
  const app = sql<string>`a.link->'rule'->>'app'`;
  return await db
    .selectFrom("app_users as a")
    .innerJoin("users as u", "u.id", "a.user_id")
    .select([
      attribute.as("attribute"),
      app.as("app"),
      sql<number>`count(*)::int`.as("people"),
      sql<string>`min(u.login)`.as("example"),
    ])
    .where("a.directory", "=", directory)
    .where("a.status", "<>", "removed")
    .where(sql`a.link->>'how'`, "in", ["matched", "replaced"])
    .groupBy([attribute, app])
    .orderBy(sql`1`)
    .execute();
}

/**
 * By user, the directories that have or ever had an entry of it, as far as history is kept; whether
 * a link was made by a mistake that was put back, is not told apart.
 */
export async function directoriesOfUsers(
  db: Connection,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  if (userIds.length === 0) return new Map();
  const { rows } = await sql<{ user_id: string; directory: string }>`
    select distinct user_id, directory from app_users
    where user_id = any(${userIds}::uuid[]) and ${IN_ANY_STATUS}`.execute(db);
  const changing = sql`user_id = any(${userIds}::uuid[]) and action not in ('created', 'skipped')
    and applied`;
  const changed = await sql<{ id: string }>`
    select distinct run_id as id from run_changes where ${changing}`.execute(db);
  const runs = await runsByIds(
    db,
    changed.rows.map((row) => row.id),
  );
  const found = new Map<string, Set<string>>();
  const add = (id: string, directory: string): void =>
    void found.set(id, (found.get(id) ?? new Set()).add(directory));
  for (const { user_id: id, directory } of rows) add(id, directory);
  for (const [directory, own] of Map.groupBy(runs, ([, run]) => run.directory)) {
    if (directory === null) continue;
    const users = await sql<{ id: string }>`
      select distinct user_id as id from run_changes
      where ${changing} and run_id = any(${own.map(([id]) => id)}::uuid[])`.execute(db);
    for (const { id } of users.rows) add(id, directory);
  }
  return found;
}

/** How an entry came to its user, or why it has none; null if that is not kept. */
export async function linkOf(
  db: Connection,
  directory: string,
  externalId: string,
): Promise<LinkOrigin | null> {
  const row = await db
    .selectFrom("app_users")
    .select("link")
    .where("directory", "=", directory)
    .where("external_id", "=", externalId)
    .executeTakeFirst();
  return row?.link ?? null;
}
