/** How entries came to their users, and what people decided about those that have none. */
import type { AppUser, LinkOrigin } from "../model/user.ts";
import type { Connection, Trx } from "./connection.ts";
import { jsonText } from "./json-text.ts";

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
