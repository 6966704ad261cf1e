/**
 * Groups and containers of a directory. What a run finds is staged under the run's id, and takes
 * effect in the transaction that ends the run.
 */
import { sql } from "kysely";
import { rowsByKeys } from "./rows-by-keys.ts";
import type {
  DirectoryObject,
  MemberKey,
  Membership,
  ObjectKind,
} from "../model/directory-object.ts";
import type { MembershipFigures } from "../model/run.ts";
import type { Connection, Trx } from "./connection.ts";
import { jsonText } from "./json-text.ts";

export interface KnownObject {
  readonly id: string;
  readonly kind: ObjectKind;
  readonly dn: string;
  readonly hash: string;
}

/** Objects of a directory by their identifiers. */
export async function knownObjects(
  db: Connection,
  directory: string,
  ids: readonly string[],
): Promise<Map<string, KnownObject>> {
  const ofDirectory = db
    .selectFrom("directory_objects")
    .select(["external_id", "kind", "dn", "hash"])
    .where("directory", "=", directory);
  const rows = await rowsByKeys(db, ids, "text", (id) => ofDirectory.where("external_id", "=", id));
  return new Map(
    rows.map(({ external_id: id, kind, dn, hash }) => {
      return [id, { id, kind: kind as ObjectKind, dn, hash }];
    }),
  );
}

/** Whether another object than this one is known under a DN. */
export async function objectAt(
  db: Connection,
  directory: string,
  dnKey: string,
  exceptId: string,
): Promise<boolean> {
  const row = await db
    .selectFrom("directory_objects")
    .select("external_id")
    .where("directory", "=", directory)
    .where("dn_key", "=", dnKey)
    .where("external_id", "<>", exceptId)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Identifiers of all objects, in pages. */
export async function objectIdsAfter(
  db: Connection,
  directory: string,
  after: string,
  limit: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom("directory_objects")
    .select("external_id")
    .where("directory", "=", directory)
    .where("external_id", ">", after)
    .orderBy("external_id")
    .limit(limit)
    .execute();
  return rows.map((row) => row.external_id);
}

/** Groups that name one of these as a member. */
export async function groupsNaming(
  db: Connection,
  directory: string,
  keys: readonly MemberKey[],
): Promise<string[]> {
  if (keys.length === 0) return [];
  const rows = await db
    .selectFrom("group_members")
    .select("group_id")
    .distinct()
    .where("directory", "=", directory)
    .where(sql<boolean>`member = any(${keys}::text[])`)
    .execute();
  return rows.map((row) => row.group_id);
}

/** Stages objects as they are now; of one that comes twice the later counts. */
export async function stageObjects(
  db: Connection,
  runId: string,
  objects: readonly (DirectoryObject & { readonly dnKey: string })[],
): Promise<void> {
  if (objects.length === 0) return;
  const rows = objects.map(({ id, kind, dn, dnKey, name, sid, hash, members }) => {
    return { external_id: id, kind, dn, dn_key: dnKey, name, sid, hash, members };
  });
  await sql`
    insert into object_plan (run_id, external_id, kind, dn, dn_key, name, sid, hash, members)
    select ${runId}, x.* from jsonb_to_recordset(${jsonText(rows)}::jsonb) as x
      (external_id text, kind text, dn text, dn_key text, name text, sid text, hash text,
        members jsonb)
    on conflict (run_id, external_id) do update set
      kind = excluded.kind, dn = excluded.dn, dn_key = excluded.dn_key, name = excluded.name,
      sid = excluded.sid, hash = excluded.hash, members = excluded.members`.execute(db);
}

/** Stages objects as gone. */
export async function stageGone(
  db: Connection,
  runId: string,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  await sql`insert into object_plan (run_id, external_id)
    select ${runId}, unnest(${ids}::text[]) on conflict do nothing`.execute(db);
}

export async function dropObjects(db: Connection | Trx, runId: string): Promise<void> {
  await db.deleteFrom("object_plan").where("run_id", "=", runId).execute();
}

/** What a run staged takes of the memberships that a directory's groups tell. */
export interface MembershipLosses extends MembershipFigures {
  /** Groups that lose most, or are gone. */
  readonly losing: readonly {
    readonly dn: string;
    readonly before: number;
    readonly after: number;
  }[];
}

/** How many of the groups that lose members are named. */
const NAMED_GROUPS = 5;

/**
 * Counts memberships, not whom they name: where people are renamed, so is every value that names them.
 * A group that grows does not make up for another one that is emptied.
 * @param several fewer lost ones are no reason to count all others
 * @returns null if the run takes none, or only a few
 */
export async function membershipLosses(
  db: Connection,
  runId: string,
  directory: string,
  several: number,
): Promise<MembershipLosses | null> {
  const { rows } = await sql<{
    dn: string;
    before: number;
    after: number;
    lost: number;
    gonegroups: number;
    gonememberships: number;
  }>`
    with changed as (
      select coalesce(o.dn, p.dn) as dn, p.kind is null as gone, m.before,
        coalesce(jsonb_array_length(p.members), 0)::int as after
      from object_plan p
      left join directory_objects o on o.directory = ${directory} and o.external_id = p.external_id
      cross join lateral (select count(*)::int as before from group_members
        where directory = ${directory} and group_id = p.external_id) m
      where p.run_id = ${runId} and coalesce(o.kind, p.kind) = 'group'),
    sums as (
      select coalesce(sum(greatest(before - after, 0)) filter (where not gone), 0)::int as lost,
        (count(*) filter (where gone))::int as gonegroups,
        coalesce(sum(before) filter (where gone), 0)::int as gonememberships
      from changed)
    select s.*, c.dn, c.before, c.after from sums s
    left join lateral (select * from changed where before > after
      order by before - after desc, dn limit ${NAMED_GROUPS}) c on true`.execute(db);
  const [sums] = rows;
  if (sums === undefined || sums.lost + sums.gonememberships < several) return null;
  const { rows: all } = await sql<{ memberships: number; groups: number }>`
    select (select count(*)::int from group_members where directory = ${directory}) as memberships,
      (select count(*)::int from directory_objects
        where directory = ${directory} and kind = 'group') as groups`.execute(db);
  return {
    memberships: all[0]?.memberships ?? 0,
    groups: all[0]?.groups ?? 0,
    lost: sums.lost,
    goneGroups: sums.gonegroups,
    goneMemberships: sums.gonememberships,
    losing: rows.map(({ dn, before, after }) => ({ dn, before, after })),
  };
}

/** How many memberships the groups of a directory tell, and how many of them name groups. */
export async function countMemberships(
  db: Connection,
  directory: string,
): Promise<{ readonly all: number; readonly ofGroups: number }> {
  const { rows } = await sql<{ all: number; ofGroups: number }>`
    select count(*)::int as all,
      (count(*) filter (where member in (
        select 'id:' || lower(external_id) from directory_objects
          where directory = ${directory} and kind = 'group'
        union all select 'dn:' || dn_key from directory_objects
          where directory = ${directory} and kind = 'group')))::int as "ofGroups"
    from group_members where directory = ${directory}`.execute(db);
  return rows[0] ?? { all: 0, ofGroups: 0 };
}

/** How many memberships name one of these. */
export async function countMembershipsOf(
  db: Connection,
  directory: string,
  keys: readonly MemberKey[],
): Promise<number> {
  const row = await db
    .selectFrom("group_members")
    .select((select) => select.fn.countAll<string>().as("all"))
    .where("directory", "=", directory)
    .where(sql<boolean>`member = any(${keys}::text[])`)
    .executeTakeFirstOrThrow();
  return Number(row.all);
}

/** Carries out what a run staged: only the differences of member lists are written. */
export async function applyObjects(trx: Trx, runId: string, directory: string): Promise<void> {
  await sql`
    with wanted as materialized (
      select external_id, jsonb_array_elements_text(members) as member
      from object_plan where run_id = ${runId} and kind is not null)
    delete from group_members m using object_plan p
    where p.run_id = ${runId} and m.directory = ${directory} and m.group_id = p.external_id
      and not exists (select 1 from wanted w where w.external_id = m.group_id
        and w.member = m.member)`.execute(trx);
  await sql`
    insert into group_members (directory, group_id, member)
    select ${directory}, external_id, jsonb_array_elements_text(members)
    from object_plan where run_id = ${runId} and kind is not null
    on conflict do nothing`.execute(trx);
  await sql`
    delete from directory_objects o using object_plan p
    where p.run_id = ${runId} and p.kind is null and o.directory = ${directory}
      and o.external_id = p.external_id`.execute(trx);
  await sql`
    insert into directory_objects (directory, external_id, kind, dn, dn_key, name, sid, hash)
    select ${directory}, external_id, kind, dn, dn_key, name, sid, hash
    from object_plan where run_id = ${runId} and kind is not null
    on conflict (directory, external_id) do update set
      kind = excluded.kind, dn = excluded.dn, dn_key = excluded.dn_key, name = excluded.name,
      sid = excluded.sid, hash = excluded.hash`.execute(trx);
  await dropObjects(trx, runId);
}

/** Somebody whose groups are asked for: by what groups may name them, and their primary group. */
export interface Member {
  readonly ref: string;
  readonly keys: readonly MemberKey[];
  readonly primarySid: string | null;
}

/** The groups of several people, directly, by the primary group, and through other groups. */
export async function membershipsOfMany(
  db: Connection,
  directory: string,
  members: readonly Member[],
): Promise<{ ref: string; id: string; name: string; dn: string }[]> {
  if (members.length === 0) return [];
  const refs = members.flatMap(({ ref, keys }) => keys.map(() => ref));
  const keys = members.flatMap((member) => member.keys);
  const primary = members.filter((member) => member.primarySid !== null);
  const result = await sql<{ ref: string; id: string; name: string; dn: string }>`
    with recursive reached (ref, group_id) as (
      select i.ref, m.group_id from unnest(${refs}::text[], ${keys}::text[]) as i (ref, key)
      join group_members m on m.directory = ${directory} and m.member = i.key
      union
      select i.ref, o.external_id
      from unnest(${primary.map((one) => one.ref)}::text[],
        ${primary.map((one) => one.primarySid)}::text[]) as i (ref, sid)
      join directory_objects o on o.directory = ${directory} and o.kind = 'group' and o.sid = i.sid
      union
      select r.ref, m.group_id from reached r
      join directory_objects g on g.directory = ${directory} and g.external_id = r.group_id
      join group_members m on m.directory = ${directory}
        and m.member in ('id:' || lower(g.external_id), 'dn:' || g.dn_key)
    )
    select r.ref, o.external_id as id, o.name, o.dn
    from reached r join directory_objects o on o.directory = ${directory}
      and o.external_id = r.group_id
    where o.kind = 'group'
    order by r.ref, o.name, o.external_id`.execute(db);
  return result.rows;
}

/**
 * The groups of somebody, directly, by the primary group, and through other groups. Every group
 * is reached at most twice, so groups that contain each other are no trouble.
 * @param keys by which groups may name the person; @param primarySid of the primary group
 */
export async function membershipsOf(
  db: Connection,
  directory: string,
  keys: readonly MemberKey[],
  primarySid: string | null,
): Promise<Membership[]> {
  const result = await sql<Omit<Membership, "how"> & { step: number }>`
    with recursive reached (group_id, step) as (
      select group_id, 1 from group_members where directory = ${directory}
        and member = any(${keys}::text[])
      union
      select external_id, 2 from directory_objects
      where directory = ${directory} and kind = 'group' and sid = ${primarySid}::text
      union
      select m.group_id, 3 from reached r
      join directory_objects g on g.directory = ${directory} and g.external_id = r.group_id
      join group_members m on m.directory = ${directory}
        and m.member in ('id:' || lower(g.external_id), 'dn:' || g.dn_key)
    )
    select o.external_id as id, o.name, o.dn, min(r.step) as step
    from reached r join directory_objects o on o.directory = ${directory}
      and o.external_id = r.group_id
    where o.kind = 'group'
    group by o.external_id, o.name, o.dn order by min(r.step), o.name, o.external_id`.execute(db);
  const how = ["direct", "primary", "nested"] as const;
  return result.rows.map(({ step, ...group }) => ({ ...group, how: how[step - 1] ?? "nested" }));
}

/** Identifiers of the groups of a directory that have a name, without regard to case. */
export async function groupsNamed(
  db: Connection,
  directory: string,
  name: string,
): Promise<{ readonly id: string; readonly name: string; readonly dn: string }[]> {
  return await db
    .selectFrom("directory_objects")
    .select(["external_id as id", "name", "dn"])
    .where("directory", "=", directory)
    .where("kind", "=", "group")
    .where(sql<boolean>`lower(name) = lower(${name})`)
    .orderBy("external_id")
    .limit(3)
    .execute();
}

/** A group by its identifier; null if it is not there. */
export async function groupById(
  db: Connection,
  directory: string,
  id: string,
): Promise<{ readonly id: string; readonly name: string } | null> {
  const row = await db
    .selectFrom("directory_objects")
    .select(["external_id as id", "name"])
    .where("directory", "=", directory)
    .where("kind", "=", "group")
    .where("external_id", "=", id)
    .executeTakeFirst();
  return row ?? null;
}

/** A group, with whose it is. */
export interface ListedGroup {
  readonly directory: string;
  readonly id: string;
  readonly name: string;
  readonly dn: string;
}

export interface GroupsQuery {
  /** How the name begins, without regard to case; null: whatever it is. */
  readonly prefix: string | null;
  /** The whole name; null: whatever it is. */
  readonly name: string | null;
  /** Only of this directory; null: of all. */
  readonly directory: string | null;
  /** Only this one; null: all. */
  readonly id: string | null;
  readonly after: Pick<ListedGroup, "directory" | "id"> | null;
  readonly limit: number;
}

/** A page of the groups of these directories, in order of directory and identifier. */
export async function listGroups(
  db: Connection,
  directories: readonly string[],
  { prefix, name, directory, id, after, limit }: GroupsQuery,
): Promise<ListedGroup[]> {
  let select = db
    .selectFrom("directory_objects")
    .select(["directory", "external_id as id", "name", "dn"])
    .where("kind", "=", "group")
    .where(sql<boolean>`directory = any(${directories}::text[])`)
    .orderBy("directory")
    .orderBy("external_id")
    .limit(limit);
  if (prefix !== null)
    select = select.where(sql<boolean>`starts_with(lower(name), lower(${prefix}))`);
  if (name !== null) select = select.where(sql<boolean>`lower(name) = lower(${name})`);
  if (directory !== null) select = select.where("directory", "=", directory);
  if (id !== null) select = select.where("external_id", "=", id);
  if (after !== null) {
    const behind = sql<boolean>`(directory, external_id) > (${after.directory}, ${after.id})`;
    select = select.where(behind);
  }
  return await select.execute();
}
