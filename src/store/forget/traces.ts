/** Where anything is kept of a person: app profiles, users who were deleted, plans. */
import { sql, type RawBuilder } from "kysely";
import type { AppUserStatus } from "../../model/user.ts";
import type { Connection, Trx } from "../connection.ts";
import { runsByIds } from "../runs.ts";

/** An app profile by its directory and external id. */
export interface Trace {
  readonly directory: string;
  readonly externalId: string;
  readonly dn: string;
  readonly status: AppUserStatus;
  readonly userId: string | null;
}

/** App profiles of a user, also of directories that they left, and of before the user was deleted. */
export async function tracesOfUser(db: Connection | Trx, userId: string): Promise<Trace[]> {
  const had = await entriesOnceOf(db, userId);
  const orphans = await traces(
    db,
    sql`user_id is null and coalesce(link->>'how', '') not in ('unlinked', 'ignored')
      and exists (select from ${asRows(had)}
        where e.directory = app_users.directory and e.id = app_users.external_id)`,
  );
  const linked = await traces(db, sql`user_id = ${userId}::uuid`);
  const last = await lastUsersOf(db, orphans);
  return [...linked, ...orphans.filter((one) => last.get(keyOf(one)) === userId)];
}

/** An entry by its directory and external id. */
export type EntryKey = Pick<Trace, "directory" | "externalId">;

export function keyOf({ directory, externalId }: EntryKey): string {
  return `${directory} ${externalId}`;
}

/** The entries that a user had, as far as history is kept. */
async function entriesOnceOf(db: Connection | Trx, userId: string): Promise<EntryKey[]> {
  const { rows } = await sql<{ run: string; id: string }>`
    select distinct run_id as run, external_id as id from run_changes
    where user_id = ${userId}::uuid and applied and external_id is not null`.execute(db);
  const runs = await runsByIds(
    db,
    rows.map((row) => row.run),
  );
  return rows.flatMap(({ run, id: externalId }) => {
    const directory = runs.get(run)?.directory ?? null;
    return directory === null ? [] : [{ directory, externalId }];
  });
}

/** Whom entries belonged to last, as far as history is kept. */
async function lastUsersOf(
  db: Connection | Trx,
  entries: readonly EntryKey[],
): Promise<ReadonlyMap<string, string>> {
  if (entries.length === 0) return new Map();
  const ids = entries.map((one) => one.externalId);
  const { rows } = await sql<{ run: string; id: string; user_id: string }>`
    select run_id as run, external_id as id, user_id from run_changes
    where external_id = any(${ids}::text[]) and applied and user_id is not null
    order by run_id, seq`.execute(db);
  const runs = await runsByIds(
    db,
    rows.map((row) => row.run),
  );
  // Later ones replace earlier ones.
  return new Map(
    rows.map((row) => {
      const directory = runs.get(row.run)?.directory ?? "";
      return [keyOf({ directory, externalId: row.id }), row.user_id];
    }),
  );
}

/** @param who an external id or a DN */
export async function tracesOfEntry(
  db: Connection | Trx,
  directory: string,
  who: string,
): Promise<Trace[]> {
  return await traces(
    db,
    sql`directory = ${directory} and (external_id = ${who} or lower(dn) = lower(${who}))`,
  );
}

async function traces(db: Connection | Trx, which: RawBuilder<unknown>): Promise<Trace[]> {
  const { rows } = await sql<Trace>`
    select directory, external_id as "externalId", dn, status, user_id as "userId"
    from app_users where ${which}`.execute(db);
  return rows;
}

/** Identifiers of users who are deleted, by the id or by a login that they had once. */
export async function formerUsers(db: Connection | Trx, who: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select distinct user_id as id from run_changes
    where user_id is not null
      and (user_id::text = ${who} or lower(login) = lower(${who}))`.execute(db);
  const ids = rows.map((row) => row.id);
  const living = await livingAmong(db, ids);
  return ids.filter((id) => !living.has(id));
}

/** Those of the users who are there. */
export async function livingAmong(
  db: Connection | Trx,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ id: string }>`
    select id from users where id = any(${[...new Set(ids)]}::uuid[])`.execute(db);
  return new Set(rows.map((row) => row.id));
}

/** Entries as rows of a query: directory and external id. */
export function asRows(entries: readonly EntryKey[]): RawBuilder<unknown> {
  return sql`unnest(${entries.map((one) => one.directory)}::text[],
    ${entries.map((one) => one.externalId)}::text[]) as e (directory, id)`;
}

/** Whether a plan that waits, or is being applied, has the person in it. */
export async function isPlanned(
  db: Connection | Trx,
  userId: string | null,
  entries: readonly Trace[],
): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`select exists (
    select from (select run_id, user_id, external_id from plan
      union all select run_id, user_id, external_id from held_plan) p
    join runs r on r.id = p.run_id
    where p.user_id = ${userId}::uuid or exists (select from ${asRows(entries)}
      where e.id = p.external_id and e.directory = r.directory)) as found`.execute(db);
  return rows[0]?.found === true;
}
