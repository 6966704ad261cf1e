import { sql } from "kysely";
import type { Connection } from "./connection.ts";

/**
 * Tells the planner what the tables hold now. After a first import it knows nothing yet, and the
 * embedded database never finds out by itself. A rough picture will do, and costs a fifth: what matters is
 * that the tables are large.
 */
export async function refreshStatistics(db: Connection): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`set local default_statistics_target = 20`.execute(trx);
    await sql`analyze app_users (directory, external_id, user_id, status),
      users (id, login_key, status), system_log (id, event_type)`.execute(trx);
  });
}
