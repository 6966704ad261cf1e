import { sql } from "kysely";
import type { Connection } from "./connection.ts";
import type { Figures } from "../model/figures.ts";
import { readTotals } from "./totals.ts";

/** What counting looks at everybody for. */
export type PeopleFigures = Pick<Figures, "appUsers" | "users"> & {
  readonly accounts: Figures["apps"]["accounts"];
};

/** How many people there are everywhere. A walk through everybody. */
export async function countPeople(db: Connection): Promise<PeopleFigures> {
  const count = sql<number>`count(*)::int`.as("count");
  const appUsers = await db
    .selectFrom("app_users")
    .select(["directory", "status", count])
    .groupBy(["directory", "status"])
    .execute();
  const users = await db.selectFrom("users").select(["status", count]).groupBy("status").execute();
  const accounts = await db
    .selectFrom("accounts")
    .select(["app", "state", count])
    .groupBy(["app", "state"])
    .execute();
  return { appUsers, users, accounts };
}

/** How much of everything there is. @param people see `countPeople` */
export async function gatherMetrics(
  db: Connection,
  { appUsers, users, accounts }: PeopleFigures,
): Promise<Figures> {
  const count = sql<number>`count(*)::int`.as("count");
  const failing = await db
    .selectFrom("app_users")
    .select(["directory", sql<string>`error->>'code'`.as("code"), count])
    .where("error", "is not", null)
    .groupBy(["directory", sql`error->>'code'`])
    .execute();
  const runs = await db
    .selectFrom("runs")
    .select([sql<string>`coalesce(directory, 'all')`.as("directory"), "status", count])
    .where("status", "in", ["running", "held"])
    .where("app", "is", null)
    .groupBy(["directory", "status"])
    .execute();
  const age = (column: "full_at" | "read_at") =>
    sql<number>`extract(epoch from clock_timestamp() - coalesce(${sql.ref(column)}, full_at))::float8`;
  const ages = await db
    .selectFrom("checkpoints")
    .select(["directory", age("read_at").as("any"), age("full_at").as("full")])
    .execute();
  const apps = { ...(await gatherApps(db)), accounts };
  const [tables, totals] = [await tableSizes(db), await readTotals(db)];
  return { appUsers, failing, users, runs, ages, apps, tables, totals };
}

/** Of every app with accounts or a state: failures, tasks, and what waits. */
async function gatherApps(db: Connection): Promise<Omit<Figures["apps"], "accounts">> {
  const count = sql<number>`count(*)::int`.as("count");
  const failing = await db
    .selectFrom("accounts")
    .select(["app", sql<string>`error->>'code'`.as("code"), count])
    .where("error", "is not", null)
    .groupBy(["app", sql`error->>'code'`])
    .execute();
  const tasks = await db.selectFrom("tasks").select(["app", count]).groupBy("app").execute();
  const pending = await db
    .selectFrom("accounts")
    .select([
      "app",
      sql<number>`extract(epoch from clock_timestamp() - min(pending_since))::float8`.as("age"),
    ])
    .where("pending_since", "is not", null)
    .groupBy("app")
    .execute();
  const paused = await db
    .selectFrom("app_states")
    .select(["app", sql<boolean>`paused is not null`.as("paused")])
    .execute();
  const open = await db
    .selectFrom("runs")
    .select([sql<string>`app`.as("app"), "status", count])
    .where("status", "in", ["running", "held"])
    .where("app", "is not", null)
    .groupBy(["app", "status"])
    .execute();
  return { failing, tasks, pending, paused, open };
}

/** Bytes of each table with its indexes, the largest first. */
export async function tableSizes(db: Connection): Promise<Figures["tables"]> {
  const { rows } = await sql<{ table: string; bytes: number }>`
    select relname as table, pg_total_relation_size(oid)::float8 as bytes from pg_class
    where relkind = 'r' and relnamespace = current_schema()::regnamespace
    order by bytes desc`.execute(db);
  return rows;
}

/** Whether the database answers. */
export async function ping(db: Connection): Promise<void> {
  await sql`select 1`.execute(db);
}
