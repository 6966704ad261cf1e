/**
 * What an import does with one person. Pure: everything known about the person goes in, one
 * planned change comes out, with the events that tell of it. An import, its dry run, a force sync
 * and a preview all decide here.
 */
import type { AppProfile } from "../model/entry.ts";
import type { Problem } from "../model/errors.ts";
import type { PersonEvent } from "../model/event.ts";
import type { AppUserWrite, PlannedChange, UserWrite } from "../model/plan.ts";
import type { AttributeChange, Reason } from "../model/run.ts";
import {
  DISCONNECTED,
  type AppUser,
  type AppUserStatus,
  type LinkOrigin,
  type User,
} from "../model/user.ts";
import { diffProfiles } from "./diff.ts";
import * as events from "./events.ts";
import type { DirectoryRules, Rules } from "./rules.ts";
import type { Around } from "./scope.ts";
import { resolveProfile, type Resolved } from "./source-priority.ts";
import { nextStanding, type Standing } from "./standing.ts";
import {
  appUserChanged,
  linksOf,
  losesAccess,
  sameProblem,
  standingOf,
  writeUser,
} from "./writes.ts";

/** What is known about a person before the run. */
export interface Known {
  readonly appUser: AppUser | null;
  /** The user that the app user is linked to, or that the matching rules found. */
  readonly user: User | null;
  /** The user's app users in other directories, without those that left their scope. */
  readonly others: readonly AppUser[];
  /** Why the entry cannot be linked to anybody; then `user` is null. */
  readonly matchProblem: Problem | null;
  /** How the entry comes to the user, where it was not linked before; null if a new user is made. */
  readonly link: LinkOrigin | null;
  readonly around: Around;
}

/** What was read of a person. A force sync takes it from the stored app user. */
export interface Sighting {
  readonly id: string;
  readonly dn: string;
  readonly hash: string;
  readonly disabled: boolean;
  readonly profile: AppProfile;
}

export interface Context {
  readonly rules: Rules;
  readonly directory: DirectoryRules;
}

/**
 * Decides about an entry that was read.
 * @param newUserId the id for the user, if one is created
 */
export function decideSighting(
  context: Context,
  seen: Sighting,
  known: Known,
  newUserId: string,
): PlannedChange {
  const { rules, directory } = context;
  const status: AppUserStatus = seen.disabled ? "disabled" : "active";
  const disabled = nowDisabled(status, known.appUser);
  const write = { dn: seen.dn, status, profile: seen.profile, hash: seen.hash };
  if (known.matchProblem !== null) {
    return failed(
      context,
      { ...write, userId: null },
      seen.id,
      known,
      known.matchProblem,
      disabled,
    );
  }
  if (belongsToNobody(directory, known)) return ignored(write, seen.id, known);
  const links = linksOf(known.others, directory.name, seen.profile);
  const creator = known.user === null ? directory.name : null;
  const { around } = known;
  const resolved = resolveProfile(rules, { links, before: known.user, creator, around });
  const standing = standingAfter(context, known, resolved, status);
  const lost = disabled ?? (losesAccess(known.user, standing) ? "accessLost" : null);
  const link = newLink(known);
  const problem = oneProblem(resolved.problems);
  if (problem !== null) {
    const userId = known.user?.id ?? null;
    const after = { ...write, userId, ...(userId === null ? {} : link) };
    return failed(context, after, seen.id, known, problem, lost, standing);
  }
  const userId = known.user?.id ?? newUserId;
  const after = { ...write, userId, error: null, ...link };
  return resolvedChange(after, seen.id, known, resolved, lost, standing);
}

/** A person decided so, or nobody was found where the directory may not create users. */
function belongsToNobody({ onNoMatch }: DirectoryRules, { appUser, user, link }: Known): boolean {
  if (link !== null) return false;
  return appUser?.setAside === true || (user === null && onNoMatch === "ignore");
}

/** All that is wrong with a person as one problem: the first one fails the update, the others come with it. */
export function oneProblem(problems: readonly Problem[]): Problem | null {
  const [first, ...others] = problems;
  if (first === undefined) return null;
  return others.length === 0 ? first : { ...first, others };
}

/** How the entry came to its user; nothing where it was linked before. */
function newLink({ user, appUser, link, around }: Known): { readonly link?: LinkOrigin } {
  if (user !== null && appUser?.userId === user.id && !appUser.setAside) return {};
  if (link === null) return { link: { how: "created" } };
  return { link: { ...link, at: new Date(around.now).toISOString() } };
}

/** Disabled since the last import is a loss, whatever the directory may decide about the user. */
function nowDisabled(status: AppUserStatus, before: AppUser | null): Reason | null {
  return status === "disabled" && before?.status === "active" ? "disabled" : null;
}

/** Only the profile source decides; without one among the links, a directory that is the only one. */
function standingAfter(
  { directory }: Context,
  { user, others, appUser }: Known,
  resolved: Resolved,
  status: AppUserStatus,
): Standing {
  const source = resolved.profileSource ?? (others.length === 0 ? directory.name : null);
  if (source !== directory.name) return standingOf(user);
  const { name, onRemoval, reactivate } = directory;
  const came = appUser?.status !== "active" || appUser.userId !== user?.id;
  // Nobody arrives because a directory is back in the configuration.
  const arrived = came && appUser?.error?.code !== DISCONNECTED;
  return nextStanding(user, { name, onRemoval, reactivate, standing: status, arrived });
}

function resolvedChange(
  write: AppUserWrite,
  externalId: string,
  known: Known,
  resolved: Resolved,
  reason: Reason | null,
  standing: Standing,
): PlannedChange {
  const { user, appUser } = known;
  const changes = user === null ? [] : diffProfiles(user, resolved);
  const userWrite =
    user === null
      ? newUser(write.userId ?? "", resolved, standing)
      : writeUser(user, resolved, standing);
  const login = String(resolved.profile["login"] ?? user?.login ?? "");
  const appChanged = appUserChanged(appUser, write);
  const base = {
    externalId,
    dn: write.dn,
    login,
    userId: write.userId,
    userVersion: user?.version ?? 0,
    changes,
    error: null,
    lost: reason !== null,
    reason,
  };
  if (user !== null && userWrite === null && !appChanged) {
    return { ...base, action: "unchanged", appUser: write, user: null, events: [] };
  }
  const told = toldChanges(known, userWrite, changes, appChanged);
  return {
    ...base,
    action: user === null ? "created" : "updated",
    appUser: write,
    user: userWrite,
    events: told,
  };
}

function toldChanges(
  { user, appUser, link }: Known,
  write: UserWrite | null,
  changes: readonly AttributeChange[],
  appChanged: boolean,
): PersonEvent[] {
  if (user === null) return [events.USER_CREATED];
  const told: PersonEvent[] = [];
  if (appUser?.userId !== user.id) told.push(events.userLinked(link));
  else if (appChanged) told.push(events.APP_USER_UPDATED);
  if (changes.length > 0) told.push(events.profileUpdated(changes));
  if (write !== null) told.push(...events.statusChanged(user.status, write.status));
  return told;
}

/** Fails a person: the app profile is kept, the user profile not touched, a status may still change. */
function failed(
  { directory }: Context,
  write: Omit<AppUserWrite, "error">,
  externalId: string,
  known: Known,
  problem: Problem,
  reason: Reason | null,
  standing: Standing = standingOf(known.user),
): PlannedChange {
  const { user, appUser } = known;
  const after: AppUserWrite = { ...write, error: problem };
  const userWrite = user === null ? null : writeUser(user, user, standing);
  const told: PersonEvent[] = [];
  const repeated = !appUserChanged(appUser, after) && sameProblem(appUser?.error ?? null, problem);
  if (!repeated) told.push(events.updateFailed(directory.name, problem));
  if (user !== null && userWrite !== null) {
    told.push(...events.statusChanged(user.status, userWrite.status));
  }
  return {
    action: "failed",
    externalId,
    dn: write.dn,
    appUser: repeated ? null : after,
    user: userWrite,
    ...referTo(user),
    changes: [],
    error: problem,
    events: told,
    lost: reason !== null,
    reason,
  };
}

function ignored(
  write: Omit<AppUserWrite, "error" | "userId">,
  externalId: string,
  known: Known,
): PlannedChange {
  const after: AppUserWrite = { ...write, userId: null, error: null };
  const changed = appUserChanged(known.appUser, after);
  const { dn } = write;
  return {
    action: "ignored",
    externalId,
    dn,
    appUser: changed ? after : null,
    user: null,
    login: null,
    userId: null,
    userVersion: 0,
    changes: [],
    error: null,
    events: changed && known.appUser !== null ? [events.APP_USER_UPDATED] : [],
    lost: false,
    reason: null,
  };
}

function newUser(id: string, after: Resolved, standing: Standing): UserWrite {
  const login = String(after.profile["login"] ?? "");
  return {
    id,
    isNew: true,
    baseVersion: 0,
    login,
    profile: after.profile,
    sources: after.sources,
    ...standing,
  };
}

function referTo(user: User | null): Pick<PlannedChange, "login" | "userId" | "userVersion"> {
  if (user === null) return { login: null, userId: null, userVersion: 0 };
  return { login: user.login, userId: user.id, userVersion: user.version };
}
