import { sql } from "kysely";
import type { Connection } from "./connection.ts";

/**
 * Tells the planner what the tables hold now. After a first import it knows nothing yet, and the
 * embedded database never finds out by itself.
 */
export async function refreshStatistics(db: Connection): Promise<void> {
  await sql`analyze app_users (directory, external_id, user_id, status)`.execute(db);
  await sql`analyze users (id, login_key, status)`.execute(db);
  await sql`analyze system_log (id, event_type)`.execute(db);
}
