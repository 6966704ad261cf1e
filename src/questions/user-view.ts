import { findUser } from "../engine/people/find-user.ts";
import type { Account } from "../model/account.ts";
import type { Membership } from "../model/directory-object.ts";
import type { AppProfile } from "../model/entry.ts";
import type { Problem } from "../model/errors.ts";
import { memberNames } from "../model/members.ts";
import { meaningOf } from "../model/times.ts";
import type { AppUser, AppUserStatus, User } from "../model/user.ts";
import { accountsOfUser } from "../store/accounts.ts";
import { appUsersOf } from "../store/app-users.ts";
import { readCheckpoint } from "../store/checkpoints.ts";
import type { Connection } from "../store/connection.ts";
import { changesOfUser } from "../store/history.ts";
import type { UserChange } from "../model/history.ts";
import { membershipsOf } from "../store/objects.ts";
import { createdAtOf } from "../store/users.ts";

/** A user as an administrator looks at one: the profile, whose values it has, and what was read. */
export interface UserView {
  readonly id: string;
  readonly login: string;
  readonly status: string;
  readonly profile: User["profile"];
  readonly sources: Readonly<Record<string, string>>;
  readonly appUsers: readonly AppUserView[];
  /** In apps; empty where the user has none. */
  readonly accounts: readonly AccountView[];
  readonly createdAt: string;
  /** The last changes, newest first. */
  readonly history: readonly UserChange[];
}

const CHANGES = 20;

/** An account of a user in an app. */
export interface AccountView {
  readonly app: string;
  readonly externalId: string | null;
  readonly status: Account["state"];
  readonly by: Account["assignedBy"];
  readonly lastPush: string | null;
  readonly error: Account["error"];
}

export interface AppUserView {
  readonly directory: string;
  readonly externalId: string;
  readonly dn: string;
  readonly status: AppUserStatus;
  readonly profile: AppProfile;
  readonly lastImported: string;
  readonly error: Problem | null;
  /** Directly, by the primary group and through other groups; empty if groups are not read. */
  readonly groups: readonly Membership[];
  /** What raw values mean, by attribute: times and bits. */
  readonly meanings: Readonly<Record<string, string>>;
}

/** @param who as for `findUser`. @throws RollcallError `user.notFound` */
export async function viewUser(db: Connection, who: string): Promise<UserView> {
  const user = await findUser(db, who);
  const appUsers: AppUserView[] = [];
  for (const appUser of await appUsersOf(db, user.id)) {
    const { directory, externalId, dn, status, profile, error } = appUser;
    const lastImported = await lastSeen(db, directory, status, appUser.importedAt);
    appUsers.push({
      directory,
      externalId,
      dn,
      status,
      profile,
      lastImported: lastImported.toISOString(),
      error,
      groups: await groupsOf(db, appUser),
      meanings: meanings(profile),
    });
  }
  const { id, login, status, profile, sources } = user;
  const history = await changesOfUser(db, id, CHANGES);
  const createdAt = (await createdAtOf(db, id)).toISOString();
  const accounts = (await accountsOfUser(db, id)).map(accountView);
  return { id, login, status, profile, sources, appUsers, accounts, createdAt, history };
}

function accountView(account: Account): AccountView {
  const { app, externalId, state, assignedBy, lastPush, error } = account;
  return { app, externalId, status: state, by: assignedBy, lastPush, error };
}

async function groupsOf(
  db: Connection,
  { directory, externalId, dn, profile, status }: AppUser,
): Promise<Membership[]> {
  if (status === "removed") return [];
  const { keys, primarySid } = memberNames(externalId, dn, profile);
  return await membershipsOf(db, directory, keys, primarySid);
}

function meanings(profile: AppProfile): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(profile)) {
    const meaning = typeof value === "string" ? meaningOf(name, value) : null;
    if (meaning !== null) found[name] = meaning;
  }
  return found;
}

/**
 * When a person was last read. Unchanged people are not written at every import; whoever still is
 * in the scope was seen by the last one.
 */
async function lastSeen(
  db: Connection,
  directory: string,
  status: AppUserStatus,
  importedAt: Date,
): Promise<Date> {
  if (status === "removed") return importedAt;
  const checkpoint = await readCheckpoint(db, directory);
  return checkpoint !== null && checkpoint.readAt > importedAt ? checkpoint.readAt : importedAt;
}
