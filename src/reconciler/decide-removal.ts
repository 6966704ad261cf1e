/** What becomes of people who are no longer in a directory's scope. */
import type { Problem } from "../model/errors.ts";
import type { PersonEvent } from "../model/event.ts";
import type { AppUserWrite, PlannedChange } from "../model/plan.ts";
import type { Absence } from "../model/run.ts";
import { DISCONNECTED, type AppUser, type User } from "../model/user.ts";
import { oneProblem, type DecisionContext, type Known } from "./decide.ts";
import { diffProfiles } from "./diff.ts";
import * as events from "./events.ts";
import type { DirectoryRules } from "./rules.ts";
import { profileSourceOf, resolveProfile } from "./source-priority.ts";
import { nextStanding, type Standing } from "./standing.ts";
import { linksOf, plannedChange, standingOf, userWrite } from "./writes.ts";

/**
 * Decides about a person who is no longer in the directory's scope.
 * @param reason where the person is instead
 */
export function decideRemoval(
  context: DecisionContext,
  appUser: AppUser,
  known: Known,
  reason: Absence,
): PlannedChange {
  const { rules, directory } = context;
  const { user, others, relations } = known;
  const { externalId, dn, profile, userId } = appUser;
  const error = reason === "disconnected" ? disconnected(directory.name) : null;
  const write: AppUserWrite = { dn, status: "removed", profile, hash: "", userId, error };
  const told: PersonEvent[] = [events.appUserRemoved(directory.onRemoval)];
  const person = { externalId, dn, user };
  const went = { action: "removed", appUser: write, userId, lost: true, reason } as const;
  if (user === null) return plannedChange(person, { ...went, events: told });
  const before = linksOf(others, directory.name, profile);
  const links = linksOf(others, null, {});
  const source = profileSourceOf(rules, before);
  const standing = standingAfterRemoval(context, user, others, source);
  const heir = heirOf(context, others, source);
  const isHandedOver = heir?.byRule === true && standing.status === "active";
  const left = isHandedOver ? ({ ...went, reason: "handedOver" } as const) : went;
  // Without another source the values stay, and belong to Rollcall from now on.
  const resolved = resolveProfile(rules, { links, before: user, creator: null, relations });
  const problem = oneProblem(resolved.problems);
  const after = problem === null ? resolved : { profile: user.profile, sources: user.sources };
  const changes = diffProfiles(user, after);
  if (changes.length > 0) told.push(events.profileUpdated(changes));
  told.push(...events.statusChanged(user.status, standing.status));
  // The next source cannot take over: that is told, and its next import decides about it.
  if (problem !== null)
    told.push(events.updateFailed(resolved.profileSource ?? directory.name, problem));
  const written = userWrite(user, after, standing);
  const lookAgain = problem !== null;
  return plannedChange(person, { ...left, user: written, changes, events: told, lookAgain });
}

function disconnected(directory: string): Problem {
  const message = `${directory} was taken out of the configuration, which ended the link.`;
  return { code: DISCONNECTED, field: directory, message };
}

const GONE = { standing: "removed", arrived: false } as const;

/**
 * The entry that says from now on whether the user has access; null if there is none.
 * @param source the user's profile source, with the entry that leaves
 */
function heirOf(
  { rules, directory }: DecisionContext,
  others: readonly AppUser[],
  source: string | null,
): AppUser | null {
  if (source === null) return others.length === 1 ? (others[0] ?? null) : null;
  if (source !== directory.name) return null;
  const next = profileSourceOf(rules, linksOf(others, null, {}));
  return others.find((one) => one.directory === next) ?? null;
}

/**
 * The next source takes over; if the person is disabled there, it says what becomes of the user.
 * Without any source among the links, the only directory that is left is heard.
 */
function standingAfterRemoval(
  { rules, directory }: DecisionContext,
  user: User,
  others: readonly AppUser[],
  source: string | null,
): Standing {
  if (source === null ? others.length > 1 : source !== directory.name) return standingOf(user);
  const next = heirOf({ rules, directory }, others, source);
  if (next === null) return nextStanding(user, { ...directory, ...GONE });
  const { onRemoval = "keep", reactivate = [] } = rules.directories.get(next.directory) ?? {};
  const { directory: name, status: standing } = next;
  return nextStanding(user, { name, onRemoval, reactivate, standing, arrived: false });
}

/**
 * An app user whose place another entry of the same directory took: an account that was deleted
 * and made anew. The link ends, the user goes on with the new entry.
 */
export function decideReplaced(
  directory: DirectoryRules,
  appUser: AppUser,
  user: User | null,
): PlannedChange {
  const { externalId, dn, profile } = appUser;
  return plannedChange(
    // Told of, but not written: the new entry's row does that.
    { externalId, dn, user },
    {
      action: "removed",
      appUser: { dn, status: "removed", profile, hash: "", userId: null, error: null },
      events: [events.appUserRemoved(directory.onRemoval)],
      reason: "replaced",
    },
  );
}
