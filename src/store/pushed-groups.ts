/** Groups that were pushed to apps, and whom each was told to have as members. */
import { sql } from "kysely";
import type { Connection, Trx } from "./connection.ts";
import { jsonText } from "./json-text.ts";
import { rowsByKeys } from "./rows-by-keys.ts";

export interface PushedGroup {
  readonly app: string;
  readonly directory: string;
  readonly groupId: string;
  /** Its name in the configuration. */
  readonly configured: string;
  /** As it was sent. */
  readonly name: string;
  readonly externalId: string | null;
  /** `attempted`: a creation may have reached the app; `unlinked`: it is not pushed any more. */
  readonly state: "attempted" | "active" | "unlinked";
}

export async function pushedGroups(db: Connection, app: string): Promise<PushedGroup[]> {
  const rows = await db
    .selectFrom("pushed_groups")
    .selectAll()
    .where("app", "=", app)
    .orderBy("directory")
    .orderBy("group_id")
    .execute();
  return rows.map((row) => ({
    app: row.app,
    directory: row.directory,
    groupId: row.group_id,
    configured: row.configured,
    name: row.name,
    externalId: row.external_id,
    state: row.state as PushedGroup["state"],
  }));
}

/** How many members each pushed group of an app was told to have: by `DIRECTORY GROUP`. */
export async function membersByGroup(
  db: Connection,
  app: string,
): Promise<ReadonlyMap<string, { readonly members: number; readonly unsure: number }>> {
  const { rows } = await sql<{ key: string; members: number; unsure: number }>`
    select directory || ' ' || group_id as key, count(*)::int as members,
      (count(*) filter (where not confirmed))::int as unsure
    from pushed_members where app = ${app} group by directory, group_id`.execute(db);
  return new Map(rows.map(({ key, members, unsure }) => [key, { members, unsure }]));
}

export async function savePushedGroup(trx: Trx, group: PushedGroup): Promise<void> {
  const { app, directory, groupId, configured, name, externalId, state } = group;
  const columns = { configured, name, external_id: externalId, state };
  await trx
    .insertInto("pushed_groups")
    .values({ app, directory, group_id: groupId, ...columns })
    .onConflict((conflict) =>
      conflict.columns(["app", "directory", "group_id"]).doUpdateSet(columns),
    )
    .execute();
}

/** The directory has the group under another identifier now. */
export async function moveGroup(
  trx: Trx,
  { app, directory, groupId }: GroupName,
  to: string,
): Promise<void> {
  for (const table of ["pushed_members", "pushed_groups"] as const)
    await trx
      .updateTable(table)
      .set({ group_id: to })
      .where("app", "=", app)
      .where("directory", "=", directory)
      .where("group_id", "=", groupId)
      .execute();
}

type GroupName = Pick<PushedGroup, "app" | "directory" | "groupId">;

/** Forgets a group and its members; in the app it stays as it is. */
export async function dropPushedGroup(
  trx: Trx,
  { app, directory, groupId }: GroupName,
): Promise<void> {
  for (const table of ["pushed_members", "pushed_groups"] as const)
    await trx
      .deleteFrom(table)
      .where("app", "=", app)
      .where("directory", "=", directory)
      .where("group_id", "=", groupId)
      .execute();
}

export interface PushedMember {
  readonly userId: string;
  readonly externalId: string;
}

/** Of a person in a group: whether the app acknowledged the membership, or may have it. */
export type MembershipsTold = ReadonlyMap<string, Told>;

export interface Told {
  readonly confirmed: boolean;
  /** The account that was told; empty: not known at the app's address of now. */
  readonly externalId: string;
}

/** Who of these was told to be a member, by group: `DIRECTORY GROUP` to users. */
export async function pushedMembersOf(
  db: Connection,
  app: string,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, MembershipsTold>> {
  const ofApp = db
    .selectFrom("pushed_members")
    .select(["directory", "group_id", "user_id", "external_id", "confirmed"])
    .where("app", "=", app);
  const rows = await rowsByKeys(db, userIds, "uuid", (id) => ofApp.where("user_id", "=", id));
  const groups = Map.groupBy(rows, (row) => `${row.directory} ${row.group_id}`);
  return new Map(
    [...groups].map(([key, members]) => [
      key,
      new Map(
        members.map(({ user_id: id, external_id: externalId, confirmed }) => [
          id,
          { confirmed, externalId },
        ]),
      ),
    ]),
  );
}

/**
 * Pushed members of a group who have no active account in the app any more, a page in order of the users'
 * ids. Whose account of then is not known waits until it is.
 */
export async function strayMembers(
  db: Connection,
  { app, directory, groupId }: GroupName,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<(PushedMember & { readonly isGone: boolean })[]> {
  const { rows } = await sql<{ user_id: string; external_id: string; is_gone: boolean }>`
    select m.user_id, m.external_id, a.external_id is distinct from m.external_id as is_gone
    from pushed_members m
    left join accounts a on a.app = m.app and a.user_id = m.user_id
    where m.app = ${app} and m.directory = ${directory} and m.group_id = ${groupId}
      and (a.state is distinct from 'active' or a.external_id is null)
      and m.external_id <> '' and (${after}::uuid is null or m.user_id > ${after}::uuid)
    order by m.user_id limit ${limit}`.execute(db);
  return rows.map((row) => ({
    userId: row.user_id,
    externalId: row.external_id,
    isGone: row.is_gone,
  }));
}

export async function countPushedMembers(db: Connection, app: string): Promise<number> {
  const row = await db
    .selectFrom("pushed_members")
    .select(sql<number>`count(*)::int`.as("count"))
    .where("app", "=", app)
    .executeTakeFirst();
  return row?.count ?? 0;
}

/** Members who are about to be told, either way: until the app answers, what it has is not known. */
export async function noteMembersInDoubt(
  trx: Trx,
  group: GroupName,
  members: readonly PushedMember[],
): Promise<void> {
  await saveMembers(trx, group, members, false);
}

/** The app acknowledged that these are members, or are not any more. */
export async function noteMembers(
  trx: Trx,
  group: GroupName,
  {
    added,
    removed,
  }: { readonly added: readonly PushedMember[]; readonly removed: readonly string[] },
): Promise<void> {
  const { app, directory, groupId } = group;
  if (removed.length > 0)
    await sql`delete from pushed_members where app = ${app} and directory = ${directory}
      and group_id = ${groupId} and user_id = any(${removed}::uuid[])`.execute(trx);
  await saveMembers(trx, group, added, true);
}

async function saveMembers(
  trx: Trx,
  { app, directory, groupId }: GroupName,
  members: readonly PushedMember[],
  confirmed: boolean,
): Promise<void> {
  if (members.length === 0) return;
  await sql`insert into pushed_members (app, directory, group_id, user_id, external_id, confirmed)
    select ${app}, ${directory}, ${groupId}, x."userId", x."externalId", ${confirmed}
    from jsonb_to_recordset(${jsonText(members)}::jsonb) as x ("userId" uuid, "externalId" text)
    on conflict (app, directory, group_id, user_id) do update set
      external_id = excluded.external_id, confirmed = excluded.confirmed`.execute(trx);
}
