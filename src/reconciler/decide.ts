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
import { withProposal } from "./propose-login.ts";
import type { DirectoryRules, Rules } from "./rules.ts";
import type { Relations } from "./scope.ts";
import { resolveProfile, type Resolved } from "./source-priority.ts";
import { nextStanding, type Standing } from "./standing.ts";
import {
  appUserChanged,
  linksOf,
  plannedChange,
  sameProblem,
  standingOf,
  userWrite,
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
  readonly relations: Relations;
}

/** What was read of a person. A force sync takes it from the stored app user. */
export interface Sighting {
  readonly id: string;
  readonly dn: string;
  readonly hash: string;
  readonly disabled: boolean;
  readonly profile: AppProfile;
}

export interface DecisionContext {
  readonly rules: Rules;
  readonly directory: DirectoryRules;
}

/**
 * Decides about an entry that was read.
 * @param newUserId the id for the user, if one is created
 */
export function decideSighting(
  context: DecisionContext,
  seen: Sighting,
  known: Known,
  newUserId: string,
): PlannedChange {
  const { rules, directory } = context;
  const { user, relations } = known;
  const status: AppUserStatus = seen.disabled ? "disabled" : "active";
  const disabled = nowDisabled(status, known.appUser);
  const write = { dn: seen.dn, status, profile: seen.profile, hash: seen.hash };
  if (known.matchProblem !== null) {
    const error = known.matchProblem;
    const standing = standingOf(user);
    return failed(directory, seen, known, {
      write: { ...write, userId: null, error },
      reason: disabled,
      standing,
    });
  }
  if (belongsToNobody(directory, known)) {
    return ignored({ ...write, userId: null, error: null }, seen, known);
  }
  const links = linksOf(known.others, directory.name, seen.profile);
  const creator = user === null ? directory.name : null;
  const resolved = resolveProfile(rules, { links, before: user, creator, relations });
  const standing = standingAfter(context, known, resolved, status);
  const reason = disabled ?? accessChange(user, standing);
  const problem = oneProblem(resolved.problems);
  const link = newLink(known);
  if (problem !== null) {
    const error = withProposal(problem, context, seen);
    const after = { ...write, userId: user?.id ?? null, error, ...(user === null ? {} : link) };
    return failed(directory, seen, known, { write: after, reason, standing });
  }
  const after = { ...write, userId: user?.id ?? newUserId, error: null, ...link };
  return resolvedChange(seen, known, resolved, { write: after, reason, standing });
}

/**
 * Somebody whose entry cannot be used for a reason of its own, and says all the same that the account
 * is disabled: nothing of the profile changes, access goes as it does for everybody.
 * @param seen as the person was kept
 */
export function decideSwitchedOff(
  context: DecisionContext,
  seen: Sighting,
  known: Known,
  problem: Problem | null,
): PlannedChange {
  const { rules, directory } = context;
  const { user, others, relations } = known;
  const links = linksOf(others, directory.name, seen.profile);
  const resolved = resolveProfile(rules, { links, before: user, creator: null, relations });
  const standing = standingAfter(context, known, resolved, "disabled");
  const reason = nowDisabled("disabled", known.appUser) ?? accessChange(user, standing);
  const { dn, profile } = seen;
  const userId = user?.id ?? null;
  // Without a hash, so that the next import decides anew.
  const write = { dn, status: "disabled", profile, hash: "", userId, error: problem } as const;
  return failed(directory, seen, known, { write, reason, standing });
}

/** What was found out about a person: how the entry is kept, and what becomes of access. */
interface Verdict {
  readonly write: AppUserWrite;
  readonly reason: Reason | null;
  readonly standing: Standing;
}

/** What becomes of a user's access, where it is not what it was. */
function accessChange(user: User | null, { status }: Standing): Reason | null {
  if (user === null || (user.status === "active") === (status === "active")) return null;
  return status === "active" ? "regained" : "accessLost";
}

/** Whoever loses access is counted by the safeguard, whatever the cause. */
function isLoss(reason: Reason | null): boolean {
  return reason !== null && reason !== "regained";
}

/** A person decided so, or nobody was found where the directory may not create users. */
function belongsToNobody({ onNoMatch }: DirectoryRules, { appUser, user, link }: Known): boolean {
  if (link !== null) return false;
  return appUser?.setAside === true || (user === null && onNoMatch === "ignore");
}

/**
 * All that is wrong with a person as one problem: the first one fails the update, the others come
 * with it.
 */
export function oneProblem(problems: readonly Problem[]): Problem | null {
  const [first, ...others] = problems;
  if (first === undefined) return null;
  return others.length === 0 ? first : { ...first, others };
}

/** How the entry came to its user; nothing where it was linked before. */
function newLink({ user, appUser, link, relations }: Known): { readonly link?: LinkOrigin } {
  if (user !== null && appUser?.userId === user.id && !appUser.setAside) return {};
  if (link === null) return { link: { how: "created" } };
  return { link: { ...link, at: new Date(relations.now).toISOString() } };
}

/** Disabled since the last import is a loss, whatever the directory may decide about the user. */
function nowDisabled(status: AppUserStatus, before: AppUser | null): Reason | null {
  return status === "disabled" && before?.status === "active" ? "disabled" : null;
}

/** Only the profile source decides; without one among the links, a directory that is the only one. */
function standingAfter(
  { directory }: DecisionContext,
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
  { id: externalId, dn }: Sighting,
  known: Known,
  resolved: Resolved,
  { write, reason, standing }: Verdict,
): PlannedChange {
  const { user, appUser } = known;
  const changes = user === null ? [] : diffProfiles(user, resolved);
  const newUserWrite = (): UserWrite => newUser(write.userId ?? "", resolved, standing);
  const written = user === null ? newUserWrite() : userWrite(user, resolved, standing);
  const login = String(resolved.profile["login"] ?? user?.login ?? "");
  const appChanged = appUserChanged(appUser, write);
  const lost = isLoss(reason);
  const common = { appUser: write, login, userId: write.userId, changes, lost, reason };
  const person = { externalId, dn, user };
  if (user !== null && written === null && !appChanged) {
    return plannedChange(person, { ...common, action: "unchanged" });
  }
  const action = user === null ? "created" : "updated";
  const told = toldChanges(known, written, changes, appChanged);
  return plannedChange(person, { ...common, action, user: written, events: told });
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
  directory: DirectoryRules,
  { id: externalId, dn }: Sighting,
  { user, appUser }: Known,
  { write, reason, standing }: Verdict,
): PlannedChange {
  const { error } = write;
  const written = user === null ? null : userWrite(user, user, standing);
  const told: PersonEvent[] = [];
  const repeated =
    error !== null && !appUserChanged(appUser, write) && sameProblem(appUser?.error ?? null, error);
  if (!repeated && error !== null) told.push(events.updateFailed(directory.name, error));
  if (user !== null && written !== null) {
    told.push(...events.statusChanged(user.status, written.status));
  }
  return plannedChange(
    { externalId, dn, user },
    {
      action: "failed",
      appUser: repeated ? null : write,
      user: written,
      error,
      events: told,
      lost: isLoss(reason),
      reason,
    },
  );
}

function ignored(after: AppUserWrite, { id, dn }: Sighting, { appUser }: Known): PlannedChange {
  const changed = appUserChanged(appUser, after);
  return plannedChange(
    { externalId: id, dn, user: null },
    {
      action: "ignored",
      appUser: changed ? after : null,
      events: changed && appUser !== null ? [events.APP_USER_UPDATED] : [],
    },
  );
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
