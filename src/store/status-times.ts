import { sql, type RawBuilder } from "kysely";

/**
 * Of an update of `users`: when somebody's status changed, and when access was given.
 * @param status the new one
 */
export function statusTimes(status: RawBuilder<unknown>) {
  const changes = sql`users.status is distinct from ${status}`;
  return {
    status_changed_at: sql<Date>`case when ${changes} then now()
      else users.status_changed_at end`,
    activated_at: sql<Date>`case when ${changes} and ${status} = 'active' then now()
      else users.activated_at end`,
  };
}
