/** No directory's word counts for an attribute, or for the user at all: why not? */
import { sentences } from "../../lib/sentences.ts";
import type { Cause } from "../../model/explanation.ts";
import { BY_HAND } from "../standing.ts";
import type { Candidates } from "./candidates.ts";
import * as access from "./causes/access.ts";
import * as directories from "./causes/directory.ts";
import { linkWasCut } from "./causes/entry.ts";
import * as priority from "./causes/priority.ts";
import type { LinkedAppUser, UserFacts } from "./facts.ts";

export function nobodyGives(
  facts: UserFacts,
  attribute: string,
  { order, others }: Candidates,
): Cause | null {
  const { user } = facts;
  if (order === "okta") return priority.isEditedHere(user, attribute);
  const removed = order.find((one) => one.appUser?.status === "removed")?.appUser ?? null;
  const isOwn = user.sources[attribute] === BY_HAND;
  if (isOwn && facts.lastChanges.get(attribute)?.kind === "edit") {
    const why = removed === null ? null : `${user.login} left the scope of ${removed.directory}`;
    return editedByHand(facts, attribute, why);
  }
  if (removed !== null) return leftScope(facts, removed);
  if (facts.links.size === 0) {
    const cause = notLinked(facts);
    return isOwn && cause.code === "notLinked"
      ? editedByHand(facts, attribute, `${user.login} is not linked to any directory`)
      : cause;
  }
  if (others.length > 0) {
    const names = others.map((one) => one.directory);
    return priority.notAsked(attribute, names);
  }
  const wanted = order.map((one) => one.directory).join(", ");
  return order.length === 0 ? null : priority.noEntryThere(user, attribute, wanted);
}

function leftScope({ user, removals, live }: UserFacts, { directory }: LinkedAppUser): Cause {
  const left = directories.leftText(user.login, directory, removals.get(directory));
  const answer = live.get(directory);
  if (answer?.kind === "found") return directories.isBack(left, directory);
  if (answer?.kind === "failed") {
    const told = sentences(left, `${directory} cannot be read now: ${answer.message}`);
    return directories.cannotBeRead(told, "");
  }
  return directories.leftScope(left, user.login, answer !== undefined);
}

/** The user has no entry in any directory. */
export function notLinked({ user, former, cut }: UserFacts): Cause {
  const [gone] = former;
  if (gone !== undefined) return priority.onlyFormer(user, gone.directory);
  return cut === null ? priority.linkedToNothing(user) : linkWasCut(user, cut);
}

/** Why a user has no access; null if that is not so. */
export function noAccess(facts: UserFacts): Cause | null {
  const { user, appUsers, live } = facts;
  const { status, statusBy } = user;
  if (status === "active") return null;
  if (statusBy === null || statusBy === BY_HAND) return access.byAPerson(user);
  const appUser = appUsers.find((one) => one.directory === statusBy);
  if (appUser?.status === "removed") return leftScope(facts, appUser);
  if (appUser === undefined) {
    const link = notLinked(facts);
    return link.code === "setAside" ? link : access.entryLost(user, statusBy);
  }
  const answer = live.get(statusBy);
  if (answer?.kind === "found" && answer.standingDiffers)
    return directories.standingIsOld(user.login, statusBy, answer.sighting.disabled);
  return takenBy(facts, appUser);
}

/** An entry that is in the scope took access away. */
function takenBy(
  { user, rules }: UserFacts,
  { directory, status: standing }: LinkedAppUser,
): Cause {
  if (standing === "disabled") return access.disabledThere(user, directory);
  const reactivate: readonly string[] = rules.directories.get(directory)?.reactivate ?? [];
  return reactivate.includes(user.status)
    ? access.notGivenBackYet(user, directory)
    : access.leftToPeople(user, directory);
}

/** A value that no directory gives and a person set. @param why nobody else gives it */
export function editedByHand(
  { user, rules, lastChanges }: UserFacts,
  attribute: string,
  why: string | null,
): Cause {
  const isRequired = rules.schema.get(attribute)?.required === true;
  const how = { change: lastChanges.get(attribute), isRequired };
  return priority.setByHand(user, attribute, how, why);
}
