/** How each app is: paused, asked for patience, what it was found to be able to do. */
import { sql } from "kysely";
import type { AccountError } from "../model/account.ts";
import type { CapabilityOverrides } from "../model/app.ts";
import type { Connection, Trx } from "./connection.ts";
import { jsonText } from "./json-text.ts";

export interface AppState {
  /** Why nothing is sent until a person acts. */
  readonly paused: AccountError | null;
  /** Nothing is asked of it before; milliseconds since 1970. */
  readonly notBefore: number | null;
  readonly failures: number;
  /** Its address when it was pushed to last; null: it never was. */
  readonly target: string | null;
  readonly declared: CapabilityOverrides | null;
  readonly learned: CapabilityOverrides;
  readonly seen: string | null;
  readonly fullAt: Date | null;
}

const NEW: AppState = {
  paused: null,
  notBefore: null,
  failures: 0,
  target: null,
  declared: null,
  learned: {},
  seen: null,
  fullAt: null,
};

export async function appState(db: Connection, app: string): Promise<AppState> {
  const row = await db
    .selectFrom("app_states")
    .selectAll()
    .where("app", "=", app)
    .executeTakeFirst();
  if (row === undefined) return NEW;
  return {
    paused: row.paused,
    notBefore: row.not_before?.getTime() ?? null,
    failures: row.failures,
    target: row.target,
    declared: row.declared,
    learned: row.learned,
    seen: row.seen,
    fullAt: row.full_at,
  };
}

/** Writes down what was found out about an app; what is not named stays. */
export async function noteApp(trx: Trx, app: string, notes: Partial<AppState>): Promise<void> {
  const { paused, notBefore, failures, target, declared, learned, seen, fullAt } = notes;
  const columns = {
    ...(paused === undefined ? {} : { paused: paused === null ? null : jsonText(paused) }),
    ...(notBefore === undefined
      ? {}
      : { not_before: notBefore === null ? null : new Date(notBefore) }),
    ...(failures === undefined ? {} : { failures }),
    ...(target === undefined ? {} : { target }),
    ...(declared === undefined ? {} : { declared: declared === null ? null : jsonText(declared) }),
    ...(learned === undefined ? {} : { learned: jsonText(learned) }),
    ...(seen === undefined ? {} : { seen }),
    ...(fullAt === undefined ? {} : { full_at: fullAt }),
  };
  await trx
    .insertInto("app_states")
    .values({ app, ...columns })
    .onConflict((conflict) => conflict.column("app").doUpdateSet({ app, ...columns }))
    .execute();
}

/** Ends a pause that a person wanted; one for a refused credential ends when it is good again. */
export async function endPause(trx: Trx, app: string): Promise<void> {
  await sql`update app_states set paused = null
    where app = ${app} and paused->>'code' <> 'app.credentials'`.execute(trx);
  await sql`delete from tasks where app = ${app} and subject = 'app'
    and error->>'code' <> 'app.credentials'`.execute(trx);
}

/**
 * The runs that ended last, as one text: another one means that users, groups or links may have
 * changed. Several of them, because a transaction may show later than one that ended after it.
 */
export async function lastChanges(db: Connection): Promise<string> {
  const { rows } = await sql<{ seen: string | null }>`
    select string_agg(id::text, ' ' order by id) as seen from (
      select id from runs where app is null and status = 'done' and not dry_run
      order by finished_at desc nulls last limit 12) r`.execute(db);
  return rows[0]?.seen ?? "";
}
