/** Assignments of persons to apps, by hand. Those by group and condition stand in the configuration. */
import { sql } from "kysely";
import type { Connection, Trx } from "./connection.ts";
import { rowsByKeys } from "./rows-by-keys.ts";

/** Who assigned whom by hand, by user. */
export async function assignmentsByHand(
  db: Connection,
  app: string,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const ofApp = db
    .selectFrom("assignments")
    .select(["user_id", "assigned_by"])
    .where("app", "=", app);
  const rows = await rowsByKeys(db, userIds, "uuid", (id) => ofApp.where("user_id", "=", id));
  return new Map(rows.map((row) => [row.user_id, row.assigned_by]));
}

/** @returns those who were not assigned by hand before */
export async function assign(
  trx: Trx,
  app: string,
  userIds: readonly string[],
  by: string,
): Promise<string[]> {
  const { rows } = await sql<{ user_id: string }>`
    insert into assignments (app, user_id, assigned_by)
    select ${app}, id, ${by} from unnest(${userIds}::uuid[]) as x (id)
    on conflict do nothing returning user_id`.execute(trx);
  await lookAgain(trx, app, userIds);
  return rows.map((row) => row.user_id);
}

/** @returns those who had been assigned by hand */
export async function unassign(
  trx: Trx,
  app: string,
  userIds: readonly string[],
): Promise<string[]> {
  const { rows } = await sql<{ user_id: string }>`
    delete from assignments where app = ${app} and user_id = any(${userIds}::uuid[])
    returning user_id`.execute(trx);
  await lookAgain(trx, app, userIds);
  return rows.map((row) => row.user_id);
}

async function lookAgain(trx: Trx, app: string, userIds: readonly string[]): Promise<void> {
  await sql`update app_states set seen = null where app = ${app}`.execute(trx);
  await sql`update accounts set settled = false, touched = touched + 1
    where app = ${app} and user_id = any(${userIds}::uuid[])`.execute(trx);
}
