/**
 * Directories that count for a user, but are not linked to it: their entry was refused, is not
 * certain to be this person's, was cut off by hand, or was not imported yet. Whoever asks why a value
 * is not another one, asks about these first.
 */
import { RollcallError } from "../../model/errors.ts";
import { sentences } from "../../lib/sentences.ts";
import { shellWord } from "../../lib/shell.ts";
import type { AppProfile } from "../../model/entry.ts";
import type { Cause } from "../../model/explanation.ts";
import { loginKey, type User } from "../../model/user.ts";
import { appUsersByIds, type StoredAppUser } from "../../store/app-users.ts";
import { lastCutOf, type CutLink } from "../../store/history.ts";
import { entriesWithoutUser } from "../../store/unmatched.ts";
import type { Engine } from "../context.ts";
import { livePeople } from "../preview-people.ts";
import { isMatched, mappedLogin, problemsOf, overSince, UNCERTAIN, undecided } from "./entries.ts";

export interface Question {
  readonly engine: Engine;
  readonly user: User;
  /** App profiles that count, by directory. */
  readonly links: ReadonlyMap<string, AppProfile>;
  readonly live: boolean;
  readonly signal: AbortSignal;
}

/** Why directories that count for any attribute are not linked, where there is something to tell. */
export async function notLinkedCauses(question: Question): Promise<ReadonlyMap<string, Cause>> {
  const { sources, overrides } = question.engine.rules;
  const orders = [...overrides.values()].flatMap((order) => (order === "okta" ? [] : order));
  const causes = new Map<string, Cause>();
  for (const name of new Set([...sources, ...orders])) {
    if (question.links.has(name) || !question.engine.rules.directories.has(name)) continue;
    const cause = await causeOf(question, name);
    if (cause !== null) causes.set(name, cause);
  }
  return causes;
}

async function causeOf(question: Question, directory: string): Promise<Cause | null> {
  const { engine, user } = question;
  const { db } = engine.store;
  const cut = await lastCutOf(db, user.id, directory);
  if (cut !== null) {
    const [entry] = await appUsersByIds(db, directory, [cut.externalId]);
    if (entry?.setAside === true && entry.status !== "removed") return cutCause(user, cut);
  }
  for await (const page of entriesWithoutUser(db, directory)) {
    const entry = page.find((one) => maybeOf(question, directory, one.profile));
    if (entry !== undefined) return await entryCause(question, entry);
  }
  return question.live ? await askedCause(question, directory) : null;
}

function maybeOf({ engine, user }: Question, directory: string, profile: AppProfile): boolean {
  return (
    mappedLogin(engine, directory, profile) === loginKey(user.login) ||
    isMatched(engine, directory, profile, user)
  );
}

export function cutCause(user: User, cut: CutLink): Cause {
  const sentence = `${cut.by} cut the link between ${user.login} and ${cut.dn} of ${cut.directory} at ${cut.at} (run ${cut.run}), so ${cut.directory} gives no values; the entry is set aside.`;
  const command = `rollcall users link ${shellWord(user.login)} ${cut.directory} ${shellWord(cut.externalId)}`;
  return { code: "setAside", stage: "link", sentence, command };
}

async function entryCause({ engine, user, links }: Question, entry: StoredAppUser): Promise<Cause> {
  const { directory, dn, externalId, profile, error } = entry;
  const where = `${directory} ${shellWord(externalId)}`;
  const told = `${dn} of ${directory} comes first, but is not linked to ${user.login}`;
  const matched = isMatched(engine, directory, profile, user);
  if (entry.setAside) {
    const sentence = sentences(told, "A person set it aside");
    return { code: "setAside", stage: "link", sentence, command: `rollcall imports ignore ${where} --undo` }; // prettier-ignore
  }
  if (error === null) {
    const cause = await undecided(engine, entry, matched);
    return { ...cause, sentence: sentences(told, cause.sentence) };
  }
  const { code, field, message } = error;
  const why = `${message.replace(/\.$/, "")} [${code}, ${field}]`;
  if (UNCERTAIN.has(code)) {
    const sentence = sentences(`${told}, because it is not certain whose it is: ${why}`);
    return { code: "ambiguous", stage: "link", sentence, command: "rollcall imports unmatched" };
  }
  const now = await problemsOf(engine, entry, user, links);
  if (matched && now.length === 0) return overSince(entry, error);
  if (!matched) {
    const sentence = sentences(`${told}: no matching rule finds this user, and ${why}`, "Link it by hand, if it is the same person"); // prettier-ignore
    return { code: "cannotBeCreated", stage: "link", sentence, command: `rollcall users link ${shellWord(user.login)} ${where}` }; // prettier-ignore
  }
  const sentence = sentences(`${told}: ${why}`, `Cure that in ${directory} or in its mapping; the next full import links it`); // prettier-ignore
  return { code: "cannotBeCreated", stage: "validation", sentence, command: `rollcall preview ${directory} --user ${shellWord(externalId)}` }; // prettier-ignore
}

/** A directory that cannot be read says nothing about a user that it was never linked to. */
async function askedCause(question: Question, directory: string): Promise<Cause | null> {
  const { engine, user, signal } = question;
  try {
    for await (const { sightings } of livePeople(engine, directory, signal)) {
      const found = sightings.find((one) => maybeOf(question, directory, one.profile));
      if (found === undefined) continue;
      const sentence = `${found.dn} is in the scope of ${directory} and may be ${user.login}, but was not imported yet; the next full import decides about it.`;
      return { code: "waitsForImport", stage: "directory", sentence, command: `rollcall import ${directory} --full` }; // prettier-ignore
    }
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof RollcallError)) throw thrown;
  }
  return null;
}
