/** What becomes of people about whom nothing else can be done. */
import type { Problem } from "../model/errors.ts";
import type { PersonEvent } from "../model/event.ts";
import type { AppUserWrite, PlannedChange, UserWrite } from "../model/plan.ts";
import { DISCONNECTED, type AppUser, type User } from "../model/user.ts";
import * as events from "./events.ts";
import { appUserChanged, plannedChange, sameProblem, userWrite } from "./writes.ts";

/** An entry that cannot be used, and who it is, as far as that is known. */
export interface UnusableEntry {
  readonly id: string | null;
  readonly dn: string;
  readonly problem: Problem;
  /** Null if nobody is known for it. */
  readonly person: { readonly appUser: AppUser; readonly login: string | null } | null;
  /** Whether the same failure was told at the last import. */
  readonly told: boolean;
}

/** An entry that cannot be used at all (no identifier, too large). Whoever it is, is not removed. */
export function decideUnusable(directory: string, entry: UnusableEntry): PlannedChange {
  const { id, dn, problem, person, told } = entry;
  const appUser = person?.appUser ?? null;
  const repeated = appUser === null ? told : sameProblem(appUser.error, problem);
  return plannedChange(
    { externalId: appUser?.externalId ?? id, dn, user: null },
    {
      action: "failed",
      appUser: appUser === null || repeated ? null : asKept(appUser, problem),
      login: person?.login ?? null,
      userId: appUser?.userId ?? null,
      error: problem,
      events: repeated ? [] : [events.updateFailed(directory, problem)],
    },
  );
}

/** The app user as it is, without its hash, so that the next import decides anew. */
function asKept({ dn, status, profile, userId }: AppUser, error: Problem): AppUserWrite {
  return { dn, status, profile, hash: "", userId, error };
}

/** What is kept already of a person whose planned change fails. */
export interface Kept {
  readonly appUser: AppUser | null;
  readonly user: User | null;
}

/**
 * A planned change that turned out to be impossible, for example because its login is taken. The
 * app profile is kept and the user profile stays as it was; what the directory says of access counts
 * all the same. A removal that fails leaves the person in the scope, so that the next import sees
 * it again, and a link that was not cut, or a run that was not put back, leaves everything as it
 * is. A failure that was told before is not told again.
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
  const access = accessOf(planned, kept.user);
  const undecided = access === "undecided";
  const after = undecided
    ? notSeen(planned, problem, kept.appUser)
    : failedAppUser(planned, problem, kept.appUser, userId);
  const repeated = isRepeated(kept.appUser, after, problem);
  const failure = repeated ? [] : [events.updateFailed(directory, problem)];
  const base = {
    ...planned,
    action: "failed",
    appUser: repeated ? null : after,
    login: isNew ? null : planned.login,
    userId,
    changes: [],
    error: problem,
    deletes: null,
    claimsLogin: false,
  } as const;
  if (undecided) return { ...base, user: null, events: failure, lost: false, reason: null };
  if (access === null) {
    // What is not taken is not lost; whoever is kept as disabled was.
    const lost = planned.lost && planned.reason === "disabled" && isSeen(planned);
    return { ...base, user: null, events: failure, lost, reason: lost ? "disabled" : null };
  }
  return { ...base, user: access.write, events: [...failure, ...access.told] };
}

function isRepeated(before: AppUser | null, after: AppUserWrite | null, problem: Problem): boolean {
  return (
    after !== null && !appUserChanged(before, after) && sameProblem(before?.error ?? null, problem)
  );
}

/** Values that somebody else has. They stand in the way of what the next source gives. */
const BY_OTHERS: ReadonlySet<string> = new Set(["notUniqueWithinOrg"]);

/** The user who leaves all the same; null if the failure stands, as where the user changed since. */
function leaverOf(
  { action, reason, userVersion }: PlannedChange,
  { code }: Problem,
  { user }: Kept,
): User | null {
  const leaves = action === "removed" || reason === "unlinked";
  return leaves && BY_OTHERS.has(code) && user?.version === userVersion ? user : null;
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
    user: userWrite(user, user, { status, statusBy }),
    changes: planned.changes.filter((change) => change.attribute === "status"),
    events: [...told, events.updateFailed(directory, problem)],
    lookAgain: true,
    claimsLogin: false,
  };
}

/** Whether the row tells of an entry that was read, and not of one that leaves or is put back. */
function isSeen({ action, reason }: PlannedChange): boolean {
  return action !== "removed" && reason !== "unlinked" && reason !== "undone";
}

function failedAppUser(
  planned: PlannedChange,
  problem: Problem,
  stored: AppUser | null,
  userId: string | null,
): AppUserWrite | null {
  if (isSeen(planned)) {
    if (planned.appUser === null) return null;
    const { link, ...write } = planned.appUser;
    // Whoever gets no user is linked to none.
    const kept = link === undefined || userId === null ? write : { ...write, link };
    return { ...kept, userId, error: problem };
  }
  if (stored === null) return null;
  return asKept(stored, problem);
}

/**
 * Of a change to an existing user, only whether it has access; null if that stays. What was decided
 * about a user who changed since counts no more, neither that access is given nor that it is taken:
 * another directory may have the word by now. Then the next import sees and decides it anew.
 */
function accessOf(
  planned: PlannedChange,
  user: User | null,
): { readonly write: UserWrite; readonly told: readonly PersonEvent[] } | null | "undecided" {
  const write = planned.user;
  if (write === null || user === null || !isSeen(planned)) return null;
  if (user.version !== planned.userVersion)
    return planned.events.some(events.isOfStatus) ? "undecided" : null;
  const { status, statusBy } = write;
  const changed = userWrite(user, user, { status, statusBy });
  if (changed === null) return null;
  return { write: changed, told: events.statusChanged(user.status, status) };
}

/** The entry as it was kept, so that the next import sees the person arrive. */
function notSeen(
  planned: PlannedChange,
  problem: Problem,
  stored: AppUser | null,
): AppUserWrite | null {
  if (planned.appUser === null) return null;
  if (stored === null) return { ...planned.appUser, userId: null, error: problem };
  return asKept(stored, lasting(stored, problem));
}

/** That a link ended with its directory is kept until the person is seen; see `standingAfter`. */
export function lasting(
  { status, error }: Pick<AppUser, "status" | "error">,
  problem: Problem,
): Problem {
  return status === "removed" && error?.code === DISCONNECTED ? error : problem;
}
