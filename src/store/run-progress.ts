import { sql } from "kysely";
import type { Progress } from "../model/asked-by.ts";
import type { Connection } from "./connection.ts";

/** How far a run is; null: nobody works on it, or nothing was told yet. */
export async function runProgress(db: Connection, runId: string): Promise<Progress | null> {
  const row = await db
    .selectFrom("leases")
    .select("progress")
    .where("run_id", "=", runId)
    .where("expires_at", ">=", sql<Date>`clock_timestamp()`)
    .executeTakeFirst();
  return row?.progress ?? null;
}
