/**
 * Directories that count for a user, but are not linked to it: their entry was refused, is not
 * certain to be this person's, was set aside by hand, or was not imported yet. Whoever asks why a
 * value is not another one means these, unless something is wrong with what is linked.
 */
import { stateOf } from "../../engine/directory-state.ts";
import type { Engine } from "../../engine/engine.ts";
import { livePeople } from "../../engine/people/sightings.ts";
import { sentences } from "../../lib/sentences.ts";
import { shellWord } from "../../lib/shell.ts";
import type { AppProfile } from "../../model/entry.ts";
import { RollcallError } from "../../model/errors.ts";
import type { Cause } from "../../model/explanation.ts";
import { loginKey, type User } from "../../model/user.ts";
import { appUsersByIds, type StoredAppUser } from "../../store/app-users.ts";
import { lastCutOf, type CutLink } from "../../store/history.ts";
import { entriesWithoutUser } from "../../store/unmatched.ts";
import {
  faultNow,
  isMatched,
  mappedLogin,
  overSince,
  problemsOf,
  sharesKey,
  UNCERTAIN,
  undecided,
} from "./entries.ts";

export interface Question {
  readonly engine: Engine;
  readonly user: User;
  /** App profiles that count, by directory. */
  readonly links: ReadonlyMap<string, AppProfile>;
  readonly live: boolean;
  readonly signal: AbortSignal;
}

export interface NotLinked {
  readonly cause: Cause;
  /** Whether it is only not known if the directory has the person. */
  readonly unknown: boolean;
}

/** Why directories that count for any attribute are not linked, where there is something to tell. */
export async function notLinkedCauses(question: Question): Promise<ReadonlyMap<string, NotLinked>> {
  const { sources, overrides } = question.engine.rules;
  const orders = [...overrides.values()].flatMap((order) => (order === "okta" ? [] : order));
  const causes = new Map<string, NotLinked>();
  for (const name of new Set([...sources, ...orders])) {
    if (question.links.has(name) || !question.engine.rules.directories.has(name)) continue;
    const cause = await causeOf(question, name);
    if (cause !== null) causes.set(name, cause);
  }
  return causes;
}

async function causeOf(question: Question, directory: string): Promise<NotLinked | null> {
  const { engine, user, live } = question;
  const { db } = engine.store;
  const cut = await lastCutOf(db, user.id, directory);
  if (cut !== null) {
    const [entry] = await appUsersByIds(db, directory, [cut.externalId]);
    const isAside = entry?.setAside === true && entry.status !== "removed";
    if (isAside && maybeOf(question, directory, entry.profile))
      return { cause: cutCause(user, cut), unknown: false };
  }
  const entry = await entryOf(question, directory);
  if (entry !== null) return { cause: await entryCause(question, entry), unknown: false };
  const asked = live ? await askedCause(question, directory) : null;
  return asked ?? (await unreadCause(question, directory));
}

/** The entry without a user that is most likely this person's. */
async function entryOf(question: Question, directory: string): Promise<StoredAppUser | null> {
  const { engine, user } = question;
  let best: StoredAppUser | null = null;
  for await (const page of entriesWithoutUser(engine.store.db, directory)) {
    for (const entry of page) {
      if (!maybeOf(question, directory, entry.profile)) continue;
      const isOwn = mappedLogin(engine, directory, entry.profile) === loginKey(user.login);
      if (!isOwn && (entry.setAside || !(await isMatched(engine, entry, user)))) continue;
      if (best === null || rankOf(entry) < rankOf(best)) best = entry;
    }
    if (best !== null && rankOf(best) === 0) return best;
  }
  return best;
}

function rankOf({ setAside, error }: StoredAppUser): number {
  if (setAside) return 3;
  if (error === null) return 0;
  return UNCERTAIN.has(error.code) ? 2 : 1;
}

/** Whether an entry would get the login of the user, or has a value that any matching rule asks for. */
function maybeOf({ engine, user }: Question, directory: string, profile: AppProfile): boolean {
  return (
    mappedLogin(engine, directory, profile) === loginKey(user.login) ||
    sharesKey(engine, directory, profile, user)
  );
}

export function cutCause(user: User, cut: CutLink): Cause {
  const sentence = `${cut.by} cut the link between ${user.login} and ${cut.dn} of ${cut.directory} at ${cut.at} (run ${cut.run}), so ${cut.directory} gives no values; the entry is set aside.`;
  const command = `rollcall users link ${shellWord(user.login)} ${cut.directory} ${shellWord(cut.externalId)}`;
  return { code: "setAside", stage: "link", sentence, command };
}

async function entryCause({ engine, user, links }: Question, entry: StoredAppUser): Promise<Cause> {
  const { directory, dn, externalId, error, status } = entry;
  const where = `${directory} ${shellWord(externalId)}`;
  const told = `${dn} of ${directory} is not linked to ${user.login}`;
  const matched = await isMatched(engine, entry, user);
  if (entry.setAside) {
    const sentence = sentences(told, "A person set it aside");
    return {
      code: "setAside",
      stage: "link",
      sentence,
      command: `rollcall imports ignore ${where} --undo`,
    };
  }
  if (error === null) {
    const cause = await undecided(engine, entry, matched);
    return { ...cause, sentence: sentences(told, cause.sentence) };
  }
  if (UNCERTAIN.has(error.code)) {
    const why = `${error.message.replace(/\.$/, "")} [${error.code}, ${error.field}]`;
    const sentence = sentences(`${told}, because it is not certain whose it is: ${why}`);
    return { code: "ambiguous", stage: "link", sentence, command: "rollcall imports unmatched" };
  }
  const now = await problemsOf(engine, entry, user, links);
  if (matched && now.length === 0) return overSince(entry, error);
  const fault = faultNow(error, now);
  const why = `${fault.message.replace(/\.$/, "")} [${fault.code}, ${fault.field}]`;
  if (!matched && now.length === 0) {
    const warning =
      status === "disabled"
        ? "Its account is disabled there, so the link may take access away"
        : null;
    const sentence = sentences(
      `${told}, as no matching rule finds this user: ${why}`,
      "Link it by hand, if it is the same person",
      warning,
    );
    const dry = status === "disabled" ? " --dry-run" : "";
    return {
      code: "cannotBeCreated",
      stage: "link",
      sentence,
      command: `rollcall users link ${shellWord(user.login)} ${where}${dry}`,
    };
  }
  const sentence = sentences(
    `${told}: ${why}`,
    `Cure that in ${directory} or in its mapping; the next full import decides again`,
  );
  return {
    code: "cannotBeCreated",
    stage: "validation",
    sentence,
    command: `rollcall preview ${directory} --user ${shellWord(externalId)}`,
  };
}

async function askedCause(question: Question, directory: string): Promise<NotLinked | null> {
  const { engine, user, signal } = question;
  try {
    for await (const { sightings } of livePeople(engine, directory, signal)) {
      const found = sightings.filter((one) => maybeOf(question, directory, one.profile));
      if (found.length === 0) continue;
      const known = await appUsersByIds(
        engine.store.db,
        directory,
        found.map((one) => one.id),
      );
      const isNew = (id: string): boolean =>
        known.every((one) => one.externalId !== id || one.status === "removed");
      const fresh = found.find((one) => isNew(one.id));
      if (fresh === undefined) continue;
      return { cause: await freshCause(question, directory, fresh.dn), unknown: false };
    }
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof RollcallError)) throw thrown;
    const sentence = sentences(
      `${directory}, which comes before, cannot be read now, so it is not known whether it has ${user.login}: ${thrown.message}`,
      thrown.cure,
    );
    const cause = {
      code: "directoryFails",
      stage: "directory",
      sentence,
      command: "rollcall check",
    } as const;
    return { cause, unknown: true };
  }
  return null;
}

async function freshCause(
  { engine, user }: Question,
  directory: string,
  dn: string,
): Promise<Cause> {
  const { held } = await stateOf(engine, directory);
  const links = engine.rules.directories.get(directory)?.onNoMatch === "ignore";
  const then = links
    ? "links it if a matching rule finds its user (onNoMatch: ignore)"
    : "decides about it";
  const waits =
    held === null ? null : `A run of ${directory} is held, and nothing of it is applied`;
  const sentence = sentences(
    `${dn} is in the scope of ${directory} and may be ${user.login}, but was not imported yet; the next full import ${then}`,
    waits,
  );
  const command =
    held === null ? `rollcall import ${directory} --full` : `rollcall imports show ${held.id}`;
  return { code: "waitsForImport", stage: "directory", sentence, command };
}

/** What a directory has, nobody knows while its imports are held or fail. */
async function unreadCause(
  { engine, user }: Question,
  directory: string,
): Promise<NotLinked | null> {
  const { held, last } = await stateOf(engine, directory);
  const told = `so it is not known whether it has ${user.login}`;
  if (held?.kind === "import") {
    const sentence = `The import of ${directory}, which comes before, is held by the safeguard since ${held.startedAt}, ${told}.`;
    const command = `rollcall imports show ${held.id}`;
    return { cause: { code: "importHeld", stage: "directory", sentence, command }, unknown: true };
  }
  if (last?.status !== "failed" || last.error === null) return null;
  const sentence = `The last import of ${directory}, which comes before, failed, ${told}: ${last.error.message}`;
  return {
    cause: { code: "importFailed", stage: "directory", sentence, command: "rollcall check" },
    unknown: true,
  };
}
