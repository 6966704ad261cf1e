/** Entries in a directory's scope that belong to no user: whose they may be, and why they are nobody's. */
import { sentences } from "../../lib/sentences.ts";
import { evaluateMapping } from "../../mapping/mapping.ts";
import type { AppProfile } from "../../model/entry.ts";
import { cureOf, type Problem } from "../../model/errors.ts";
import type { Cause } from "../../model/explanation.ts";
import { loginKey, type AppUser, type User } from "../../model/user.ts";
import { matchKeys } from "../match.ts";
import type { Rules } from "../rules.ts";
import { NO_RELATIONS, scopeOf } from "../scope.ts";
import * as causes from "./causes/entry.ts";
import type { LooseEntry } from "./facts.ts";
import { problemText } from "./words.ts";

/** The key of the login that a directory's mapping gives; null if it gives none. */
export function mappedLogin(rules: Rules, name: string, profile: AppProfile): string | null {
  const mapping = rules.directories.get(name)?.mappings.get("login");
  if (mapping === undefined) return null;
  const links = new Map([[name, profile]]);
  const scope = scopeOf(rules, name, { links, user: null, relations: NO_RELATIONS });
  const value = evaluateMapping(mapping, scope);
  return typeof value === "string" ? loginKey(value) : null;
}

/** Whether an entry would get the login of the user, or has a value that any matching rule asks for. */
export function maybeOf(rules: Rules, user: User, directory: string, profile: AppProfile): boolean {
  const own = rules.directories.get(directory);
  return (
    mappedLogin(rules, directory, profile) === loginKey(user.login) ||
    (own === undefined ? [] : matchKeys(own, profile)).some(({ attribute, value }) =>
      attribute === "login"
        ? loginKey(user.login) === value
        : String(user.profile[attribute] ?? "").toLowerCase() === value,
    )
  );
}

/** Faults of the question whose an entry is, and not of its values. */
const UNCERTAIN: ReadonlySet<string> = new Set([
  "match.ambiguous",
  "match.unconfirmed",
  "notUniqueWithinOrgAppId",
]);

/** Of several entries that may be one person's, the one that is told of: the smallest number. */
export function rankOf({ setAside, error }: AppUser): number {
  if (setAside) return 3;
  if (error === null) return 0;
  return UNCERTAIN.has(error.code) ? 2 : 1;
}

/** What is wrong with an entry now: what was told of it, if that is so still. */
function faultNow(told: Problem, now: readonly Problem[]): Problem {
  return (
    now.find(({ code, field }) => code === told.code && field === told.field) ?? now[0] ?? told
  );
}

/** Why an entry is nobody's. @param state how it came that it has no user, in words */
export function looseEntryCause(rules: Rules, loose: LooseEntry, state: string): Cause {
  const { entry, together } = loose;
  const { dn, error } = entry;
  if (entry.setAside) {
    const sentence = `A person set ${dn} aside, so it belongs to nobody: ${state}.`;
    return causes.setAside(entry, sentence);
  }
  if (error === null) return undecided(rules, loose);
  if (UNCERTAIN.has(error.code)) {
    const told = `${dn} was imported, but it is not certain whose it is: ${error.message}`;
    return causes.uncertain(told, cureOf(error.code), "Or decide by hand");
  }
  return together.length === 0
    ? causes.overSince(entry, error)
    : causes.refused(entry, faultNow(error, together));
}

/** Whether the entry fails for its values, and not for the question whose it is. */
export function isRefused({ error, setAside }: AppUser): boolean {
  return !setAside && error !== null && !UNCERTAIN.has(error.code);
}

/** An entry that belongs to nobody, and nothing is wrong with it. */
function undecided(rules: Rules, { entry, matched, holder, alone }: LooseEntry): Cause {
  const mayCreate = rules.directories.get(entry.directory)?.onNoMatch === "create";
  if (mayCreate || matched.length > 0) return causes.nextImportDecides(entry);
  if (holder === null && alone.length > 0) return causes.noMatchInvalid(entry);
  if (holder === null || holder.entryDn === null)
    return causes.noMatch(entry, holder?.login ?? null);
  return causes.noMatchTaken(entry, holder.login, holder.entryDn);
}

/** Why an entry that may be a user's is not linked to that user. */
export function entryOfUserCause(rules: Rules, user: User, loose: LooseEntry): Cause {
  const { entry, matched, together } = loose;
  const { directory, dn, error } = entry;
  const told = `${dn} of ${directory} is not linked to ${user.login}`;
  const isMatched = matched.some((one) => one.id === user.id);
  if (entry.setAside) return causes.setAside(entry, sentences(told, "A person set it aside"));
  if (error === null) {
    const logins = matched.map((one) => one.login);
    const isOthers = logins.length > 0 && !isMatched;
    const cause = isOthers ? causes.matchesOthers(entry, logins) : undecided(rules, loose);
    return { ...cause, sentence: sentences(told, cause.sentence) };
  }
  if (UNCERTAIN.has(error.code)) {
    const why = `${told}, because it is not certain whose it is: ${problemText(error)}`;
    return { ...causes.uncertain(why, null, null), field: error.field };
  }
  if (isMatched && together.length === 0) return causes.overSince(entry, error);
  const fault = faultNow(error, together);
  if (!isMatched && together.length === 0) return causes.linkByHand(user, entry, told, fault);
  return causes.faulty(entry, told, fault);
}
