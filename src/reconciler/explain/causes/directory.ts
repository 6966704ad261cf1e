/** Answers about what a directory shows, and about imports that bring it or do not. */
import { sentences } from "../../../lib/sentences.ts";
import { cureOf } from "../../../model/errors.ts";
import type { Cause } from "../../../model/explanation.ts";
import type { UserChange } from "../../../model/history.ts";
import type { Remedy } from "../../../model/remedy.ts";
import { REASONS, type FoundAbsence, type Run } from "../../../model/run.ts";
import type { DirectoryState } from "../../../model/directory-state.ts";
import { ABSENCE_TEXTS, heldText } from "../words.ts";

function fullImport(directory: string): Remedy {
  return { kind: "import", directory, how: "full" };
}

/** Imports are no help while a run is held: it has to be looked at first. */
function importOrHeld(directory: string, state: DirectoryState | undefined): Remedy {
  const held = state?.held ?? null;
  return held === null ? fullImport(directory) : { kind: "showRun", run: held.id };
}

export function cannotBeRead(told: string, cure: string): Cause {
  const sentence = sentences(told, cure);
  return { code: "directoryFails", stage: "directory", sentence, remedy: { kind: "check" } };
}

/** The directory does not show the person any more. */
export function outOfScope(
  login: string,
  directory: string,
  where: FoundAbsence | "unexamined",
  state: DirectoryState | undefined,
): Cause {
  const why = `${login} is not in the scope of ${directory} any more (${ABSENCE_TEXTS[where]})`;
  const sentence = sentences(
    `${why}; an import ends the link, a full one in any case`,
    heldText(state),
  );
  const held = state?.held ?? null;
  const remedy: Remedy =
    held === null
      ? { kind: "import", directory, how: "fullDryRun" }
      : { kind: "showRun", run: held.id };
  return { code: "outOfScope", stage: "scope", sentence, remedy };
}

/** Values that the mapping reads were changed in the directory since they were imported. */
export function inputsAreOld(
  directory: string,
  names: string,
  state: DirectoryState | undefined,
): Cause {
  const last = state?.last;
  const failed =
    last?.status === "failed" ? `The last import failed (${last.error?.code ?? "unknown"})` : null;
  const sentence = sentences(
    `The app profile of ${directory} is older than the directory: ${names} was changed there and not imported since, so a force sync will not help; an import will`,
    failed,
    heldText(state),
  );
  // An incremental import does not see what the server computes, such as memberOf.
  const remedy = importOrHeld(directory, state);
  return { code: "appProfileOld", stage: "appProfile", sentence, remedy };
}

/** What makes the update fail has another value in the directory by now. */
export function faultIsOld(
  told: string,
  whole: string | null,
  { directory, attribute }: { readonly directory: string; readonly attribute: string },
  field: string,
): Cause {
  const now = `${directory} has another value of ${attribute} by now, which was not imported yet`;
  return {
    code: "appProfileOld",
    stage: "appProfile",
    sentence: sentences(told, whole, now),
    remedy: fullImport(directory),
    field,
  };
}

/** An account that the directory disabled or enabled since it was imported. */
export function standingIsOld(login: string, directory: string, disabled: boolean): Cause {
  const now = disabled ? "disabled" : "enabled again";
  const sentence = `The account of ${login} is ${now} in ${directory}, which was not imported yet; a force sync will not help, an import will.`;
  return { code: "appProfileOld", stage: "appProfile", sentence, remedy: fullImport(directory) };
}

/** The entry of a user has a name that was not imported yet. */
export function nameIsOld(
  directory: string,
  dn: string,
  login: string,
  state: DirectoryState,
): Cause {
  const told = `${dn} of ${directory} belongs to ${login}; the entry was changed since it was imported, so the name that was asked for is not known yet`;
  const sentence = sentences(told, waitsText(directory, state));
  const remedy = importOrHeld(directory, state);
  return { code: "appProfileOld", stage: "appProfile", sentence, remedy };
}

function waitsText(directory: string, { held }: DirectoryState): string | null {
  return held === null ? null : `A run of ${directory} is held, and nothing of it is applied`;
}

/** Somebody whom the directory shows, and whom no import has seen. @param then what one will do */
export function notSeenYet(told: string, directory: string, state: DirectoryState): Cause {
  const sentence = sentences(told, waitsText(directory, state));
  const remedy = importOrHeld(directory, state);
  return { code: "waitsForImport", stage: "directory", sentence, remedy };
}

/** What an import reads is not applied while it is held. */
export function importIsHeld(run: Run): Cause {
  const sentence = sentences(
    `The import of ${run.startedAt} is held by the safeguard, so nothing that it read is applied`,
    run.held?.reason ?? null,
    "A force sync will not help",
  );
  return {
    code: "importHeld",
    stage: "directory",
    sentence,
    remedy: { kind: "showRun", run: run.id },
  };
}

export function importFailed(
  directory: string,
  { code, message }: NonNullable<Run["error"]>,
): Cause {
  const sentence = sentences(
    `The last import of ${directory} failed, so changes in the directory since then are not here, and a force sync will not help: ${message}`,
    cureOf(code),
  );
  return { code: "importFailed", stage: "directory", sentence, remedy: { kind: "check" } };
}

/** Nobody knows whether a directory with priority has the person. */
export function unknownWhileHeld(login: string, directory: string, run: Run): Cause {
  const sentence = `The import of ${directory}, which comes before, is held by the safeguard since ${run.startedAt}, so it is not known whether it has ${login}.`;
  return {
    code: "importHeld",
    stage: "directory",
    sentence,
    remedy: { kind: "showRun", run: run.id },
  };
}

export function unknownSinceFailure(login: string, directory: string, message: string): Cause {
  const sentence = `The last import of ${directory}, which comes before, failed, so it is not known whether it has ${login}: ${message}`;
  return { code: "importFailed", stage: "directory", sentence, remedy: { kind: "check" } };
}

/** How a person left the scope, as the history tells. */
export function leftText(
  login: string,
  directory: string,
  removal: UserChange | undefined,
): string {
  const how = removal?.reason == null ? "" : ` (${REASONS[removal.reason]})`;
  const when = removal === undefined ? "" : ` at ${removal.at}, run ${removal.run}`;
  return `${login} left the scope of ${directory}${when}${how}`;
}

/** Somebody who left the scope, and is there again. */
export function isBack(left: string, directory: string): Cause {
  const again = "The directory shows the entry again; the next import takes it back";
  const sentence = sentences(left, again);
  return { code: "waitsForImport", stage: "scope", sentence, remedy: fullImport(directory) };
}

/** @param isAsked whether the directory was asked, and does not show the person */
export function leftScope(left: string, login: string, isAsked: boolean): Cause {
  const sentence = sentences(
    `${left}; the values stay as they were and belong to Rollcall since then`,
    isAsked ? "It is not in the scope now, either" : null,
  );
  const remedy: Remedy | null = isAsked ? null : { kind: "explain", who: login, live: true };
  return { code: "leftScope", stage: "scope", sentence, remedy };
}
