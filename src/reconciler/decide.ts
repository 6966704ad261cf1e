/**
 * What an import does with one person. Pure: everything known about the person goes in, one
 * planned change comes out, with the events that tell of it. An import, its dry run, a force sync
 * and a preview all decide here.
 */
import { sameJson } from "../lib/same.ts";
import type { AppProfile } from "../model/entry.ts";
import type { Problem } from "../model/errors.ts";
import type { PersonEvent } from "../model/event.ts";
import type { AppUserWrite, PlannedChange, UserWrite } from "../model/plan.ts";
import type { AttributeChange } from "../model/run.ts";
import { loginKey, type AppUser, type AppUserStatus, type User } from "../model/user.ts";
import { diffProfiles } from "./diff.ts";
import * as events from "./events.ts";
import { nextStanding, type Standing } from "./lifecycle.ts";
import type { DirectoryRules, Rules } from "./rules.ts";
import { profileSourceOf, resolveProfile, type Resolved } from "./source-priority.ts";

/** What is known about a person before the run. */
export interface Known {
  readonly appUser: AppUser | null;
  /** The user that the app user is linked to, or that the matching rules found. */
  readonly user: User | null;
  /** The user's app users in other directories, without those that left their scope. */
  readonly others: readonly AppUser[];
  /** Why the entry cannot be linked to anybody; then `user` is null. */
  readonly matchProblem: Problem | null;
}

/** What was read of a person. A force sync takes it from the stored app user. */
export interface Sighting {
  readonly id: string;
  readonly dn: string;
  readonly hash: string;
  readonly disabled: boolean;
  readonly profile: AppProfile;
}

interface Context {
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
  const lost = status === "disabled" && known.appUser?.status === "active";
  const write = { dn: seen.dn, status, profile: seen.profile, hash: seen.hash };
  if (known.matchProblem !== null) {
    return failed(context, { ...write, userId: null }, seen.id, known, known.matchProblem, lost);
  }
  if (known.user === null && directory.onNoMatch === "ignore")
    return ignored(write, seen.id, known);
  const links = linksOf(known.others, directory.name, seen.profile);
  const creator = known.user === null ? directory.name : null;
  const resolved = resolveProfile(rules, { links, before: known.user, creator });
  const decides = (resolved.profileSource ?? directory.name) === directory.name;
  const standing = decides
    ? nextStanding(known.user, directory.name, directory.onRemoval, status)
    : standingOf(known.user);
  const [problem] = resolved.problems;
  if (problem !== undefined) {
    const userId = known.user?.id ?? null;
    return failed(context, { ...write, userId }, seen.id, known, problem, lost, standing);
  }
  const userId = known.user?.id ?? newUserId;
  return resolvedChange(
    { ...write, userId, error: null },
    seen.id,
    known,
    resolved,
    standing,
    lost,
  );
}

/** Decides about a person who is no longer in the directory's scope. */
export function decideRemoval(context: Context, appUser: AppUser, known: Known): PlannedChange {
  const { rules, directory } = context;
  const { user, others } = known;
  const { externalId, dn, profile, userId } = appUser;
  const write: AppUserWrite = { dn, status: "removed", profile, hash: "", userId, error: null };
  const told: PersonEvent[] = [events.appUserRemoved(directory.onRemoval)];
  const base = {
    action: "removed",
    externalId,
    dn,
    appUser: write,
    userId,
    error: null,
    lost: true,
  } as const;
  if (user === null) return { ...base, user: null, login: null, changes: [], events: told };
  const before = linksOf(others, directory.name, profile);
  const links = linksOf(others, null, {});
  const standing = standingAfterRemoval(context, user, others, profileSourceOf(rules, before));
  // Without another source the values stay, and belong to Rollcall from now on.
  const resolved = resolveProfile(rules, { links, before: user, creator: null });
  const valid = resolved.problems.length === 0;
  const after = valid ? resolved : { profile: user.profile, sources: user.sources };
  const changes = diffProfiles(user, after);
  const userWrite = writeUser(user, after, standing);
  if (changes.length > 0) told.push(events.profileUpdated(changes));
  told.push(...events.statusChanged(user.status, standing.status));
  return { ...base, user: userWrite, login: user.login, changes, events: told };
}

/** The next source takes over; if the person is disabled there, it says what becomes of the user. */
function standingAfterRemoval(
  { rules, directory }: Context,
  user: User,
  others: readonly AppUser[],
  source: string | null,
): Standing {
  if (source !== null && source !== directory.name) return standingOf(user);
  const next = others.find(
    (other) => other.directory === profileSourceOf(rules, linksOf(others, null, {})),
  );
  if (next === undefined) return nextStanding(user, directory.name, directory.onRemoval, "removed");
  const onRemoval = rules.directories.get(next.directory)?.onRemoval ?? "keep";
  return nextStanding(user, next.directory, onRemoval, next.status);
}

/**
 * An entry that cannot be used at all (no identifier, too large). Whoever it is, is not removed.
 * @param known null if nobody is known for it
 */
export function decideUnusable(
  directory: string,
  entry: { readonly id: string | null; readonly dn: string },
  known: { readonly appUser: AppUser; readonly login: string | null } | null,
  problem: Problem,
): PlannedChange {
  const appUser = known?.appUser ?? null;
  const externalId = appUser?.externalId ?? entry.id;
  const userId = appUser?.userId ?? null;
  const login = known?.login ?? null;
  const repeated = appUser !== null && sameProblem(appUser.error, problem);
  const write =
    appUser === null || repeated
      ? null
      : {
          dn: appUser.dn,
          status: appUser.status,
          profile: appUser.profile,
          hash: "",
          userId,
          error: problem,
        };
  return {
    action: "failed",
    externalId,
    dn: entry.dn,
    appUser: write,
    user: null,
    login,
    userId,
    changes: [],
    error: problem,
    events: repeated ? [] : [events.updateFailed(directory, problem)],
    lost: false,
  };
}

/**
 * A planned change that turned out to be impossible, for example because its login is taken. The
 * app profile is kept, the user profile stays as it was.
 * @param stored what is kept already; a failure that was told before is not told again
 */
export function failPlanned(
  directory: string,
  planned: PlannedChange,
  problem: Problem,
  stored: AppUser | null,
): PlannedChange {
  const isNew = planned.user?.isNew === true;
  const userId = isNew ? null : planned.userId;
  const login = isNew ? null : planned.login;
  const after = planned.appUser === null ? null : { ...planned.appUser, userId, error: problem };
  const repeated =
    after !== null && !appUserChanged(stored, after) && sameProblem(stored?.error ?? null, problem);
  return {
    ...planned,
    action: "failed",
    appUser: repeated ? null : after,
    user: null,
    login,
    userId,
    changes: [],
    error: problem,
    events: repeated ? [] : [events.updateFailed(directory, problem)],
  };
}

function resolvedChange(
  write: AppUserWrite,
  externalId: string,
  known: Known,
  resolved: Resolved,
  standing: Standing,
  lost: boolean,
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
    changes,
    error: null,
    lost,
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
  { user, appUser }: Known,
  write: UserWrite | null,
  changes: readonly AttributeChange[],
  appChanged: boolean,
): PersonEvent[] {
  if (user === null) return [events.USER_CREATED];
  const told: PersonEvent[] = [];
  if (appUser?.userId !== user.id) told.push(events.USER_LINKED);
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
  lost: boolean,
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
    login: user?.login ?? null,
    userId: user?.id ?? null,
    changes: [],
    error: problem,
    events: told,
    lost,
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
    changes: [],
    error: null,
    events: changed && known.appUser !== null ? [events.APP_USER_UPDATED] : [],
    lost: false,
  };
}

function appUserChanged(before: AppUser | null, after: AppUserWrite): boolean {
  return (
    before === null ||
    before.dn !== after.dn ||
    before.status !== after.status ||
    before.userId !== after.userId ||
    (before.error === null) !== (after.error === null) ||
    !sameJson(before.profile, after.profile)
  );
}

/** The message may name somebody else meanwhile; the problem is the same. */
function sameProblem(a: Problem | null, b: Problem): boolean {
  return a !== null && a.code === b.code && a.field === b.field;
}

/** The app profiles that give values: those of other directories, and this one's as just read. */
function linksOf(
  others: readonly AppUser[],
  directory: string | null,
  profile: AppProfile,
): ReadonlyMap<string, AppProfile> {
  const links = new Map(others.map((other) => [other.directory, other.profile]));
  if (directory !== null) links.set(directory, profile);
  return links;
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

/** The user's new state; null if it is the old one. */
function writeUser(
  user: User,
  after: Pick<Resolved, "profile" | "sources">,
  standing: Standing,
): UserWrite | null {
  const same =
    user.status === standing.status &&
    user.statusBy === standing.statusBy &&
    sameJson(user.profile, after.profile) &&
    sameJson(user.sources, after.sources);
  if (same) return null;
  const login = String(after.profile["login"] ?? user.login);
  const { id, version: baseVersion } = user;
  return {
    id,
    isNew: false,
    baseVersion,
    login,
    profile: after.profile,
    sources: after.sources,
    ...standing,
  };
}

/** Whether a planned change claims a login that the person did not have before. */
export function claimsLogin(planned: PlannedChange, before: User | null): boolean {
  if (planned.user === null) return false;
  return (
    planned.user.isNew || before === null || loginKey(before.login) !== loginKey(planned.user.login)
  );
}

function standingOf(user: User | null): Standing {
  return { status: user?.status ?? "active", statusBy: user?.statusBy ?? null };
}
