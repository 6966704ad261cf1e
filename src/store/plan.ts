/**
 * A plan on its way: one row per person, everything needed to carry it out. Rows come in by COPY
 * while the directory is being read; what they hold as JSON stays text until it is applied.
 */
import { sql, type Selectable } from "kysely";
import type { AppProfile } from "../model/entry.ts";
import type { Problem } from "../model/errors.ts";
import { STEPS, type PlannedChange, type Step } from "../model/plan.ts";
import type { Action, Reason } from "../model/run.ts";
import { loginKey, type AppUserStatus, type LinkOrigin, type UserStatus } from "../model/user.ts";
import { plainDn, plainDnText, valuesOf } from "./app-users.ts";
import type { Connection, Trx } from "./connection.ts";
import { CopyRows } from "./copy-format.ts";
import { jsonText } from "./json-text.ts";
import type { Store } from "./database.ts";
import type { Lease } from "./leases.ts";
import { packSources, unpackSources } from "./packed-sources.ts";
import { sqlState } from "./sql-state.ts";
import type { PlanTable } from "./tables.ts";

export type PlanName = "plan" | "held_plan";
type Row = Selectable<PlanTable>;

export const PLAN_COLUMNS = [
  "run_id",
  "step",
  "seq",
  "action",
  "external_id",
  "dn",
  "lost",
  "app_status",
  "app_profile",
  "app_hash",
  "app_user_id",
  "app_error",
  "user_id",
  "user_login",
  "write_user",
  "user_new",
  "base_version",
  "claims_login",
  "login",
  "login_key",
  "user_profile",
  "user_sources",
  "user_status",
  "status_by",
  "changes",
  "error",
  "events",
  "reason",
  "deletes",
  "app_link",
  "look_again",
] as const satisfies readonly (keyof PlanTable)[];

/** A planned change with its place in the plan. */
export interface PlanRow {
  readonly seq: number;
  readonly step: Step;
  readonly planned: PlannedChange;
}

export function stepOf(planned: PlannedChange): Step {
  if (planned.action === "removed") return "removal";
  // A link that is cut makes room for another one, unless it belongs to an exchange of logins.
  if (planned.deletes === "appUser" && !planned.claimsLogin) return "removal";
  return planned.user?.isNew === true ? "creation" : "change";
}

/** Rows of a plan on their way to it. Bytes at once, so that a batch that waits holds no objects. */
export class PlanLines {
  readonly #runId: string;
  readonly #lines = new CopyRows();

  constructor(runId: string) {
    this.#runId = runId;
  }

  get rows(): number {
    return this.#lines.rows;
  }

  /** In bytes. */
  get length(): number {
    return this.#lines.length;
  }

  add(row: PlanRow): void {
    const values = planValues(this.#runId, row);
    this.#lines.add(PLAN_COLUMNS.map((column) => values[column]));
  }

  /** Sends what was added to the plan; what is added from now on is the next batch. */
  async send(store: Store, lease: Lease): Promise<void> {
    await store.copy("plan", PLAN_COLUMNS, this.#lines.take(), lease);
  }
}

type PlanColumn = (typeof PLAN_COLUMNS)[number];
type PlanValues = Pick<Row, PlanColumn>;

function planValues(runId: string, { seq, step, planned }: PlanRow): PlanValues {
  return {
    run_id: runId,
    step: STEPS.indexOf(step),
    seq,
    action: planned.action,
    external_id: planned.externalId,
    dn: planned.dn,
    lost: planned.lost,
    ...appUserValues(planned.appUser),
    user_id: planned.userId,
    user_login: planned.login,
    claims_login: planned.claimsLogin,
    ...userValues(planned),
    changes: jsonText(planned.changes),
    error: planned.error === null ? null : jsonText(planned.error),
    events: jsonText(planned.events),
    reason: planned.reason,
    deletes: planned.deletes,
    look_again: planned.lookAgain,
  };
}

type AppUserColumn = Extract<PlanColumn, `app_${string}`>;

function appUserValues(write: PlannedChange["appUser"]): Pick<PlanValues, AppUserColumn> {
  return {
    app_status: write?.status ?? null,
    app_profile: jsonOrNull(write?.profile),
    app_hash: write?.hash ?? null,
    app_user_id: write?.userId ?? null,
    app_error: write?.error == null ? null : jsonText(write.error),
    app_link: write?.link === undefined ? null : jsonText(write.link),
  };
}

function userValues({ user, userVersion }: PlannedChange) {
  if (user === null) return { ...NO_USER, base_version: userVersion };
  return {
    write_user: true,
    user_new: user.isNew,
    base_version: user.baseVersion,
    login: user.login,
    login_key: loginKey(user.login),
    user_profile: JSON.stringify(user.profile),
    user_sources: JSON.stringify(packSources(user.sources)),
    user_status: user.status,
    status_by: user.statusBy,
  };
}

const NO_USER = {
  write_user: false,
  user_new: false,
  login: null,
  login_key: null,
  user_profile: null,
  user_sources: null,
  user_status: null,
  status_by: null,
} as const;

function jsonOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}

function toPlanRow(row: Row): PlanRow {
  return {
    seq: row.seq,
    step: STEPS[row.step] ?? "change",
    planned: {
      action: row.action as Action,
      externalId: row.external_id,
      dn: row.dn,
      lost: row.lost,
      login: row.user_login,
      userId: row.user_id,
      userVersion: row.base_version,
      appUser:
        row.app_status === null
          ? null
          : {
              dn: row.dn,
              status: row.app_status as AppUserStatus,
              profile: JSON.parse(row.app_profile ?? "{}") as AppProfile,
              hash: row.app_hash ?? "",
              userId: row.app_user_id,
              error: parseProblem(row.app_error),
              ...(row.app_link === null ? {} : { link: JSON.parse(row.app_link) as LinkOrigin }),
            },
      user: toUserWrite(row),
      changes: JSON.parse(row.changes) as PlannedChange["changes"],
      error: parseProblem(row.error),
      events: JSON.parse(row.events) as PlannedChange["events"],
      reason: row.reason as Reason | null,
      deletes: row.deletes as NonNullable<PlannedChange["deletes"]> | null,
      lookAgain: row.look_again,
      claimsLogin: row.claims_login,
    },
  };
}

function toUserWrite(row: Row): PlannedChange["user"] {
  if (!row.write_user || row.user_id === null) return null;
  const profile = JSON.parse(row.user_profile ?? "{}") as NonNullable<
    PlannedChange["user"]
  >["profile"];
  const packed = JSON.parse(row.user_sources ?? "{}") as Record<string, string>;
  return {
    id: row.user_id,
    isNew: row.user_new,
    baseVersion: row.base_version,
    login: row.login ?? "",
    profile,
    sources: unpackSources(packed, profile),
    status: row.user_status as UserStatus,
    statusBy: row.status_by,
  };
}

function parseProblem(text: string | null): Problem | null {
  return text === null ? null : (JSON.parse(text) as Problem);
}

/** The key of a plan is (run, step, number); without a step in the question all rows would be read. */
const inAnyStep = sql<boolean>`step in (${sql.join(STEPS.map((_step, i) => sql.lit(i)))})`;

export async function planRows(
  db: Connection,
  name: PlanName,
  runId: string,
  seqs: readonly number[],
): Promise<PlanRow[]> {
  if (seqs.length === 0) return [];
  const rows = await db
    .selectFrom(name)
    .selectAll()
    .where("run_id", "=", runId)
    .where(inAnyStep)
    .where(sql<boolean>`seq = any(${seqs}::int[])`)
    .execute();
  return rows.map(toPlanRow);
}

/** Rows about these entries, or these users. */
export async function plannedFor(
  db: Connection,
  runId: string,
  column: "external_id" | "app_user_id",
  values: readonly string[],
): Promise<PlanRow[]> {
  const rows = await db
    .selectFrom("plan")
    .selectAll()
    .where("run_id", "=", runId)
    .where(sql<boolean>`${sql.ref(column)}::text = any(${values}::text[])`)
    .orderBy("seq")
    .execute();
  return rows.map(toPlanRow);
}

/**
 * Rows of people who name one of these.
 * @param attributes that name people, in lower case
 */
export async function plannedNaming(
  db: Connection,
  runId: string,
  attributes: readonly string[],
  dns: readonly string[],
): Promise<number[]> {
  const lower = dns.map(plainDnText);
  const rows = await db
    .selectFrom("plan")
    .select("seq")
    .where("run_id", "=", runId)
    .where(inAnyStep)
    .where(
      sql<boolean>`exists (select 1 from jsonb_each(app_profile::jsonb) as named (name, value),
        ${valuesOf(sql`value`)} as one
        where lower(name) = any(${attributes}::text[]) and ${plainDn("one")} = any(${lower}::text[]))`,
    )
    .orderBy("seq")
    .execute();
  return rows.map((row) => row.seq);
}

/** Writes rows anew, for changes that turned out to be impossible. They keep their place. */
export async function replacePlanRows(
  db: Connection,
  name: PlanName,
  runId: string,
  rows: readonly PlanRow[],
): Promise<void> {
  for (const row of rows) {
    const { step: _step, ...changed } = planValues(runId, row);
    await db
      .updateTable(name)
      .set(changed)
      .where("run_id", "=", runId)
      .where(inAnyStep)
      .where("seq", "=", row.seq)
      .execute();
  }
}

/** The rows of a step, in order. */
export async function stepSeqs(
  db: Connection,
  name: PlanName,
  runId: string,
  step: Step,
): Promise<number[]> {
  const rows = await db
    .selectFrom(name)
    .select("seq")
    .where("run_id", "=", runId)
    .where("step", "=", STEPS.indexOf(step))
    .orderBy("seq")
    .execute();
  return rows.map((row) => row.seq);
}

/** Rows per step, and in all. */
export async function planSteps(
  db: Connection,
  name: PlanName,
  runId: string,
): Promise<Map<Step, number>> {
  const rows = await db
    .selectFrom(name)
    .select(["step", sql<number>`count(*)::int`.as("count")])
    .where("run_id", "=", runId)
    .groupBy("step")
    .execute();
  return new Map(rows.map((row) => [STEPS[row.step] ?? "change", row.count]));
}

/** Rows whose login a user has who does not give it up in this plan. */
export async function takenLogins(
  db: Connection,
  name: PlanName,
  runId: string,
): Promise<{ seq: number; login: string; holder: string }[]> {
  const table = sql.table(name);
  const result = await sql<{ seq: number; login: string; holder: string }>`
    select p.seq, p.login, u.login as holder
    from ${table} p join users u on u.login_key = p.login_key and u.id <> p.user_id
    where p.run_id = ${runId} and p.claims_login and not exists (
      select 1 from ${table} q where q.run_id = ${runId} and q.user_id = u.id
        and (q.claims_login or q.deletes = 'person'))
    order by p.seq`.execute(db);
  return result.rows;
}

/**
 * Rows whose login another row of the plan claims first: users that exist before new ones, then in
 * order of reading.
 */
export async function repeatedLogins(
  db: Connection,
  name: PlanName,
  runId: string,
): Promise<{ seq: number; login: string; holder: string }[]> {
  const result = await sql<{ seq: number; login: string; holder: string }>`
    select seq, login, holder from (
      select seq, login,
        row_number() over claims as place,
        first_value(dn) over claims as holder
      from ${sql.table(name)} where run_id = ${runId} and claims_login
      window claims as (partition by login_key order by user_new, seq)
    ) ranked where place > 1 order by seq`.execute(db);
  return result.rows;
}

/** Rows of users that can be applied together with others; also of those who leave a directory. */
export const movable = sql`step in (${sql.lit(STEPS.indexOf("change"))},
  ${sql.lit(STEPS.indexOf("removal"))})
  and write_user and deletes is distinct from 'person'`;

/** Marks people who take a login that another row gives up, and those who give it up. */
export async function markLoginExchanges(
  db: Connection,
  name: PlanName,
  runId: string,
): Promise<void> {
  const table = sql.table(name);
  const move = STEPS.indexOf("exchange");
  await sql`
    with moves as (
      select p.seq as taker, q.seq as giver
      from ${table} p
      join users u on u.login_key = p.login_key and u.id <> p.user_id
      join ${table} q on q.run_id = ${runId} and q.user_id = u.id and q.claims_login
      where p.run_id = ${runId} and p.claims_login
    )
    update ${table} set step = ${move}
    where run_id = ${runId} and ${movable}
      and seq in (select taker from moves union select giver from moves)`.execute(db);
}

const AT_ONCE = 10_000;

/**
 * What is left of a plan that was being applied: rows whose history stands already were applied in
 * the same transaction, and go. Rows that only refresh a hash may be applied twice.
 * @returns how many rows are accounted for: left, or applied
 */
export async function dropApplied(db: Connection, name: PlanName, runId: string): Promise<number> {
  const table = sql.table(name);
  let applied = 0;
  for (let after = -1; ;) {
    const { rows } = await sql<{ seq: number }>`select seq from run_changes
      where run_id = ${runId} and applied and seq > ${after}
      order by seq limit ${AT_ONCE}`.execute(db);
    const seqs = rows.map((row) => row.seq);
    const last = seqs.at(-1);
    if (last === undefined) break;
    // By the key, whose middle is the step.
    await sql`delete from ${table}
      where run_id = ${runId} and step = any(${STEPS.map((_, step) => step)}::int[])
        and seq > ${after} and seq <= ${last} and seq = any(${seqs}::int[])`.execute(db);
    applied += seqs.length;
    after = last;
  }
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from ${table} where run_id = ${runId}`.execute(db);
  return applied + (rows[0]?.count ?? 0);
}

/** A held plan has to survive a crash of the database. */
export async function keepPlan(trx: Trx, runId: string): Promise<void> {
  await sql`insert into held_plan select * from plan where run_id = ${runId}`.execute(trx);
  await dropPlan(trx, "plan", runId);
}

/** @param trx of which this is nearly the end, because others may have to wait for it from here on */
export async function dropPlan(trx: Trx, name: PlanName, runId: string): Promise<void> {
  if (name === "plan" && (await canBeEmptied(trx))) {
    await sql`savepoint emptying`.execute(trx);
    if (await emptied(trx, runId)) return;
    await sql`rollback to savepoint emptying`.execute(trx);
  }
  await trx.deleteFrom(name).where("run_id", "=", runId).execute();
}

/** Of the disk, in bytes. Below, deleting is less work. */
const LARGE = 8 * 1024 * 1024;

/**
 * Whether the table is large, whoever filled it, and may be emptied: emptying goes by what is there now,
 * so what is asked for must be, too; and somebody who is at it would be waited for.
 */
async function canBeEmptied(trx: Trx): Promise<boolean> {
  const { rows } = await sql<{ can: boolean }>`
    select pg_relation_size('plan') > ${LARGE} and has_table_privilege('plan', 'truncate')
      and current_setting('transaction_isolation') = 'read committed'
      and not exists (select from pg_locks
        where relation = 'plan'::regclass and pid <> pg_backend_pid()
          and database = (select oid from pg_database where datname = current_database())) as can`.execute(
    trx,
  );
  return rows[0]?.can === true;
}

/**
 * Empties the table of plans if nobody else has anything in it, which gives its disk back at once;
 * millions of rows that are deleted keep it until they are vacuumed, and in the embedded database for ever.
 * @returns whether that could be done without waiting for anybody
 */
async function emptied(trx: Trx, runId: string): Promise<boolean> {
  try {
    await sql`lock table plan in access exclusive mode nowait`.execute(trx);
  } catch (error) {
    if (sqlState(error) === LOCK_NOT_AVAILABLE) return false;
    throw error;
  }
  const others = await sql`(select from plan where run_id < ${runId} limit 1)
    union all (select from plan where run_id > ${runId} limit 1)`.execute(trx);
  if (others.rows.length > 0) return false;
  await sql`truncate plan`.execute(trx);
  return true;
}

const LOCK_NOT_AVAILABLE = "55P03";
