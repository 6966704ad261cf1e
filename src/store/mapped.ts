/** With which mappings app profiles were mapped last, and what is in them to map. */
import { sql } from "kysely";
import { present } from "./app-users.ts";
import type { Connection, Trx } from "./connection.ts";

/** Where the version of the mappings stands in a hash; see `decisionFingerprint`. */
const mappingPart = sql<string>`substr(hash, 9, 8)`;
const MARKED = 10_000;

/**
 * Notes for a page of people that they are mapped with a version, without any other change.
 * @returns where the next page begins; null if there is none
 */
export async function markMapped(
  trx: Trx,
  directory: string,
  version: string,
  page: { readonly after: string; readonly ids: readonly string[] | null },
): Promise<string | null> {
  const { after, ids } = page;
  const { rows } = await sql<{ last: string | null; people: number }>`
    with page as (
      select external_id from app_users
      where directory = ${directory} and status <> 'removed' and external_id > ${after}
        and (${ids}::text[] is null or external_id = any(${ids}::text[]))
      order by external_id limit ${MARKED}
    ), marked as (
      update app_users a set hash = substr(hash, 1, 8) || ${version}::text || substr(hash, 17)
      from page where a.directory = ${directory} and a.external_id = page.external_id
        and substr(hash, 17, 1) = ':' and ${mappingPart} <> ${version}
    )
    select max(external_id) as last, count(*)::int as people from page`.execute(trx);
  const [row] = rows;
  return row === undefined || row.people < MARKED ? null : row.last;
}

/**
 * How many people of a directory were last mapped with another version of the mappings. Those who
 * fail are mapped at every import, and keep what they had.
 */
export async function countOutdated(
  db: Connection,
  directory: string,
  version: string,
): Promise<number> {
  const row = await present(db, directory)
    .select(sql<number>`count(*)::int`.as("count"))
    // Of people who were put back, nothing is noted; their next import maps them.
    .where(sql<boolean>`${mappingPart} <> ${version} and substr(hash, 17, 1) = ':'`)
    .where(sql<boolean>`error is null and user_id is not null`)
    .executeTakeFirst();
  return row?.count ?? 0;
}

/**
 * Those of the attributes that nobody in the directory's scope has a value of.
 * @param names in lower case
 */
export async function attributesWithoutValue(
  db: Connection,
  directory: string,
  names: readonly string[],
): Promise<string[]> {
  // Most have a value at one of the first people; only for the others everybody is looked at.
  const some = new Set((await someAttributes(db, directory)).map((name) => name.toLowerCase()));
  const rare = names.filter((name) => !some.has(name));
  if (rare.length === 0) return [];
  const { rows } = await sql<{ name: string }>`
    select distinct lower(k.key) as name from app_users a, jsonb_object_keys(a.profile) as k (key)
    where a.directory = ${directory} and a.status <> 'removed'
      and lower(k.key) = any(${rare}::text[])`.execute(db);
  const found = new Set(rows.map((row) => row.name));
  return rare.filter((name) => !found.has(name));
}

/** Names of attributes that the first people of a directory have. */
export async function someAttributes(db: Connection, directory: string): Promise<string[]> {
  const result = await sql<{ key: string }>`
    select distinct k.key from (
      select profile from app_users where directory = ${directory} and status <> 'removed'
        limit 1000
    ) a, jsonb_object_keys(a.profile) as k (key)`.execute(db);
  return result.rows.map((row) => row.key);
}
