/** Answers about whose word counts for an attribute. */
import { sentences } from "../../../lib/sentences.ts";
import type { Cause } from "../../../model/explanation.ts";
import type { UserChange } from "../../../model/history.ts";
import type { Remedy } from "../../../model/remedy.ts";
import type { User } from "../../../model/user.ts";
import type { Candidate } from "../candidates.ts";
import { json } from "../words.ts";

export function isEditedHere({ login }: User, attribute: string): Cause {
  const sentence = `${attribute} is edited here (profile.overrides.${attribute}: okta), so no directory changes it.`;
  const remedy = { kind: "setValue", user: login, attribute } as const;
  return { code: "editedHere", stage: "priority", sentence, remedy };
}

/**
 * A value that no directory gives and a person set.
 * @param change that set it, if it is known
 * @param isRequired then it can be changed, but not taken away
 */
export function setByHand(
  { login, profile }: User,
  attribute: string,
  { change, isRequired }: { readonly change: UserChange | undefined; readonly isRequired: boolean },
  why: string | null,
): Cause {
  const when = change === undefined ? "" : ` by ${change.by} at ${change.at} (run ${change.run})`;
  const told = `${attribute} is ${json(profile[attribute])}, set here${when}; no directory gives it`;
  const remedy: Remedy = isRequired
    ? { kind: "setValue", user: login, attribute }
    : { kind: "unsetValue", user: login, attribute };
  return { code: "editedHere", stage: "written", sentence: sentences(told, why), remedy };
}

export function notAsked(attribute: string, directories: readonly string[]): Cause {
  const are = directories.length > 1 ? "are" : "is";
  const sentence = `${attribute} is mapped by ${directories.join(" and ")}, which ${are} not asked for it: not in profile.sources, or not in the attribute's own order.`;
  return { code: "notASource", stage: "priority", sentence, remedy: { kind: "sources" } };
}

export function noEntryThere({ login }: User, attribute: string, wanted: string): Cause {
  const sentence = `${attribute} is taken from ${wanted}, where ${login} has no entry.`;
  return { code: "notLinked", stage: "link", sentence, remedy: { kind: "listUnmatched" } };
}

export function onlyFormer({ login }: User, directory: string): Cause {
  const sentence = `${login} is linked to ${directory} only, which is not in the configuration any more; nothing updates the values.`;
  const remedy = { kind: "forceSync", directory, dryRun: true } as const;
  return { code: "notASource", stage: "link", sentence, remedy };
}

export function linkedToNothing({ login }: User): Cause {
  const sentence = `${login} is not linked to any directory; its values are edited here.`;
  return { code: "notLinked", stage: "link", sentence, remedy: { kind: "listUnmatched" } };
}

/** The value of another source that is not taken, because the first one is the source. */
export function notTaken(other: Candidate | undefined, directory: string): string | null {
  if (other === undefined) return null;
  return `${other.directory} has ${json(other.value)}, which is not taken, because ${directory} is the source and profile.fallback is off`;
}

/** @param other a linked source that has a value, which nobody takes */
export function unmapped(
  { login }: User,
  attribute: string,
  { directory, fallback }: { readonly directory: string; readonly fallback: boolean },
  other: Candidate | undefined,
): Cause {
  const who = fallback
    ? `No linked source has a mapping of ${attribute}, so nothing updates it`
    : `${directory} counts for ${attribute}, and has no mapping of it, so nothing updates it`;
  const or = other === undefined ? "" : ", or set `fallback: true`";
  const cure = `Add directories.${directory}.toOkta.${attribute}${or}`;
  return {
    code: "unmapped",
    stage: "mapping",
    sentence: sentences(who, notTaken(other, directory), cure),
    remedy: { kind: "preview", directory, who: login },
  };
}

/**
 * @param now what the mapping gives now, if that is another value
 * @param isOwned it cannot be set by hand
 */
export function fillsInOnly(
  { login }: User,
  attribute: string,
  directory: string,
  { now, isOwned }: { readonly now: unknown; readonly isOwned: boolean },
): Cause {
  const other = now === undefined ? "" : `; ${json(now)} would be the value now`;
  const told = `The mapping of ${attribute} in ${directory} applies on creation only, so later changes are not taken over${other}`;
  const cure = isOwned
    ? "Set `apply: update` to take them over"
    : "Set `apply: update`, or set the value by hand";
  const remedy: Remedy = isOwned
    ? { kind: "preview", directory, who: login, attribute }
    : { kind: "setValue", user: login, attribute };
  return { code: "onCreateOnly", stage: "mapping", sentence: sentences(told, cure), remedy };
}

/** One that comes before, but only filled in the value once. */
export function filledInBefore(
  { login, profile }: User,
  attribute: string,
  once: Candidate,
  deciding: Candidate,
): Cause {
  const { directory } = once;
  const sentence = `The mapping of ${attribute} in ${directory} applies on creation only, so ${deciding.directory} gives the value: ${json(profile[attribute])}. ${directory} has ${json(once.value)}, which \`apply: update\` would take.`;
  const remedy = { kind: "preview", directory, who: login, attribute } as const;
  return { code: "onCreateOnly", stage: "mapping", sentence, remedy };
}

/** The value is right by the rules, and others have another one. @param order of the attribute now */
export function outranked(
  { login, profile }: User,
  attribute: string,
  {
    deciding,
    rival,
    rivals,
    order,
    overridden,
  }: {
    readonly deciding: Candidate;
    /** One that would give another value, and everybody who has another one. */
    readonly rival: Candidate;
    readonly rivals: readonly Candidate[];
    readonly order: readonly string[];
    readonly overridden: boolean;
  },
): Cause {
  const { directory, problem } = rival;
  const said = rivals.map((one) => `${one.directory} (${json(one.value)})`).join(" and ");
  const by = overridden ? `profile.overrides.${attribute}` : "profile.sources";
  const first = [directory, ...order.filter((name) => name !== directory)].join(", ");
  const advice =
    problem === null
      ? `To take ${directory}'s value, set profile.overrides.${attribute}: [${first}].`
      : `${directory}'s value is not valid: ${problem.message}`;
  const sentence = `${deciding.directory} wins over ${said} by ${by}, so ${attribute} is ${json(profile[attribute])}. ${advice}`;
  const remedy = { kind: "preview", directory, who: login, attribute } as const;
  return { code: "otherSource", stage: "priority", sentence, remedy };
}
