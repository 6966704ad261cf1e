/** What is kept of people in apps. One row a person and app; it outlives the user. */
import { sql, type Selectable } from "kysely";
import type { Account, AccountReason, AccountState } from "../model/account.ts";
import type { User } from "../model/user.ts";
import type { Connection, Trx } from "./connection.ts";
import { jsonText } from "./json-text.ts";
import type { AccountsTable } from "./tables.ts";
import { rowsByKeys } from "./rows-by-keys.ts";
import { toUser, USER_COLUMNS } from "./users.ts";

type Row = Selectable<AccountsTable>;

function toAccount(row: Row): Account {
  return {
    app: row.app,
    userId: row.user_id,
    login: row.login,
    assignedBy: row.assigned_by,
    values: row.assigned_values,
    externalId: row.external_id,
    state: row.state as AccountState,
    acknowledged: row.acknowledged,
    acknowledgedPlaces: row.acknowledged_places,
    attempted: row.attempted,
    unsure: row.unsure,
    notKept: row.not_kept,
    userVersion: row.user_version,
    fingerprint: row.fingerprint,
    settled: row.settled,
    reason: row.reason as AccountReason | null,
    error: row.error,
    attempts: row.attempts,
    refused: row.refused,
    retryAt: row.retry_at?.getTime() ?? null,
    lastPush: row.last_push?.toISOString() ?? null,
    touched: row.touched,
  };
}

/** Whom a push looks at. */
export interface DueQuery {
  readonly app: string;
  /** Of the rules; whoever was decided on by others is looked at. */
  readonly fingerprint: string;
  /** Also whoever was decided on and has not changed. */
  readonly everybody: boolean;
  /** Only these; null: all. */
  readonly userIds: readonly string[] | null;
}

/** A page of users who may have to be decided on, in order of their ids, after one. */
export async function dueUsers(
  db: Connection,
  { app, fingerprint, everybody, userIds }: DueQuery,
  after: string | null,
  limit: number,
): Promise<User[]> {
  let select = db
    .selectFrom("users as u")
    .select(USER_COLUMNS.map((column) => `u.${column}` as const))
    .orderBy("u.id")
    .limit(limit);
  if (after !== null) select = select.where("u.id", ">", after);
  if (userIds !== null) select = select.where(sql<boolean>`u.id = any(${userIds}::uuid[])`);
  if (!everybody)
    select = select
      .leftJoin("accounts as a", (join) => {
        const own = join.onRef("a.user_id", "=", "u.id").on("a.app", "=", app);
        // The planner does not conclude it from the user's.
        return after === null ? own : own.on("a.user_id", ">", after);
      })
      .where(
        sql<boolean>`(a.user_id is null or a.user_version <> u.version or not a.settled
          or a.fingerprint <> ${fingerprint})`,
      );
  return (await select.execute()).map(toUser);
}

/** Accounts whose user is gone and that still owe something. */
export async function orphanedAccounts(
  db: Connection,
  { app, fingerprint, everybody, userIds }: DueQuery,
  after: string | null,
  limit: number,
): Promise<Account[]> {
  let select = db
    .selectFrom("accounts as a")
    .selectAll("a")
    .where("a.app", "=", app)
    .where(sql<boolean>`not exists (select from users u where u.id = a.user_id)`)
    .orderBy("a.user_id")
    .limit(limit);
  if (after !== null) select = select.where("a.user_id", ">", after);
  if (userIds !== null) select = select.where(sql<boolean>`a.user_id = any(${userIds}::uuid[])`);
  // A version below all others marks what was decided while the user was there.
  if (!everybody)
    select = select.where(
      sql<boolean>`(not a.settled or a.user_version >= 0 or a.fingerprint <> ${fingerprint})`,
    );
  return (await select.execute()).map(toAccount);
}

/** The accounts of several people in an app, by user. */
export async function accountsOf(
  db: Connection,
  app: string,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, Account>> {
  const rows = await rowsByKeys(db, userIds, "uuid", (id) =>
    db.selectFrom("accounts").selectAll().where("app", "=", app).where("user_id", "=", id),
  );
  return new Map(rows.map((row) => [row.user_id, toAccount(row)]));
}

/** All accounts of one person. */
export async function accountsOfUser(db: Connection, userId: string): Promise<Account[]> {
  const rows = await db
    .selectFrom("accounts")
    .selectAll()
    .where("user_id", "=", userId)
    .orderBy("app")
    .execute();
  return rows.map(toAccount);
}

/** Accounts by the app's own ids. */
export async function accountsByExternalIds(
  db: Connection,
  app: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Account>> {
  const rows = await rowsByKeys(db, ids, "text", (id) =>
    db.selectFrom("accounts").selectAll().where("app", "=", app).where("external_id", "=", id),
  );
  return new Map(rows.map((row) => [row.external_id ?? "", toAccount(row)]));
}

const COLUMNS = [
  "app text",
  "user_id uuid",
  "login text",
  "assigned_by jsonb",
  "assigned_values jsonb",
  "external_id text",
  "state text",
  "acknowledged jsonb",
  "acknowledged_places text",
  "attempted jsonb",
  "unsure jsonb",
  "not_kept jsonb",
  "user_version int",
  "fingerprint text",
  "settled boolean",
  "reason text",
  "error jsonb",
  "attempts int",
  "refused jsonb",
  "retry_at timestamptz",
  "last_push timestamptz",
  "touched int",
] as const;
const NAMES = COLUMNS.map((column) => column.split(" ", 1)[0] ?? "");

/** Writes accounts as they are now. */
export async function saveAccounts(trx: Trx, accounts: readonly Account[]): Promise<void> {
  if (accounts.length === 0) return;
  const rows = accounts.map((one) => ({
    app: one.app,
    user_id: one.userId,
    login: one.login,
    assigned_by: one.assignedBy,
    assigned_values: one.values,
    external_id: one.externalId,
    state: one.state,
    acknowledged: one.acknowledged,
    acknowledged_places: one.acknowledgedPlaces,
    attempted: one.attempted,
    unsure: one.unsure,
    not_kept: one.notKept,
    user_version: one.userVersion,
    fingerprint: one.fingerprint,
    settled: one.settled,
    reason: one.reason,
    error: one.error,
    attempts: one.attempts,
    refused: one.refused,
    retry_at: one.retryAt === null ? null : new Date(one.retryAt).toISOString(),
    last_push: one.lastPush,
    touched: one.touched,
  }));
  const columns = sql.raw(NAMES.join(", "));
  // JSON's null is no value; the columns' is.
  const values = sql.raw(
    COLUMNS.map((column) =>
      column.endsWith(" jsonb")
        ? `nullif(x.${nameOf(column)}, 'null'::jsonb)`
        : `x.${nameOf(column)}`,
    ).join(", "),
  );
  const updates = sql.raw(
    NAMES.filter((name) => name !== "app" && name !== "user_id" && name !== "touched")
      .map((name) => `${name} = ${name === "settled" ? SETTLED : `excluded.${name}`}`)
      .join(", "),
  );
  await sql`insert into accounts (${columns}, pending_since)
    select ${values}, case when x.settled or x.reason is null then null else clock_timestamp() end
    from jsonb_to_recordset(${jsonText(rows)}::jsonb) as x (${sql.raw(COLUMNS.join(", "))})
    on conflict (app, user_id) do update set ${updates}, pending_since = ${sql.raw(PENDING)}`.execute(
    trx,
  );
}

/** What somebody asked for meanwhile is not settled by what was decided before. */
const SETTLED = "(excluded.settled and accounts.touched = excluded.touched)";

/** Since when something is owed of which it is known why it is not sent. */
const PENDING = `case when ${SETTLED} or excluded.reason is null then null
  else coalesce(accounts.pending_since, clock_timestamp()) end`;

function nameOf(column: string): string {
  return column.split(" ", 1)[0] ?? "";
}

/** What is on record of an account before anything is sent. */
export type Intent = Pick<Account, "userId" | "externalId" | "state" | "attempted" | "unsure">;

/** Notes what is about to be sent, so that a crash leaves a doubt and no wrong certainty. */
export async function noteIntents(
  trx: Trx,
  app: string,
  intents: readonly Intent[],
): Promise<void> {
  if (intents.length === 0) return;
  await sql`update accounts a set state = x.state, unsure = x.unsure, settled = false,
      external_id = x."externalId", attempted = nullif(x.attempted, 'null'::jsonb)
    from jsonb_to_recordset(${jsonText(intents)}::jsonb)
      as x ("userId" uuid, "externalId" text, state text, attempted jsonb, unsure jsonb)
    where a.app = ${app} and a.user_id = x."userId"`.execute(trx);
}

/** The app is at another address: every account there is looked for again, as one that may be ours. */
export async function forgetTarget(trx: Trx, app: string): Promise<void> {
  await sql`update accounts set
      state = case when external_id is null then state else 'attempted' end,
      attempted = case when external_id is null then attempted else acknowledged end,
      external_id = null, acknowledged = null, acknowledged_places = '', unsure = '[]',
      not_kept = '[]', settled = false, refused = null, retry_at = null
    where app = ${app}`.execute(trx);
  // Who was told to be a member is told again, and by the id that the account has then.
  await sql`update pushed_members set confirmed = false, external_id = ''
    where app = ${app}`.execute(trx);
  await sql`update pushed_groups set external_id = null, state = 'attempted'
    where app = ${app}`.execute(trx);
}

export interface AccountsQuery {
  readonly app: string;
  /** Behind this user id; null: from the beginning. */
  readonly after: string | null;
  readonly limit: number;
  /** Whether also accounts of people who are not assigned. */
  readonly all: boolean;
}

/** A page of accounts in order of their users. */
export async function listAccounts(db: Connection, query: AccountsQuery): Promise<Account[]> {
  let select = db
    .selectFrom("accounts")
    .selectAll()
    .where("app", "=", query.app)
    .orderBy("user_id")
    .limit(query.limit);
  if (query.after !== null) select = select.where("user_id", ">", query.after);
  if (!query.all) select = select.where("assigned_by", "is not", null);
  return (await select.execute()).map(toAccount);
}

/**
 * Ids of users who are assigned: by a rule as the last push found, or by hand now. In their order.
 * @param prefix how the login begins; null: whatever it is
 */
export async function assignedIds(
  db: Connection,
  app: string,
  { after, prefix, limit }: { after: string | null; prefix: string | null; limit: number },
): Promise<string[]> {
  const begins = sql`starts_with(lower(u.login), lower(${prefix}::text))`;
  const { rows } = await sql<{ id: string }>`
    select x.user_id as id from (
      select user_id from accounts where app = ${app} and assigned_by->>'kind' <> 'person'
      union select user_id from assignments where app = ${app}
    ) x ${prefix === null ? sql`` : sql`join users u on u.id = x.user_id and ${begins}`}
    where ${after === null ? sql`true` : sql`x.user_id > ${after}::uuid`}
    order by x.user_id limit ${limit}`.execute(db);
  return rows.map((row) => row.id);
}

export interface AccountTotals {
  readonly assigned: number;
  /** With an active account there. */
  readonly active: number;
  /** Whose creation may have reached the app, or who were at another address. */
  readonly attempted: number;
  readonly inSync: number;
  readonly pending: number;
  readonly failing: number;
  /** Wait because a loss is not proven. */
  readonly held: number;
  /** ISO 8601; null: nothing was ever acknowledged. */
  readonly lastPush: string | null;
  /** Since when something is owed that is not sent yet; ISO 8601. */
  readonly oldestPending: string | null;
}

export async function accountTotals(db: Connection, app: string): Promise<AccountTotals> {
  const { rows } = await sql<{
    assigned: number;
    active: number;
    attempted: number;
    in_sync: number;
    pending: number;
    failing: number;
    held: number;
    last_push: Date | null;
    oldest: Date | null;
  }>`select
      count(*) filter (where assigned_by is not null)::int as assigned,
      count(*) filter (where state in ('active', 'unsure'))::int as active,
      count(*) filter (where state = 'attempted')::int as attempted,
      count(*) filter (where settled and reason is null and error is null
        and assigned_by is not null)::int as in_sync,
      count(*) filter (where not settled and error is null
        and reason is distinct from 'sourceUnsettled')::int as pending,
      count(*) filter (where error is not null)::int as failing,
      count(*) filter (where reason = 'sourceUnsettled')::int as held,
      max(last_push) as last_push,
      min(pending_since) filter (where error is null
        and reason is distinct from 'sourceUnsettled') as oldest
    from accounts where app = ${app}`.execute(db);
  const { in_sync: inSync, last_push: last, oldest, ...row } = rows[0] ?? NO_TOTALS;
  return {
    ...row,
    inSync,
    lastPush: last?.toISOString() ?? null,
    oldestPending: oldest?.toISOString() ?? null,
  };
}

const NO_TOTALS = {
  assigned: 0,
  active: 0,
  attempted: 0,
  in_sync: 0,
  pending: 0,
  failing: 0,
  held: 0,
  last_push: null,
  oldest: null,
};

/** Apps with accounts, also those that are not in the configuration any more. */
export async function appsWithAccounts(
  db: Connection,
): Promise<readonly { readonly app: string; readonly active: number }[]> {
  return await db
    .selectFrom("accounts")
    .select([
      "app",
      sql<number>`count(*) filter (where state in ('active', 'unsure'))::int`.as("active"),
    ])
    .groupBy("app")
    .orderBy("app")
    .execute();
}

/** How many accounts of an app belong to somebody here. */
export async function countLinked(db: Connection, app: string): Promise<number> {
  const row = await db
    .selectFrom("accounts")
    .select(sql<number>`count(*)::int`.as("count"))
    .where("app", "=", app)
    .where("external_id", "is not", null)
    .executeTakeFirst();
  return row?.count ?? 0;
}

/** Erases what is kept of a person in apps; what an app has of its own stays there. */
export async function eraseAccounts(trx: Trx, userId: string): Promise<void> {
  for (const table of ["pushed_members", "assignments", "tasks", "accounts"] as const)
    await sql`delete from ${sql.table(table)} where user_id = ${userId}::uuid`.execute(trx);
  await sql`update push_changes set login = null, external_id = null, user_id = null,
    changes = '[]', error = null where user_id = ${userId}::uuid`.execute(trx);
}

/** When the next account is to be tried again; null: none is. */
export async function nextRetry(db: Connection, app: string): Promise<Date | null> {
  const row = await db
    .selectFrom("accounts")
    .select((one) => one.fn.min("retry_at").as("at"))
    .where("app", "=", app)
    .where("settled", "=", false)
    .executeTakeFirst();
  return row?.at ?? null;
}

/** Has what was refused tried again. @param userIds only of these; null: of all */
export async function releaseAccounts(
  trx: Trx,
  app: string,
  userIds: readonly string[] | null,
): Promise<void> {
  let update = trx
    .updateTable("accounts")
    .set({ refused: null, retry_at: null, settled: false, touched: sql<number>`touched + 1` })
    .where("app", "=", app)
    .where((row) =>
      row.or([
        row("refused", "is not", null),
        row("retry_at", "is not", null),
        row("error", "is not", null),
      ]),
    );
  if (userIds !== null) update = update.where(sql<boolean>`user_id = any(${userIds}::uuid[])`);
  await update.execute();
  await forgetIds(trx, app, userIds);
}

/**
 * Of those who are still assigned, the id under which the app has somebody else is forgotten, so that
 * they are looked for. Of others it stays: that there is no account of theirs is not proven.
 */
async function forgetIds(trx: Trx, app: string, userIds: readonly string[] | null): Promise<void> {
  await sql`update accounts set external_id = null, state = 'attempted', attempted = acknowledged
    where app = ${app} and error ->> 'code' = 'app.notOurs' and assigned_by is not null
      and (${userIds}::uuid[] is null or user_id = any(${userIds}::uuid[]))`.execute(trx);
}
