/** Why a value is what it is: the stages of its way, and every answer that an explanation can end with. */

/** The stage of a value's way that answers; see `STAGES`. */
export type StageName =
  | "directory"
  | "scope"
  | "appProfile"
  | "link"
  | "mapping"
  | "priority"
  | "validation"
  | "written";

export const STAGES: Readonly<Record<StageName, string>> = {
  directory: "read from the directory",
  scope: "in the scope",
  appProfile: "kept in the app profile",
  link: "linked to the user",
  mapping: "mapped",
  priority: "source priority",
  validation: "validation",
  written: "written",
};

export type CauseCode =
  // There is no user.
  | "notImported"
  | "outOfScope"
  | "ambiguous"
  | "setAside"
  | "noMatch"
  | "cannotBeCreated"
  | "renamed"
  | "waitsForImport"
  // There is one, but nobody gives the value.
  | "editedHere"
  | "notLinked"
  | "notASource"
  | "leftScope"
  | "unmapped"
  | "onCreateOnly"
  | "otherSource"
  // It is given, but does not arrive.
  | "directoryFails"
  | "appProfileOld"
  | "importHeld"
  | "importFailed"
  | "notRead"
  | "noValue"
  | "mapsToNothing"
  | "expressionFails"
  | "invalid"
  | "notApplied"
  // Nothing is wrong.
  | "upToDate";

export interface Cause {
  readonly code: CauseCode;
  /** The stage that is responsible; null if none is. */
  readonly stage: StageName | null;
  /** What an administrator needs to know, in one sentence or two. */
  readonly sentence: string;
  /** The command that cures it, or shows more; null if there is none. */
  readonly command: string | null;
}

export interface Stage {
  readonly stage: StageName;
  readonly directory: string | null;
  /** Whether the value gets through it; null if that is not known or does not matter. */
  readonly ok: boolean | null;
  readonly text: string;
}
