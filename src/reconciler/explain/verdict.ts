/**
 * Which stage is responsible for a value. What the configuration decides comes first, because no
 * import changes it; then what is out of date or fails; then what is empty at its origin.
 */
import { sameJson } from "../../lib/same.ts";
import { sentences } from "../../lib/sentences.ts";
import { cureOf, type Problem } from "../../model/errors.ts";
import type { Cause, CauseCode } from "../../model/explanation.ts";
import { ownersOf } from "../decide-edit.ts";
import { BY_HAND } from "../standing.ts";
import {
  candidatesFor,
  everyCandidate,
  inOrder,
  type Candidate,
  type Candidates,
} from "./candidates.ts";
import * as directories from "./causes/directory.ts";
import * as priority from "./causes/priority.ts";
import * as values from "./causes/value.ts";
import type { LinkedAppUser, UserFacts } from "./facts.ts";
import { editedByHand, nobodyGives } from "./no-source.ts";
import { notLinkedCause, type NotLinked } from "./not-linked.ts";
import { emptyAt, notRead } from "./origin.ts";
import { json, problemText } from "./words.ts";

/** Answers that stand, whoever else could be linked. */
const OF_ITS_OWN: ReadonlySet<CauseCode> = new Set<CauseCode>([
  "editedHere",
  "leftScope",
  "waitsForImport",
  "directoryFails",
]);

export function verdictOf(facts: UserFacts, attribute: string, candidates: Candidates): Cause {
  const { deciding } = candidates;
  const before = notLinkedBefore(facts, candidates);
  const absent = before === null || before.unknown ? null : before.cause;
  const nobody = deciding === null ? nobodyGives(facts, attribute, candidates) : null;
  if (nobody !== null) return OF_ITS_OWN.has(nobody.code) ? nobody : (absent ?? nobody);
  const otherwise = (): Cause => upToDate(facts, attribute, candidates);
  if (deciding === null || deciding.appUser === null) return absent ?? otherwise();
  const { appUser } = deciding;
  const configured: readonly Answer[] = [
    () => unmapped(facts, attribute, deciding, candidates),
    () => onCreateOnly(facts, attribute, deciding),
    () => notRead(facts, attribute, deciding),
  ];
  const current: readonly Answer[] = [
    () => asked(facts, candidates),
    () => invalid(facts, attribute),
    () => interrupted(facts, appUser),
    () => notApplied(facts, attribute),
  ];
  return (
    firstAnswer([
      // What is linked and wrong comes before what could be linked.
      ...(absent === null ? [...configured, ...current] : [...current, () => absent]),
      () => stale(facts, appUser),
      () => before?.cause ?? null,
      () => emptyAt(facts, attribute, deciding, candidates),
      () => otherSource(facts, attribute, deciding, candidates),
    ]) ?? otherwise()
  );
}

type Answer = () => Cause | null;

function firstAnswer(answers: readonly Answer[]): Cause | null {
  for (const answer of answers) {
    const cause = answer();
    if (cause !== null) return cause;
  }
  return null;
}

/** Of the directories that could give the value before the one that counts, one that is not linked. */
function notLinkedBefore(
  { notLinked, rules, user }: UserFacts,
  { order, deciding, fallback }: Candidates,
): NotLinked | null {
  if (order === "okta") return null;
  const empty = fallback && deciding?.value == null;
  const end = deciding === null || empty ? order.length : order.indexOf(deciding);
  // One that maps nothing, or fills in new users only, would give no other value.
  const able = order.slice(0, end).filter((one) => !one.linked && one.apply === "update");
  const found = able.flatMap((one) => {
    const facts = notLinked.get(one.directory);
    return facts === undefined ? [] : (notLinkedCause(rules, user, facts) ?? []);
  });
  return found.find((one) => !one.unknown) ?? found[0] ?? null;
}

function unmapped(
  facts: UserFacts,
  attribute: string,
  { directory, expression }: Candidate,
  { order, fallback }: Candidates,
): Cause | null {
  if (expression !== null) return null;
  const { user } = facts;
  if (user.sources[attribute] === BY_HAND)
    return editedByHand(facts, attribute, `${directory} has no mapping of it`);
  const pending = problemsNow(facts).length > 0 ? null : notApplied(facts, attribute);
  if (pending !== null) {
    const taken =
      facts.resolved.profile[attribute] === undefined
        ? `the next import of the person, or a force sync, takes ${json(user.profile[attribute])} away`
        : pending.sentence;
    const told = `${directory} counts for ${attribute}, and has no mapping of it. That was not applied yet: ${taken}`;
    return { ...pending, sentence: sentences(told) };
  }
  const other = inOrder(order).find((one) => one.linked && one.value !== null);
  return priority.unmapped(user, attribute, { directory, fallback }, other);
}

function onCreateOnly(
  facts: UserFacts,
  attribute: string,
  { directory, apply, value }: Candidate,
): Cause | null {
  if (apply !== "create") return null;
  const { user, links, rules, lastChanges } = facts;
  if (user.sources[attribute] === BY_HAND && lastChanges.get(attribute)?.kind === "edit") {
    const once = `the mapping of ${directory} applies on creation only`;
    return editedByHand(facts, attribute, once);
  }
  const now = sameJson(value, user.profile[attribute] ?? null) ? undefined : value;
  const isOwned = ownersOf(rules, attribute, links).length > 0;
  return priority.fillsInOnly(user, attribute, directory, { now, isOwned });
}

/** What the directories answered just now: the one that gives the value, and those before it. */
function asked(facts: UserFacts, { asked: all, deciding }: Candidates): Cause | null {
  const upTo = all.findIndex((one) => one.directory === deciding?.directory);
  for (const candidate of all.slice(0, upTo + 1)) {
    const cause = askedOne(facts, candidate);
    if (cause !== null) return cause;
  }
  return null;
}

function askedOne({ live, states, user }: UserFacts, candidate: Candidate): Cause | null {
  const { directory } = candidate;
  const answer = live.get(directory);
  if (answer?.kind === "failed") {
    const told = `${directory} cannot be read now: ${answer.message}`;
    return directories.cannotBeRead(told, cureOf(answer.code));
  }
  if (answer?.kind === "absent")
    return directories.outOfScope(user.login, directory, answer.where, states.get(directory));
  const changed = changedInputs(live, candidate);
  const [first] = changed;
  if (first === undefined) return null;
  const names = changed.map((one) => one.attribute).join(", ");
  return directories.inputsAreOld(first.directory, names, states.get(first.directory));
}

/** What the mapping reads and a directory has other values of by now. */
function changedInputs(
  live: UserFacts["live"],
  { reads }: Candidate,
): readonly Candidate["reads"][number][] {
  return reads.filter(({ directory, attribute }) => {
    const answer = live.get(directory);
    if (answer?.kind !== "found") return false;
    return answer.differs.some((name) => name.toLowerCase() === attribute.toLowerCase());
  });
}

/** Faults that follow from what was stored, and not from the values that are mapped. */
const STORED: ReadonlySet<string> = new Set([
  "notUniqueWithinOrgAppId",
  "match.ambiguous",
  "match.unconfirmed",
]);

/** What makes an update fail now: one fault fails it whole. */
export function problemsNow({ resolved, conflicts, appUsers }: UserFacts): readonly Problem[] {
  const stored = appUsers.flatMap(({ error, status }) => {
    if (error === null || status === "removed") return [];
    return STORED.has(error.code) || error.code.startsWith("entry.") ? [error] : [];
  });
  return [...resolved.problems, ...conflicts, ...stored];
}

function invalid(facts: UserFacts, attribute: string): Cause | null {
  const problems = problemsNow(facts);
  const problem = problems.find((one) => one.field === attribute) ?? problems[0];
  if (problem === undefined) return null;
  const { field } = problem;
  const told = problemText(problem);
  const whole =
    field === attribute
      ? null
      : `That fails the whole update, so ${attribute} is not updated either`;
  const { deciding } = candidatesFor(facts, field);
  const [changed] = deciding === null ? [] : changedInputs(facts.live, deciding);
  if (changed !== undefined) return directories.faultIsOld(told, whole, changed, field);
  const more = problems.length - 1;
  const rest =
    more > 0 ? `${more} more of this person's values ${more > 1 ? "are" : "is"} wrong, too` : null;
  const directory = deciding?.directory ?? facts.resolved.profileSource;
  return values.updateFails(facts.user, problem, [told, rest, whole], directory);
}

function interrupted({ states }: UserFacts, { directory }: LinkedAppUser): Cause | null {
  const run = states.get(directory)?.interrupted ?? null;
  return run === null ? null : values.interrupted(directory, run);
}

function notApplied({ resolved, user, states, links }: UserFacts, attribute: string): Cause | null {
  const [now, then] = [user.profile[attribute] ?? null, resolved.profile[attribute] ?? null];
  const source = resolved.sources[attribute];
  const isSame = sameJson(now, then);
  if (isSame && user.sources[attribute] === source) return null;
  const told = values.givesText(attribute, then, isSame ? (source ?? "nobody") : null);
  const own = [...states].flatMap(([name, one]) => (links.has(name) ? [one] : []));
  const held = own.find((one) => one.held !== null && one.held.kind !== "import")?.held;
  return held == null
    ? values.notApplied(user, told, isSame)
    : values.waitsForHeld(told, held, isSame);
}

/** Everything fits what is stored; but the directory may say something else by now. */
function stale({ states, live }: UserFacts, { directory }: LinkedAppUser): Cause | null {
  if (live.has(directory)) return null; // it was asked, and said the same
  const { last = null, held = null } = states.get(directory) ?? {};
  if (held?.kind === "import") return directories.importIsHeld(held);
  if (last?.status !== "failed" || last.error === null) return null;
  return directories.importFailed(directory, last.error);
}

function isBefore(order: Candidates["order"], one: Candidate, other: Candidate): boolean {
  const all = inOrder(order);
  return all.includes(one) && all.indexOf(one) < all.indexOf(other);
}

/** The value is right by the rules, and somebody may expect another one. */
function otherSource(
  { user }: UserFacts,
  attribute: string,
  deciding: Candidate,
  candidates: Candidates,
): Cause | null {
  const { order, overridden } = candidates;
  const value = user.profile[attribute] ?? null;
  const rivals = everyCandidate(candidates).filter(
    (one) =>
      one.linked &&
      one.directory !== deciding.directory &&
      one.value !== null &&
      !sameJson(one.value, value),
  );
  const once = rivals.find((one) => one.apply === "create" && isBefore(order, one, deciding));
  if (once !== undefined) return priority.filledInBefore(user, attribute, once, deciding);
  const rival = rivals.find((one) => one.apply !== "create");
  if (rival === undefined) return null;
  const names = inOrder(order).map((one) => one.directory);
  const among = { deciding, rival, rivals, order: names, overridden };
  return priority.outranked(user, attribute, among);
}

function upToDate(facts: UserFacts, attribute: string, { deciding }: Candidates): Cause {
  const { user, states, live } = facts;
  if (user.sources[attribute] === BY_HAND) return editedByHand(facts, attribute, null);
  if (deciding === null) return values.nobodyGives(user, attribute);
  const { directory } = deciding;
  const back = putBack(facts, attribute);
  if (back !== null) return back;
  const isAsked = live.get(directory)?.kind === "found";
  const read = states.get(directory)?.checkpoint?.readAt.toISOString() ?? "an unknown time";
  return values.asGiven(user, attribute, directory, isAsked ? null : read);
}

/** A value that is as it was before a run that somebody put back, until the directory is heard again. */
function putBack({ user, states, lastChanges }: UserFacts, attribute: string): Cause | null {
  const change = lastChanges.get(attribute);
  const directory = change?.directory ?? null;
  if (change?.kind !== "revert" || directory === null) return null;
  const waits = (states.get(directory)?.checkpoint?.fullReason ?? null) !== null;
  return waits ? values.putBack(user, attribute, directory, change) : null;
}
