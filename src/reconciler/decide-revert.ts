/**
 * What becomes of a person when a run is put back: as before that run, if nothing else has changed
 * the person since. Pure.
 */
import type { AppUserWrite, PlannedChange } from "../model/plan.ts";
import type { Action, Reason } from "../model/run.ts";
import type { AppUserBefore, User } from "../model/user.ts";
import { diffProfiles } from "./diff.ts";
import * as events from "./events.ts";
import { losesAccess, plannedChange, statusChange, userWrite } from "./writes.ts";

/** Belongs to no entry, so that the next full import decides about the person again. */
const NO_HASH = "put back";

/** One person of the run that is put back. */
export interface Reverted {
  readonly action: Action;
  readonly externalId: string | null;
  readonly dn: string;
  readonly before: { readonly user: User | null; readonly appUser: AppUserBefore | null };
  /** The user as it is; null if it is not there any more. */
  readonly user: User | null;
  readonly changedSince: boolean;
  /** The entry gave its place to another one, whose row has what becomes of the user. */
  readonly replaced: boolean;
}

export function decideRevert(person: Reverted): PlannedChange {
  const { action, before, user, changedSince } = person;
  if (user === null) return leftOut(person, "missing");
  if (person.replaced && !changedSince) return linkedAgain(person);
  if (changedSince) return leftOut(person, "changedSince");
  if (action === "created") return takenBack(person, user);
  return before.user === null ? leftOut(person, "missing") : putBack(person, user, before.user);
}

/** Whoever did not exist before goes, with everything that is kept. */
function takenBack(person: Reverted, user: User): PlannedChange {
  return plannedChange(person, {
    action: "removed",
    events: [events.USER_DELETED],
    lost: user.status === "active",
    reason: "undone",
    deletes: "person",
  });
}

/** The link of an entry that was replaced; the one that took its place is cut before. */
function linkedAgain(person: Reverted): PlannedChange {
  const { appUser } = person.before;
  // The row of the other entry writes the user, and is the one that depends on it.
  return plannedChange(person, {
    action: "updated",
    appUser: appUser === null ? null : appUserWrite(appUser),
    events: [events.APP_USER_UPDATED],
    reason: "relinked",
  });
}

function putBack(person: Reverted, user: User, before: User): PlannedChange {
  const { status, statusBy } = before;
  const standing = { status, statusBy };
  const values = diffProfiles(user, before);
  const { appUser } = person.before;
  const told = values.length > 0 ? events.profileUpdated(values) : events.APP_USER_UPDATED;
  return plannedChange(person, {
    action: "updated",
    appUser: appUser === null ? null : appUserWrite(appUser),
    user: userWrite(user, before, standing),
    changes: [...values, ...statusChange(user, status)],
    events: [told, ...events.statusChanged(user.status, status)],
    lost: losesAccess(user, standing),
    reason: "undone",
    // Of what other directories gave before, they may say something else by now.
    lookAgain: true,
    // A link that the run made is cut.
    deletes: appUser === null ? "appUser" : null,
  });
}

function appUserWrite(before: AppUserBefore): AppUserWrite {
  const { dn, status, profile, userId, error, link } = before;
  const origin = link === null ? {} : { link };
  return { dn, status, profile, hash: NO_HASH, userId, error, ...origin };
}

function leftOut(person: Reverted, reason: Reason): PlannedChange {
  return plannedChange(person, { action: "skipped", reason });
}
