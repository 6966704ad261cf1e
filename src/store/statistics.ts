import { sql } from "kysely";
import type { Connection } from "./connection.ts";

/** What grows together: people by imports, accounts by pushes. */
const TABLES = {
  people: `app_users (directory, external_id, user_id, status),
    users (id, login_key, status), system_log (id, event_type),
    run_changes (run_id, seq, user_id, action), run_undo (run_id, seq)`,
  accounts: `accounts (app, user_id, external_id, settled, state),
    push_changes (run_id, step, applied, action, user_id),
    pushed_members (app, directory, group_id, user_id)`,
} as const;

/**
 * Tells the planner what the tables hold now. After a first import or push it knows nothing yet, and the
 * embedded database never finds out by itself. A rough picture will do, and costs a fifth: what matters is
 * that the tables are large.
 */
export async function refreshStatistics(db: Connection, of: keyof typeof TABLES): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`set local default_statistics_target = 20`.execute(trx);
    await sql.raw(`analyze ${TABLES[of]}`).execute(trx);
  });
}
