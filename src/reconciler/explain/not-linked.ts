/**
 * Directories that count for a user, but are not linked to it: their entry was refused, is not
 * certain to be this person's, was set aside by hand, or was not imported yet. Whoever asks why a
 * value is not another one means these, unless something is wrong with what is linked.
 */
import { sentences } from "../../lib/sentences.ts";
import type { Cause } from "../../model/explanation.ts";
import type { User } from "../../model/user.ts";
import type { Rules } from "../rules.ts";
import * as directories from "./causes/directory.ts";
import * as entries from "./causes/entry.ts";
import { entryOfUserCause } from "./entries.ts";
import type { NotLinkedFacts } from "./facts.ts";

export interface NotLinked {
  readonly cause: Cause;
  /** Whether it is only not known if the directory has the person. */
  readonly unknown: boolean;
}

/** Why a directory is not linked, if there is something to tell. */
export function notLinkedCause(
  rules: Rules,
  user: User,
  { directory, state, cut, entry, asked }: NotLinkedFacts,
): NotLinked | null {
  if (cut !== null) return { cause: entries.linkWasCut(user, cut), unknown: false };
  if (entry !== null) return { cause: entryOfUserCause(rules, user, entry), unknown: false };
  if (asked?.kind === "found") {
    const then = nextImportText(rules, directory, "decides about it");
    const told = `${asked.dn} is in the scope of ${directory} and may be ${user.login}, but was not imported yet; the next full import ${then}`;
    return { cause: directories.notSeenYet(told, directory, state), unknown: false };
  }
  if (asked?.kind === "failed") {
    const told = `${directory}, which comes before, cannot be read now, so it is not known whether it has ${user.login}: ${asked.message}`;
    return { cause: directories.cannotBeRead(sentences(told), asked.cure), unknown: true };
  }
  return unread(user, { directory, state });
}

/** @param otherwise what the next import does where it may create users */
export function nextImportText(rules: Rules, directory: string, otherwise: string): string {
  return rules.directories.get(directory)?.onNoMatch === "ignore"
    ? "links it if a matching rule finds its user (onNoMatch: ignore)"
    : otherwise;
}

/** What a directory has, nobody knows while its imports are held or fail. */
function unread(
  { login }: User,
  { directory, state }: Pick<NotLinkedFacts, "directory" | "state">,
): NotLinked | null {
  const { held, last } = state;
  if (held?.kind === "import")
    return { cause: directories.unknownWhileHeld(login, directory, held), unknown: true };
  if (last?.status !== "failed" || last.error === null) return null;
  const { message } = last.error;
  return { cause: directories.unknownSinceFailure(login, directory, message), unknown: true };
}
