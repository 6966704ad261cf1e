/** Users that a person creates, changes and deletes here. All of it in the transaction of the edit. */
import { sql } from "kysely";
import type { RunChange } from "../model/run.ts";
import { loginKey, type User } from "../model/user.ts";
import type { Trx } from "./connection.ts";
import { IN_ANY_STATUS } from "./app-users.ts";
import { packSources } from "./packed-sources.ts";
import { confirmValues, noteValues, valuesOfUser } from "./unique-values.ts";
import { statusTimes } from "./status-times.ts";
import { toUser, USER_COLUMNS } from "./users.ts";
import { jsonText } from "./json-text.ts";

/** The user as it is, kept from being changed by anybody else until the transaction ends. */
export async function lockUser(trx: Trx, id: string): Promise<User | null> {
  const row = await trx
    .selectFrom("users")
    .select(USER_COLUMNS)
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
  return row === undefined ? null : toUser(row);
}

/**
 * Writes a user, new or not. @param unique attributes that are unique among users
 * @param changed those attributes of them that the edit gives a new value
 */
export async function saveUser(
  trx: Trx,
  user: User,
  unique: readonly string[],
  changed: readonly string[],
): Promise<void> {
  const { id, login, status, statusBy, version } = user;
  const values = {
    login,
    login_key: loginKey(login),
    status,
    status_by: statusBy,
    profile: jsonText(user.profile),
    sources: jsonText(packSources(user.sources)),
    version,
  };
  if (version === 1) {
    const now = sql<Date>`now()`;
    const times = { status_changed_at: now, activated_at: status === "active" ? now : null };
    await trx
      .insertInto("users")
      .values({ id, ...values, ...times })
      .execute();
  } else {
    // Where two users had one login in two spellings, both keep their keys until one gets another.
    const login_key = sql<string>`case when login = ${login} then login_key else ${values.login_key} end`;
    const times = statusTimes(sql`${status}::text`);
    const updated = { ...values, login_key, ...times, updated_at: sql<Date>`now()` };
    await trx.updateTable("users").set(updated).where("id", "=", id).execute();
  }
  await noteValues(trx, sql`select ${id}::uuid`, unique);
  await confirmValues(trx, await valuesOfUser(trx, id, changed));
}

export async function deleteUser(trx: Trx, id: string): Promise<void> {
  await trx
    .updateTable("app_users")
    .set({ user_id: null })
    .where("user_id", "=", id)
    .where(IN_ANY_STATUS)
    .execute();
  await trx.deleteFrom("unique_values").where("user_id", "=", id).execute();
  await trx.deleteFrom("users").where("id", "=", id).execute();
}

/** What an edit did to a user, for the user's history. */
export async function noteEdit(
  trx: Trx,
  runId: string,
  user: Pick<User, "id" | "login" | "version">,
  { action, changes }: Pick<RunChange, "action" | "changes">,
): Promise<void> {
  await trx
    .insertInto("run_changes")
    .values({
      run_id: runId,
      seq: 0,
      action,
      external_id: null,
      dn: user.login,
      user_id: user.id,
      login: user.login,
      changes: jsonText(changes),
      error: null,
      applied: true,
      reason: null,
      lost: false,
      user_version: user.version,
    })
    .execute();
}
