/** How far each hook is. */
import { sql } from "kysely";
import { NEW_HOOK, type HookState } from "../model/hook.ts";
import type { Connection, Trx } from "./connection.ts";

export async function hookState(db: Connection, name: string): Promise<HookState> {
  const row = await db.selectFrom("hooks").selectAll().where("name", "=", name).executeTakeFirst();
  if (row === undefined) return NEW_HOOK;
  return {
    cursor: row.cursor,
    verified: row.verified,
    failures: row.failures,
    failingSince: row.failing_since?.toISOString() ?? null,
    notBefore: row.not_before?.toISOString() ?? null,
    error: row.error,
    lastDelivery: row.last_delivery?.toISOString() ?? null,
  };
}

/** Hooks that are not configured are forgotten: one of the same name later is a new one. */
export async function keepHooks(db: Connection, names: readonly string[]): Promise<void> {
  await sql`delete from hooks where not name = any(${names}::text[])`.execute(db);
}

/** Written by whoever holds the hook's claim. */
export async function saveHook(trx: Trx, name: string, state: HookState): Promise<void> {
  const row = {
    cursor: state.cursor,
    verified: state.verified,
    failures: state.failures,
    failing_since: state.failingSince === null ? null : new Date(state.failingSince),
    not_before: state.notBefore === null ? null : new Date(state.notBefore),
    error: state.error,
    last_delivery: state.lastDelivery === null ? null : new Date(state.lastDelivery),
  };
  await trx
    .insertInto("hooks")
    .values({ name, ...row })
    .onConflict((conflict) => conflict.column("name").doUpdateSet(row))
    .execute();
}
