/**
 * People as a force sync reads them: app user and user in one row, a page at a time. In the order
 * of their users, because both tables were filled in that order: a page is then read from a few
 * blocks, in about half the time that the order of the identifiers takes.
 */
import { sql } from "kysely";
import type { AppProfile } from "../model/entry.ts";
import type { AppUser, AppUserStatus, User, UserStatus } from "../model/user.ts";
import type { Connection } from "./connection.ts";
import { unpackSources } from "./packed-sources.ts";

export interface SyncRow {
  readonly externalId: string;
  readonly userId: string;
  readonly status: AppUserStatus;
  readonly profile: AppProfile;
  readonly hash: string;
  /** Null where the last update failed. */
  readonly user: SyncUser | null;
  /** Links of the user in other directories, if they were asked for. */
  readonly others: readonly Pick<AppUser, "directory" | "profile">[];
}

/** A user whose profile is only taken apart if it has to be. */
export interface SyncUser extends Pick<User, "id" | "status" | "statusBy"> {
  /** As the database writes them: `jsonb` in its text form. */
  readonly profileText: string;
  readonly sourcesText: string;
  /** The same, taken apart. */
  readonly whole: () => Pick<User, "profile" | "sources">;
}

interface Row {
  readonly external_id: string;
  readonly status: string;
  readonly profile: AppProfile;
  readonly hash: string;
  readonly user_id: string;
  readonly user_status: string | null;
  readonly status_by: string | null;
  readonly user_profile: string | null;
  readonly sources: string | null;
  readonly others: SyncRow["others"] | null;
}

/** A part of a directory's people, by the identifiers of their users. */
export interface Stretch {
  /** Only behind this one. */
  readonly after: string;
  /** Up to this one. */
  readonly until: string;
}

const EVERYBODY: Stretch = {
  after: "00000000-0000-0000-0000-000000000000",
  until: "ffffffff-ffff-ffff-ffff-ffffffffffff",
};

/** The people of a directory in two parts, so that the database can work on both at a time. */
export async function halves(
  db: Connection,
  directory: string,
  people: number,
): Promise<readonly Stretch[]> {
  const row = await db
    .selectFrom("app_users")
    .select("user_id")
    .where("directory", "=", directory)
    .where("status", "<>", "removed")
    .where("user_id", "is not", null)
    .orderBy("user_id")
    .offset(Math.floor(people / 2))
    .limit(1)
    .executeTakeFirst();
  const middle = row?.user_id;
  if (middle == null) return [EVERYBODY];
  return [
    { ...EVERYBODY, until: middle },
    { ...EVERYBODY, after: middle },
  ];
}

/**
 * People of a directory's scope who have a user.
 * @param withOthers whether users can have links in other directories
 */
export async function syncRows(
  db: Connection,
  directory: string,
  { after, until }: Stretch,
  { most, withOthers }: { readonly most: number; readonly withOthers: boolean },
): Promise<SyncRow[]> {
  const others = withOthers
    ? sql`(select jsonb_agg(jsonb_build_object('directory', o.directory, 'profile', o.profile))
        from app_users o where o.user_id = a.user_id and o.directory <> ${directory}
          and o.status <> 'removed')`
    : sql`null`;
  // The limit is applied before the join, so that it is one look-up for each person of the page.
  const { rows } = await sql<Row>`
    select a.external_id, a.status, a.profile, a.hash, a.user_id, u.status as user_status,
      u.status_by,
      u.profile::text as user_profile, u.sources::text as sources, ${others} as others
    from (
      select external_id, status, profile, hash, error, user_id from app_users
      where directory = ${directory} and status <> 'removed' and user_id > ${after}::uuid
        and user_id <= ${until}::uuid
      order by user_id limit ${most}
    ) a left join users u on u.id = a.user_id and a.error is null
    order by a.user_id`.execute(db);
  return rows.map(toSyncRow);
}

function toSyncRow(row: Row): SyncRow {
  const { user_status: status, user_profile: profileText, sources: sourcesText } = row;
  const whole = status === null || profileText === null || sourcesText === null;
  return {
    externalId: row.external_id,
    userId: row.user_id,
    status: row.status as AppUserStatus,
    profile: row.profile,
    hash: row.hash,
    user: whole
      ? null
      : {
          id: row.user_id,
          status: status as UserStatus,
          statusBy: row.status_by,
          profileText,
          sourcesText,
          whole: () => takeApart(profileText, sourcesText),
        },
    others: row.others ?? [],
  };
}

function takeApart(profileText: string, sourcesText: string): Pick<User, "profile" | "sources"> {
  const profile = JSON.parse(profileText) as User["profile"];
  const packed = JSON.parse(sourcesText) as Record<string, string>;
  return { profile, sources: unpackSources(packed, profile) };
}

/** Entries of a directory's scope that have no user, by identifier. */
export async function withoutUserAfter(
  db: Connection,
  directory: string,
  after: string,
  limit: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom("app_users")
    .select("external_id")
    .where("directory", "=", directory)
    .where("user_id", "is", null)
    .where("status", "<>", "removed")
    .where("external_id", ">", after)
    .orderBy("external_id")
    .limit(limit)
    .execute();
  return rows.map((row) => row.external_id);
}
