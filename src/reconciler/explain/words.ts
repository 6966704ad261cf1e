/** Pieces of sentences that several answers have in common. */
import type { DirectoryState } from "../../model/directory-state.ts";
import type { Problem } from "../../model/errors.ts";
import type { FoundAbsence } from "../../model/run.ts";

/** Where an entry is that the search of a directory does not find, and what to look at for it. */
export const ABSENCE_TEXTS: Readonly<Record<FoundAbsence | "unexamined", string>> = {
  gone: "the directory shows no such entry to the account any more",
  outOfFilter: "the entry is there, but users.filter or users.scope does not find it",
  moved: "the entry is there, but outside users.base",
  unexamined: "the search does not find the entry",
};

/** A message as a part of a sentence. */
export function unended(message: string): string {
  return message.replace(/\.$/, "");
}

/** A problem with what administrators search the System Log for. */
export function problemText({ code, field, message }: Problem): string {
  return `${unended(message)} [${code}, ${field}]`;
}

export function heldText(state: DirectoryState | undefined): string | null {
  return state?.held == null ? null : `A run is held by the safeguard (${state.held.id})`;
}

export function json(value: unknown): string {
  return JSON.stringify(value ?? null);
}
