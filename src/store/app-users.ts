import { sql, type Selectable, type RawBuilder } from "kysely";
import type { RawEntry } from "../model/entry.ts";
import {
  DISCONNECTED,
  type AppUser,
  type AppUserStatus,
  type AppUserTimes,
} from "../model/user.ts";
import { loginKey } from "../model/user.ts";
import { trimOf } from "../lib/trim.ts";
import type { Connection, Trx } from "./connection.ts";
import { rowsByKeys } from "./rows-by-keys.ts";
import type { AppUsersTable } from "./tables.ts";

type Row = Selectable<AppUsersTable>;

/** An app user with what only the store keeps about it. */
export interface StoredAppUser extends AppUser {
  readonly hash: string;
}

/** A person decided that the entry belongs to nobody; see `LinkOrigin`. */
export const setAside = sql<boolean>`(app_users.user_id is null
  and coalesce(app_users.link->>'how', '') in ('ignored', 'unlinked'))`;

/** A rule found the user; see `LinkOrigin`. */
const byRule = sql<boolean>`(coalesce(app_users.link->>'how', '') in ('matched', 'replaced'))`;

/** Without the times, which take longer to parse than the rest and decide nothing. */
export const COLUMNS = [
  "app_users.directory",
  "app_users.external_id",
  "app_users.user_id",
  "app_users.dn",
  "app_users.status",
  "app_users.profile",
  "app_users.hash",
  "app_users.error",
  setAside.as("set_aside"),
  byRule.as("by_rule"),
] as const;

type Read = Omit<Row, "imported_at" | "link" | "error_since" | "removed_at"> & {
  readonly set_aside: boolean;
  readonly by_rule: boolean;
};

export function toAppUser(row: Read): StoredAppUser {
  return {
    directory: row.directory,
    externalId: row.external_id,
    userId: row.user_id,
    dn: row.dn,
    status: row.status as AppUserStatus,
    profile: row.profile,
    error: row.error,
    hash: row.hash,
    setAside: row.set_aside,
    byRule: row.by_rule,
  };
}

/** Everybody in a directory's scope. */
export function present(db: Connection, directory: string) {
  return db
    .selectFrom("app_users")
    .where("app_users.directory", "=", directory)
    .where("app_users.status", "<>", "removed");
}

/** Whoever is looked at anew, although the entry is the same: who failed or is not linked, and who comes back. */
const isSettled = sql`error is null and user_id is not null and status <> 'removed'`;

/** Rows of a cursor that are in memory at a time. */
const AT_ONCE = 10_000;

/**
 * Tells of each entry that is known as it was, and whose hash was made with this fingerprint: the same
 * that `changedEntries` asks for, once for all of a directory. In one transaction, so nothing else may
 * use an embedded database meanwhile.
 * @param note receives the hash without the fingerprint
 * @returns whether all were told of; false: somebody did not want more
 */
export async function eachSettledEntry(
  db: Connection,
  { directory, fingerprint }: { readonly directory: string; readonly fingerprint: string },
  note: (id: string, hash: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  return await db.transaction().execute(async (trx) => {
    // All rows will be asked for: the planner shall not prefer what brings the first ones soon.
    await sql`set local cursor_tuple_fraction = 1`.execute(trx);
    await sql`declare settled no scroll cursor for
      select external_id as id, substr(hash, ${fingerprint.length + 1}::int) as hash from app_users
      where directory = ${directory}::text and ${isSettled}
        and starts_with(hash, ${fingerprint}::text)`.execute(trx);
    const fetch = sql<{ id: string; hash: string }>`fetch ${sql.lit(AT_ONCE)} from settled`;
    for (;;) {
      const { rows } = await fetch.execute(trx);
      for (const { id, hash } of rows) note(id, hash);
      if (rows.length < AT_ONCE) return true;
      if (signal.aborted) return false;
    }
  });
}

/**
 * Positions of the entries that are not known as they are: new ones, changed ones, those that
 * failed or were not linked the last time, and those that come back.
 * @param how `fingerprint` of the configuration: entries decided with another one count as changed;
 * `due`: people who count as changed in any case
 */
export async function changedEntries(
  db: Connection,
  directory: string,
  entries: readonly Pick<RawEntry, "id" | "hash">[],
  { fingerprint, due }: { readonly fingerprint: string; readonly due: ReadonlySet<string> },
): Promise<number[]> {
  const ids = entries.map((entry) => entry.id ?? "");
  const hashes = entries.map(({ id, hash }) => (due.has(id ?? "") ? "" : fingerprint + hash));
  // The limit keeps the planner from turning a thousand look-ups into a scan of everybody, which
  // it would prefer while the table has no statistics yet.
  const result = await sql<{ at: number }>`
    select (i.at - 1)::int as at
    from unnest(${ids}::text[], ${hashes}::text[]) with ordinality as i (id, hash, at)
    left join lateral (
      select 1 as known from app_users a
      where a.directory = ${directory} and a.external_id = i.id and a.hash = i.hash
        and ${isSettled}
      limit 1
    ) found on true
    where found.known is null
    order by i.at`.execute(db);
  return result.rows.map((row) => row.at);
}

export async function appUsersByIds(
  db: Connection,
  directory: string,
  ids: readonly string[],
): Promise<StoredAppUser[]> {
  const ofDirectory = db.selectFrom("app_users").select(COLUMNS).where("directory", "=", directory);
  const rows = await rowsByKeys(db, ids, "text", (id) => ofDirectory.where("external_id", "=", id));
  return rows.map(toAppUser);
}

/** Makes look-ups by DN fast, where mappings follow attributes that name other people. */
export async function ensureDnIndex(db: Connection): Promise<void> {
  await sql`create index if not exists app_users_dn on app_users using hash (lower(dn))`.execute(
    db,
  );
}

/** An identifier without what most directories ignore when they compare: case, and outer or repeated blanks. */
function folded(id: string): RawBuilder<string> {
  return sql<string>`lower(btrim(regexp_replace(${sql.raw(id)}, ' +', ' ', 'g')))`;
}

/** Makes `ownSpelling` fast, where people are identified by an attribute of somebody's choice. */
export async function ensureIdIndex(db: Connection): Promise<void> {
  const id = folded("external_id");
  await sql`create index if not exists app_users_folded on app_users (directory, ${id})`.execute(
    db,
  );
}

/** Identifiers that are spelled otherwise than before: by each, how it is kept. */
export interface Spellings {
  /** Of whoever stands where the entry stands. */
  readonly kept: ReadonlyMap<string, string>;
  /** Of whoever stood elsewhere, where nobody else comes into question. */
  readonly elsewhere: ReadonlyMap<string, string>;
}

/**
 * Somebody who corrects a capital makes no other person, as long as the entry stands where it stood;
 * elsewhere it may be another one, if the directory minds the case. Where several fit, none is chosen.
 */
export async function ownSpelling(
  db: Connection,
  directory: string,
  entries: readonly { readonly id: string; readonly dn: string }[],
): Promise<Spellings> {
  const ids = entries.map(({ id }) => id);
  const dns = entries.map(({ dn }) => dn);
  // Each by the index: without statistics, Postgres would read everybody for a join.
  // Whoever has an identifier and a user is that person, and at most the one who may be another one.
  const { rows } = await sql<{ asked: string; kept: string; here: boolean }>`
    select a.id as asked,
      case when own.linked then min(u.external_id) filter (where u.told)
        else coalesce(min(u.external_id) filter (where u.here), min(u.external_id)) end as kept,
      not own.linked and count(*) filter (where u.here) = 1 as here
    from unnest(${ids}::text[], ${dns}::text[]) as a (id, dn)
    cross join lateral (select exists (select 1 from app_users
      where directory = ${directory} and external_id = a.id and user_id is not null) as linked) own
    cross join lateral (
      select external_id, lower(dn) = lower(a.dn) as here,
        coalesce(error->>'code' = 'entry.idRespelled', false) as told from app_users
      where directory = ${directory} and ${folded("external_id")} = ${folded("a.id")}
        and external_id <> a.id
      order by told desc, external_id limit 2) u
    group by a.id, own.linked
    having case when own.linked then bool_or(u.told)
      else count(*) filter (where u.here) = 1 or count(*) = 1 end`.execute(db);
  const of = (here: boolean) =>
    new Map(rows.filter((row) => row.here === here).map(({ asked, kept }) => [asked, kept]));
  return { kept: of(true), elsewhere: of(false) };
}

/** For entries without an identifier: who stood at these places at the last import. */
export async function appUsersByDns(
  db: Connection,
  directory: string,
  dns: readonly string[],
): Promise<StoredAppUser[]> {
  if (dns.length === 0) return [];
  const rows = await present(db, directory)
    .select(COLUMNS)
    .where(sql<boolean>`lower(dn) = any(${dns.map((dn) => dn.toLowerCase())}::text[])`)
    .execute();
  return rows.map(toAppUser);
}

/** The values of an attribute of a profile, one or a list, as texts. @param value its JSON */
export function valuesOf(value: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`jsonb_array_elements_text(
    case jsonb_typeof(${value}) when 'array' then ${value} else jsonb_build_array(${value}) end)`;
}

/** The same of a text of ours. */
export function plainDnText(dn: string): string {
  const parts = dn.toLowerCase().split(",");
  return parts.map((part) => trimOf(part, " ")).join(",");
}

/** A DN in lower case and without the blanks around commas, as servers and people write them. */
export function plainDn(text: string): RawBuilder<string> {
  return sql<string>`lower(regexp_replace(${sql.raw(text)}, ' *, *', ',', 'g'))`;
}

/** The places at which there is somebody in the scope, each once, but for these; in lower case. */
export async function placesOfPeople(
  db: Connection,
  directory: string,
  except: readonly string[],
): Promise<string[]> {
  const { rows } = await sql<{ place: string }>`
    select distinct regexp_replace(lower(dn), ${PARENT}, '') as place
    from app_users where directory = ${directory} and status <> 'removed'
      and external_id <> all(${except}::text[])`.execute(db);
  return rows.map((row) => row.place);
}

/** The deepest name of a DN and the comma behind it; a backslash keeps a comma from being one. */
const PARENT = String.raw`^(?:\\.|[^,\\])*,\s*`;

/**
 * At or below which of these places there is somebody in the scope, but for these. For each place the
 * first one found is enough. Some servers write a blank behind commas.
 * @param places DNs in lower case
 */
export async function placesWithPeople(
  db: Connection,
  directory: string,
  places: readonly string[],
  except: readonly string[],
): Promise<string[]> {
  const { rows } = await sql<{ place: string }>`
    select asked.place from unnest(${places}::text[]) as asked (place)
    where exists (select from app_users
      where directory = ${directory} and status <> 'removed'
        and (right(lower(dn), length(asked.place) + 1) = ',' || asked.place
          or right(lower(dn), length(asked.place) + 2) = ', ' || asked.place)
        and external_id <> all(${except}::text[]))`.execute(db);
  return rows.map((row) => row.place);
}

/** Whoever is active in the directory and has a value of an attribute that is no "never". */
export async function activeWith(
  db: Connection,
  directory: string,
  attribute: string,
): Promise<{ id: string; value: string }[]> {
  // As most servers write its name; else whatever its case.
  const value = sql<string>`coalesce(profile->>${attribute}::text,
    (select one.value from jsonb_each_text(profile) as one where lower(one.key) = ${attribute.toLowerCase()}
      limit 1))`;
  return await db
    .selectFrom("app_users")
    .select(["external_id as id", value.as("value")])
    .where("directory", "=", directory)
    .where("status", "=", "active")
    .where(value, "not in", ["0", "9223372036854775807", "-1"])
    .execute();
}

/** Those in the scope who name one of these by an attribute. A walk through everybody. */
export async function peopleNaming(
  db: Connection,
  directory: string,
  attributes: readonly string[],
  dns: readonly string[],
): Promise<string[]> {
  const lower = dns.map(plainDnText);
  const rows = await present(db, directory)
    .select("external_id")
    .where(sql<boolean>`profile ?| ${attributes}::text[]`)
    .where(
      sql<boolean>`exists (select 1 from unnest(${attributes}::text[]) as name,
        ${valuesOf(sql`profile->name`)} as one
        where profile ? name and ${plainDn("one")} = any(${lower}::text[]))`,
    )
    .execute();
  return rows.map((row) => row.external_id);
}

/** App users of these users in all directories, without those that left their scope. */
export async function appUsersOfUsers(
  db: Connection,
  userIds: readonly string[],
): Promise<StoredAppUser[]> {
  const inScope = db.selectFrom("app_users").select(COLUMNS).where("status", "<>", "removed");
  const rows = await rowsByKeys(db, userIds, "uuid", (id) => inScope.where("user_id", "=", id));
  return rows.map(toAppUser);
}

/**
 * Two indexes know the app users of a user: one those that are in the scope, one those that left it. Both
 * are used only where this stands in the question.
 */
export const IN_ANY_STATUS = sql<boolean>`(app_users.status <> 'removed' or app_users.status = 'removed')`;

/** All app users of a user, with those that left their scope, for showing. */
export async function appUsersOf(
  db: Connection,
  userId: string,
): Promise<(StoredAppUser & AppUserTimes)[]> {
  const rows = await db
    .selectFrom("app_users")
    .select(COLUMNS)
    .select(["imported_at", "error_since", "link"])
    .where("user_id", "=", userId)
    .where(IN_ANY_STATUS)
    .orderBy("directory")
    .execute();
  return rows.map((row) => ({
    ...toAppUser(row),
    importedAt: row.imported_at,
    failingSince: row.error_since,
    link: row.link,
  }));
}

/** Identifiers of everybody in the directory's scope, in pages. */
export async function presentIdsAfter(
  db: Connection,
  directory: string,
  after: string,
  limit: number,
): Promise<string[]> {
  const rows = await present(db, directory)
    .select("external_id")
    .where("external_id", ">", after)
    .orderBy("external_id")
    .limit(limit)
    .execute();
  return rows.map((row) => row.external_id);
}

/** People whose last import failed; the first ones, if there are many. */
export async function failingIds(
  db: Connection,
  directory: string,
  limit: number,
): Promise<string[]> {
  const code = sql<string>`error->>'code'`;
  // Those who wait for a person's word are not tried again.
  const failing = present(db, directory)
    .select("external_id")
    .where("error", "is not", null)
    .where(code, "<>", "match.unconfirmed");
  const contested = await failing
    .where(code, "in", CONTESTED)
    .limit(limit + 1)
    .execute();
  const others = await failing
    .where(code, "not in", CONTESTED)
    .orderBy("external_id")
    .limit(limit)
    .execute();
  // All who claim somebody or none: one of them alone would win.
  const rows = contested.length > limit ? others : [...contested, ...others];
  return rows.map((row) => row.external_id);
}

/** Codes of entries that claim a user whom another entry claims, too. */
const CONTESTED: readonly string[] = ["match.ambiguous", "notUniqueWithinOrgAppId"];

/** Of those who left the directory's scope, the last ones. */
export async function lastRemoved(
  db: Connection,
  directory: string,
  limit: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom("app_users")
    .select("external_id")
    .where("directory", "=", directory)
    .where("status", "=", "removed")
    .orderBy("imported_at", "desc")
    .limit(limit)
    .execute();
  return rows.map((row) => row.external_id);
}

/** Those of the identifiers that nobody in the directory's scope has. */
export async function unknownIds(
  db: Connection,
  directory: string,
  ids: readonly string[],
): Promise<string[]> {
  const result = await sql<{ id: string }>`
    select i.id from unnest(${ids}::text[]) as i (id)
    left join lateral (
      select 1 as known from app_users a
      where a.directory = ${directory} and a.external_id = i.id and a.status <> 'removed' limit 1
    ) found on true
    where found.known is null`.execute(db);
  return result.rows.map((row) => row.id);
}

/** A page of the directory's people, in order of their identifier. */
export async function presentAfter(
  db: Connection,
  directory: string,
  after: string,
  limit: number,
): Promise<StoredAppUser[]> {
  const rows = await present(db, directory)
    .select(COLUMNS)
    .where("external_id", ">", after)
    .orderBy("external_id")
    .limit(limit)
    .execute();
  return rows.map(toAppUser);
}

/** Whether the directory was never imported before. */
export async function isUnknownDirectory(db: Connection, directory: string): Promise<boolean> {
  const row = await db
    .selectFrom("app_users")
    .select("external_id")
    .where("directory", "=", directory)
    .limit(1)
    .executeTakeFirst();
  return row === undefined;
}

/** All directories that have or had people, in order. Each by one look into the index. */
export async function directoriesEver(db: Connection): Promise<string[]> {
  const { rows } = await sql<{ directory: string }>`
    with recursive each (directory) as (
      (select directory from app_users order by directory limit 1)
      union all
      select (select a.directory from app_users a where a.directory > each.directory
        order by a.directory limit 1)
      from each where each.directory is not null
    )
    select directory from each where directory is not null`.execute(db);
  return rows.map((row) => row.directory);
}

/** How many people are in the scope: of one directory, and of all. */
export async function countPresent(
  db: Connection,
  directory: string,
): Promise<{ own: number; all: number }> {
  const result = await sql<{ own: number; all: number }>`
    select count(*) filter (where directory = ${directory})::int as own, count(*)::int as all
    from app_users where status <> 'removed'`.execute(db);
  return result.rows[0] ?? { own: 0, all: 0 };
}

/** How many people of a directory, also former ones, have a user without access. */
export async function countWithoutAccess(db: Connection, directory: string): Promise<number> {
  const row = await db
    .selectFrom("app_users")
    .where("app_users.directory", "=", directory)
    .innerJoin("users", "users.id", "app_users.user_id")
    .select(sql<number>`count(*)::int`.as("count"))
    .where("users.status", "<>", "active")
    .executeTakeFirst();
  return row?.count ?? 0;
}

/**
 * An app user by external id, the login of its user, or DN; one in the scope before one that left it. Asked
 * for one after the other: all at once would walk through the directory, as the DN alone does.
 */
export async function findAppUser(
  db: Connection,
  directory: string,
  who: string,
): Promise<StoredAppUser | null> {
  const own = db
    .selectFrom("app_users")
    .select(COLUMNS)
    .where("app_users.directory", "=", directory);
  const ways = [own.where("app_users.external_id", "=", who)];
  const user = db.selectFrom("users").select("id").where("login_key", "=", loginKey(who));
  ways.push(own.where("app_users.user_id", "=", user).where(sql<boolean>`${IN_ANY_STATUS}`));
  if (who.includes("=")) ways.push(own.where(sql<boolean>`lower(dn) = lower(${who})`));
  let former: StoredAppUser | null = null;
  for (const way of ways) {
    const row = await way
      .orderBy(sql`app_users.status = 'removed'`)
      .limit(1)
      .executeTakeFirst();
    if (row === undefined) continue;
    const found = toAppUser(row);
    if (found.status !== "removed") return found;
    former ??= found;
  }
  return former;
}

/** Forgets of those outside the scope that their links ended with their directory. */
export async function forgetDisconnected(trx: Trx, directory: string): Promise<void> {
  await trx
    .updateTable("app_users")
    .set({ error: null, error_since: null })
    .where("directory", "=", directory)
    .where("status", "=", "removed")
    .where(sql<boolean>`error->>'code' = ${DISCONNECTED}`)
    .execute();
}
