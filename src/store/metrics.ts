import { sql } from "kysely";
import type { Connection } from "./database.ts";

export interface Figures {
  readonly appUsers: readonly {
    readonly directory: string;
    readonly status: string;
    readonly count: number;
  }[];
  readonly users: readonly { readonly status: string; readonly count: number }[];
  readonly runs: readonly { readonly status: string; readonly count: number }[];
}

/** How many of everything there are. */
export async function gatherMetrics(db: Connection): Promise<Figures> {
  const count = sql<number>`count(*)::int`.as("count");
  const appUsers = await db
    .selectFrom("app_users")
    .select(["directory", "status", count])
    .groupBy(["directory", "status"])
    .execute();
  const users = await db.selectFrom("users").select(["status", count]).groupBy("status").execute();
  const runs = await db
    .selectFrom("runs")
    .select(["status", count])
    .where("status", "in", ["running", "held"])
    .groupBy("status")
    .execute();
  return { appUsers, users, runs };
}

/** Whether the database answers. */
export async function ping(db: Connection): Promise<void> {
  await sql`select 1`.execute(db);
}
