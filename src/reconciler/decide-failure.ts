/** What becomes of people about whom nothing else can be done. */
import type { Problem } from "../model/errors.ts";
import type { PersonEvent } from "../model/event.ts";
import type { AppUserWrite, PlannedChange, UserWrite } from "../model/plan.ts";
import type { AppUser, User } from "../model/user.ts";
import * as events from "./events.ts";
import { appUserChanged, losesAccess, sameProblem, writeUser } from "./writes.ts";

/**
 * An entry that cannot be used at all (no identifier, too large). Whoever it is, is not removed.
 * @param known who it is; null if nobody is known for it
 * @param told whether the same failure was told at the last import
 */
export function decideUnusable(
  directory: string,
  entry: { readonly id: string | null; readonly dn: string },
  known: { readonly appUser: AppUser; readonly login: string | null } | null,
  problem: Problem,
  told: boolean,
): PlannedChange {
  const appUser = known?.appUser ?? null;
  const externalId = appUser?.externalId ?? entry.id;
  const userId = appUser?.userId ?? null;
  const login = known?.login ?? null;
  const repeated = appUser === null ? told : sameProblem(appUser.error, problem);
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
    userVersion: 0,
    changes: [],
    error: problem,
    events: repeated ? [] : [events.updateFailed(directory, problem)],
    lost: false,
    reason: null,
  };
}

/** What is kept already of a person whose planned change fails. */
export interface Kept {
  readonly appUser: AppUser | null;
  readonly user: User | null;
}

/**
 * A planned change that turned out to be impossible, for example because its login is taken. The
 * app profile is kept and the user profile stays as it was; access that is lost is lost all the
 * same. A removal that fails leaves the person in the scope, so that the next import sees it
 * again. A failure that was told before is not told again.
 */
export function failPlanned(
  directory: string,
  planned: PlannedChange,
  problem: Problem,
  kept: Kept,
): PlannedChange {
  const leaver = leaverOf(planned, problem, kept);
  if (leaver !== null) return leaveAnyway(directory, planned, problem, leaver);
  const isNew = planned.user?.isNew === true;
  const userId = isNew || kept.user === null ? null : planned.userId;
  const after = failedAppUser(planned, problem, kept.appUser, userId);
  const repeated =
    after !== null &&
    !appUserChanged(kept.appUser, after) &&
    sameProblem(kept.appUser?.error ?? null, problem);
  const { user, events: status } = statusOnly(planned, kept.user);
  return {
    ...planned,
    action: "failed",
    appUser: repeated ? null : after,
    user,
    login: isNew ? null : planned.login,
    userId,
    changes: [],
    error: problem,
    events: repeated ? status : [events.updateFailed(directory, problem), ...status],
    // What is not taken is not lost.
    lost: planned.lost && user !== null,
    reason: user === null ? null : planned.reason,
    deletes: null,
  };
}

/** Values that somebody else has. They stand in the way of what the next source gives. */
const BY_OTHERS: ReadonlySet<string> = new Set(["notUniqueWithinOrg"]);

/** The user who leaves all the same; null if the failure stands. */
function leaverOf(
  { action, reason }: PlannedChange,
  { code }: Problem,
  { user }: Kept,
): User | null {
  const leaves = action === "removed" || reason === "unlinked";
  return leaves && BY_OTHERS.has(code) ? user : null;
}

/**
 * Whoever leaves a directory has left it, also where the next source cannot take over: the link
 * ends, access is lost as decided, and the values stay until that source's next import.
 */
function leaveAnyway(
  directory: string,
  planned: PlannedChange,
  problem: Problem,
  user: User,
): PlannedChange {
  const { status, statusBy } = planned.user ?? user;
  const told = planned.events.filter((event) => event.type !== "user.account.update_profile");
  return {
    ...planned,
    user: writeUser(user, user, { status, statusBy }),
    changes: planned.changes.filter((change) => change.attribute === "status"),
    events: [...told, events.updateFailed(directory, problem)],
    lookAgain: true,
  };
}

function failedAppUser(
  planned: PlannedChange,
  problem: Problem,
  stored: AppUser | null,
  userId: string | null,
): AppUserWrite | null {
  if (planned.appUser === null) return null;
  if (planned.action !== "removed" && planned.reason !== "unlinked") {
    const { link, ...write } = planned.appUser;
    // Whoever gets no user is linked to none.
    const kept = link === undefined || userId === null ? write : { ...write, link };
    return { ...kept, userId, error: problem };
  }
  if (stored === null) return null;
  const { dn, status, profile } = stored;
  return { dn, status, profile, hash: "", userId: stored.userId, error: problem };
}

/** Of a change to an existing user, only the loss of access. */
function statusOnly(
  planned: PlannedChange,
  user: User | null,
): { user: UserWrite | null; events: PersonEvent[] } {
  const write = planned.user;
  const applies = write !== null && user !== null && planned.action !== "removed";
  if (!applies || !losesAccess(user, write)) return { user: null, events: [] };
  const { status, statusBy } = write;
  const changed = writeUser(user, user, { status, statusBy });
  return { user: changed, events: events.statusChanged(user.status, status) };
}
