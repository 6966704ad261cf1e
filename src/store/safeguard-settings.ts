import { sameJson } from "../lib/same.ts";
import type { SafeguardLimits } from "../model/settings.ts";
import type { Trx } from "./connection.ts";
import { jsonText } from "./json-text.ts";

/**
 * Remembers a directory's limits as they are now.
 * @returns those of before if they were others; null if nothing changed, or none are known
 */
export async function noteSafeguard(
  trx: Trx,
  directory: string,
  limits: SafeguardLimits,
): Promise<SafeguardLimits | null> {
  const row = await trx
    .selectFrom("safeguard_settings")
    .select("settings")
    .where("directory", "=", directory)
    .executeTakeFirst();
  if (row !== undefined && sameJson(row.settings, limits)) return null;
  const settings = jsonText(limits);
  await trx
    .insertInto("safeguard_settings")
    .values({ directory, settings })
    .onConflict((conflict) => conflict.column("directory").doUpdateSet({ settings }))
    .execute();
  return row?.settings ?? null;
}
