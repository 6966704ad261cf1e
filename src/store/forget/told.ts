/** What the histories of runs tell of a person, and by which names. */
import { sql, type RawBuilder } from "kysely";
import type { Trx } from "../connection.ts";
import { runsByIds } from "../runs.ts";
import { FORGOTTEN } from "./forgotten.ts";
import { asRows, keyOf, livingAmong, type Trace } from "./traces.ts";

/** What is told of the person in one row of a run's history. */
export interface ToldRow {
  readonly run: string;
  readonly seq: number;
  readonly login: string | null;
  readonly dn: string;
  /** Whether all of it is about the person, and not only the entry. */
  readonly owned: boolean;
}

/**
 * All rows about the user, or about the entries. What a dry run or a plan that was dropped would have
 * made of an entry has a user of its own who never was.
 * @param userId null where an app profile never had a user
 */
export async function historyOf(
  trx: Trx,
  userId: string | null,
  entries: readonly Trace[],
): Promise<ToldRow[]> {
  type Row = Omit<ToldRow, "owned"> & {
    readonly user_id: string | null;
    readonly id: string | null;
    readonly applied: boolean;
  };
  const { rows } = await sql<Row>`
    select run_id as run, seq, login, dn, user_id, external_id as id, applied from run_changes
    where user_id = ${userId}::uuid
      or external_id = any(${entries.map((one) => one.externalId)}::text[])`.execute(trx);
  const runs = await runsByIds(
    trx,
    rows.map((row) => row.run),
  );
  const keys = new Set(entries.map(keyOf));
  const isOfEntry = (row: Row): boolean => {
    const directory = runs.get(row.run)?.directory ?? null;
    return directory !== null && keys.has(keyOf({ directory, externalId: row.id ?? "" }));
  };
  const living = await livingAmong(
    trx,
    rows.flatMap((row) => row.user_id ?? []),
  );
  return rows.flatMap((row) => {
    const isOwn = userId !== null && row.user_id === userId;
    if (!isOwn && !isOfEntry(row)) return [];
    const isNobodys =
      row.user_id === null || ((userId === null || !row.applied) && !living.has(row.user_id));
    return [{ ...row, owned: isOwn || isNobodys }];
  });
}

/** Rows of history as `f` of a query. */
export function rowsAmong(rows: readonly ToldRow[]): RawBuilder<unknown> {
  return sql`unnest(${rows.map((row) => row.run)}::uuid[],
    ${rows.map((row) => row.seq)}::int[]) as f (run, seq)`;
}

/** Logins and DNs that the person had; logins of others, and DNs of entries that are there, are not. */
export async function namesOf(
  trx: Trx,
  userId: string | null,
  entries: readonly Trace[],
  told: readonly ToldRow[],
): Promise<string[]> {
  const candidates = [
    ...told.flatMap((row) => (row.owned && row.login !== null ? [row.login] : [])),
    ...told.map((row) => row.dn),
    ...entries.map((one) => one.dn),
  ];
  const { rows } = await sql<{ name: string; key: string }>`
    select name, lower(name) as key from (
      select unnest(${candidates}::text[]) as name
      union select login from users where id = ${userId}::uuid) n
    where name <> ${FORGOTTEN}
      and not exists (select from users u where lower(u.login) = lower(name)
        and u.id is distinct from ${userId}::uuid)
      and not exists (select from app_users a where lower(a.dn) = lower(name)
        and not exists (select from ${asRows(entries)}
          where e.directory = a.directory and e.id = a.external_id))`.execute(trx);
  const taken = await loginsOfOthers(
    trx,
    userId,
    rows.map((row) => row.key),
    told,
  );
  return rows.filter((row) => !taken.has(row.key)).map((row) => row.name);
}

/** Which of these logins, in small letters, somebody else had once. */
async function loginsOfOthers(
  trx: Trx,
  userId: string | null,
  logins: readonly string[],
  told: readonly ToldRow[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ key: string; run: string; seq: number }>`
    select lower(login) as key, run_id as run, seq from run_changes
    where lower(login) = any(${logins}::text[]) and user_id is not null
      and user_id is distinct from ${userId}::uuid and applied and action <> 'failed'`.execute(trx);
  const own = new Set(told.filter((row) => row.owned).map(({ run, seq }) => `${run} ${seq}`));
  return new Set(rows.filter(({ run, seq }) => !own.has(`${run} ${seq}`)).map((row) => row.key));
}
