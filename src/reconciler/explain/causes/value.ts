/** Answers about a value on its way: not read, not there, not valid, not applied, or as it should be. */
import { sentences } from "../../../lib/sentences.ts";
import { cureOf, type Problem } from "../../../model/errors.ts";
import type { Cause } from "../../../model/explanation.ts";
import type { UserChange } from "../../../model/history.ts";
import type { Run } from "../../../model/run.ts";
import type { User } from "../../../model/user.ts";
import type { Candidate } from "../candidates.ts";
import { json } from "../words.ts";

/** @param name of the directory's attribute; @param left what becomes of the user's */
export function notRead(directory: string, name: string, left: string): Cause {
  const sentence = `${name} is not among directories.${directory}.users.attributes, so it is not read from the directory, and ${left}. Add it, and import in full.`;
  const remedy = { kind: "import", directory, how: "full" } as const;
  return { code: "notRead", stage: "appProfile", sentence, remedy };
}

export function mapsToNothing(
  { login }: User,
  attribute: string,
  { directory, expression }: Candidate,
  next: string | null,
): Cause {
  const told = `The mapping ${expression} of ${directory} gives no value for what the app profile has, so ${attribute} is empty`;
  return {
    code: "mapsToNothing",
    stage: "mapping",
    sentence: sentences(told, next),
    remedy: { kind: "preview", directory, who: login, attribute },
  };
}

/** @param hints what may be the matter, as far as it can be told */
export function nobodyHasIt(
  attribute: string,
  { of, names }: { readonly of: string; readonly names: string },
  hints: readonly (string | null)[],
): Cause {
  const told = `Nobody of ${of} has a value of ${names}, which the mapping of ${attribute} reads; the name may be wrong, or the account may not see it`;
  const sentence = sentences(told, ...hints);
  return { code: "noValue", stage: "appProfile", sentence, remedy: { kind: "check" } };
}

export function hadNone(
  { login }: User,
  attribute: string,
  { of, names }: { readonly of: string; readonly names: string },
  next: string | null,
): Cause {
  const told = `The entry in ${of} had no value of ${names} when it was last read, so ${attribute} is empty`;
  const then = "If the directory has one by now, import it; a force sync will not help";
  return {
    code: "noValue",
    stage: "appProfile",
    sentence: sentences(told, next, then),
    remedy: { kind: "explain", who: login, attribute, live: true },
  };
}

/** @param directory whose mapping it is; null if nobody maps it */
export function updateFails(
  { login }: User,
  { code, field }: Problem,
  told: readonly (string | null)[],
  directory: string | null,
): Cause {
  const isExpression = code.startsWith("platform.cvd.profile.expression");
  return {
    code: isExpression ? "expressionFails" : "invalid",
    stage: isExpression ? "mapping" : "validation",
    sentence: sentences(...told, cureOf(code)),
    remedy: directory === null ? null : { kind: "preview", directory, who: login },
    field,
  };
}

export function interrupted(directory: string, { id, startedAt }: Run): Cause {
  const sentence = `A run of ${directory} of ${startedAt} was interrupted while it was applying, so some people do not have its changes yet.`;
  return { code: "notApplied", stage: "written", sentence, remedy: { kind: "resumeRun", run: id } };
}

/** The sentence before whatever keeps a value from being applied. */
export function givesText(attribute: string, then: unknown, same: string | null): string {
  const what =
    same === null
      ? `${json(then)} for ${attribute}`
      : `the same value of ${attribute}, but from ${same}`;
  return `The app profile and the mappings give ${what}; that was not applied yet`;
}

export function waitsForHeld(told: string, { id, startedAt }: Run, sameValue: boolean): Cause {
  const why = `A run that may do it is held by the safeguard since ${startedAt}`;
  return {
    code: "importHeld",
    stage: "written",
    sentence: sentences(told, why),
    remedy: { kind: "showRun", run: id },
    sameValue,
  };
}

export function notApplied({ login }: User, told: string, sameValue: boolean): Cause {
  const why = `${told}: the configuration, a group or another person changed since`;
  return {
    code: "notApplied",
    stage: "written",
    sentence: sentences(why, "A force sync applies it"),
    remedy: { kind: "forceSyncUser", user: login },
    sameValue,
  };
}

/** A value that is as it was before a run that somebody put back. */
export function putBack(
  { profile }: User,
  attribute: string,
  directory: string,
  change: UserChange,
): Cause {
  const sentence = `${attribute} is ${json(profile[attribute])}, because ${change.by} put back what a run of ${directory} did (at ${change.at}, run ${change.run}). The next full import of ${directory} decides about it again.`;
  const remedy = { kind: "import", directory, how: "full" } as const;
  return { code: "waitsForImport", stage: "written", sentence, remedy };
}

export function nobodyGives({ login, profile }: User, attribute: string): Cause {
  const sentence = `${attribute} is ${json(profile[attribute])}; no directory gives it.`;
  const remedy = { kind: "setValue", user: login, attribute } as const;
  return { code: "upToDate", stage: null, sentence, remedy };
}

/** @param read when the directory was last read; null: it was asked just now */
export function asGiven(
  { login, profile }: User,
  attribute: string,
  directory: string,
  read: string | null,
): Cause {
  const value = `${attribute} is ${json(profile[attribute])}`;
  if (read === null) {
    const sentence = `${value}, as ${directory} gives it now.`;
    return { code: "upToDate", stage: null, sentence, remedy: null };
  }
  const sentence = `${value}, as ${directory} gave it when it was last read (${read}). If the directory has another value by now, import it; a force sync will not help.`;
  const remedy = { kind: "explain", who: login, attribute, live: true } as const;
  return { code: "upToDate", stage: null, sentence, remedy };
}

export function nothingIsWrong({ login }: User): Cause {
  const sentence = `Nothing is wrong with ${login}: every value is as its source gave it.`;
  return { code: "upToDate", stage: null, sentence, remedy: null };
}
