/** A person in what is kept of others. */
import { sql } from "kysely";
import { forgetName } from "../../lib/forget-name.ts";
import type { Trx } from "../connection.ts";
import { jsonText } from "../json-text.ts";
import { FORGOTTEN } from "./forgotten.ts";

/** Logins and names of entries; anything else may be a part of any text. */
export function isTelling(name: string): boolean {
  return /[@=]/.test(name);
}

const OF_OTHERS = [
  ["run_changes", ["changes", "error"]],
  ["run_undo", ["user_before", "app_user_before"]],
] as const;
const AT_ONCE = 500;

/**
 * What others' histories say of the person: as a manager, or as who had a login already. What other
 * people's own profiles say comes from their directory, and stays as it is there.
 */
export async function eraseWithOthers(trx: Trx, name: string): Promise<void> {
  // As it stands in the text of JSON.
  const inner = JSON.stringify(name).slice(1, -1);
  for (const [table, columns] of OF_OTHERS)
    for (const column of columns) {
      const at = sql.ref(column);
      const { rows } = await sql<{ run: string; seq: number; value: unknown }>`
        select run_id as run, seq, ${at} as value from ${sql.table(table)}
        where position(${inner} in ${at}::text) > 0`.execute(trx);
      for (let from = 0; from < rows.length; from += AT_ONCE) {
        const some = rows.slice(from, from + AT_ONCE).map(({ run, seq, value }) => {
          // What is put back must not be a word of ours.
          const instead = table === "run_undo" ? undefined : FORGOTTEN;
          return { run, seq, value: forgetName(value, name, instead) };
        });
        await sql`update ${sql.table(table)} t set ${at} = x.value
          from jsonb_to_recordset(${jsonText(some)}::jsonb) as x (run uuid, seq int, value jsonb)
          where t.run_id = x.run and t.seq = x.seq`.execute(trx);
      }
    }
  const told = await sql<{ id: string; data: unknown }>`
    select id, debug_data as data from system_log
    where position(${inner} in debug_data::text) > 0`.execute(trx);
  for (const { id, data } of told.rows)
    await sql`update system_log set debug_data = ${jsonText(forgetName(data, name, FORGOTTEN))}::jsonb
      where id = ${id}::uuid`.execute(trx);
  await renameFailed(trx, name);
  const failing = await sql<{ directory: string; id: string; error: unknown }>`
    select directory, external_id as id, error from app_users
    where error is not null and position(${inner} in error::text) > 0`.execute(trx);
  for (const { directory, id, error } of failing.rows)
    await sql`update app_users set error = ${jsonText(forgetName(error, name, FORGOTTEN))}::jsonb
      where directory = ${directory} and external_id = ${id}`.execute(trx);
}

/** Somebody who should have had the login, and could not, is told by the login that they have. */
async function renameFailed(trx: Trx, name: string): Promise<void> {
  const { rows } = await sql<{ id: string | null }>`
    select distinct user_id as id from run_changes
    where lower(login) = lower(${name}) and action = 'failed'`.execute(trx);
  const users = await sql<{ id: string; login: string }>`
    select id, login from users
    where id = any(${rows.flatMap((row) => row.id ?? [])}::uuid[])`.execute(trx);
  const logins = new Map(users.rows.map((user) => [user.id, user.login]));
  for (const { id } of rows)
    await sql`update run_changes set login = ${logins.get(id ?? "") ?? FORGOTTEN}
      where lower(login) = lower(${name}) and action = 'failed'
        and user_id is not distinct from ${id}::uuid`.execute(trx);
}
