/** Why a value is what it is: the stages of its way, and every answer that an explanation can end with. */
import type { Problem } from "./errors.ts";
import type { Remedy } from "./remedy.ts";
import type { ValueSource } from "./user.ts";

export const STAGES = {
  directory: "read from the directory",
  scope: "in the scope",
  appProfile: "kept in the app profile",
  link: "linked to the user",
  mapping: "mapped",
  priority: "source priority",
  validation: "validation",
  written: "written",
} as const;
/** The stage of a value's way that answers. */
export type StageName = keyof typeof STAGES;

/** Every answer, in a word or two. */
export const CAUSES = {
  // There is no user.
  notImported: "not imported",
  outOfScope: "out of scope",
  ambiguous: "ambiguous",
  setAside: "set aside",
  noMatch: "no match",
  cannotBeCreated: "cannot be created",
  renamed: "renamed",
  waitsForImport: "waits for an import",
  // There is one, but nobody gives the value.
  editedHere: "edited here",
  notLinked: "not linked",
  notASource: "not a source",
  leftScope: "left the scope",
  unmapped: "not mapped by its source",
  onCreateOnly: "on creation only",
  otherSource: "another source has another value",
  // It is given, but does not arrive.
  directoryFails: "the directory cannot be read",
  appProfileOld: "older than the directory",
  importHeld: "an import is held",
  importFailed: "the last import failed",
  notRead: "not read from the directory",
  noValue: "no value in the directory",
  mapsToNothing: "the mapping gives nothing",
  expressionFails: "the mapping fails",
  invalid: "the update fails",
  notApplied: "not applied yet",
  // Nothing is wrong.
  upToDate: "up to date",
} as const;
export type CauseCode = keyof typeof CAUSES;

export interface Cause {
  readonly code: CauseCode;
  /** The stage that is responsible; null if none is. */
  readonly stage: StageName | null;
  /** What an administrator needs to know, in one sentence or two. */
  readonly sentence: string;
  /** What helps, or shows more; null if nothing does. */
  readonly remedy: Remedy | null;
  /** What an administrator may choose instead, once it is looked at. */
  readonly alternatives?: readonly Remedy[];
  /** The attribute that is wrong itself, where that is known. */
  readonly field?: string;
  /** Whether the value stays the same all the same. */
  readonly sameValue?: boolean;
}

export interface Stage {
  readonly stage: StageName;
  readonly directory: string | null;
  /** Whether the value gets through it; null if that is not known or does not matter. */
  readonly ok: boolean | null;
  readonly text: string;
}

/** Somebody who could give an attribute, and what is to be said of it. */
export interface CandidateView {
  readonly directory: string;
  /** Whether its app profile counts. */
  readonly linked: boolean;
  /** Its mapping of the attribute; null if there is none. */
  readonly expression: string | null;
  readonly apply: "create" | "update" | null;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The attributes of app profiles that the mapping reads, and of whose. */
  readonly reads: readonly { readonly directory: string; readonly attribute: string }[];
  readonly value: unknown;
  readonly problem: Problem | null;
}

export interface AttributeExplanation {
  readonly attribute: string;
  readonly value: unknown;
  readonly source: ValueSource | null;
  readonly cause: Cause;
}

export interface Explanation {
  readonly who: string;
  readonly login: string | null;
  readonly userId: string | null;
  readonly status: string | null;
  /** Null where the whole profile is explained, or there is no user. */
  readonly attribute: string | null;
  readonly value: unknown;
  readonly source: ValueSource | null;
  readonly stages: readonly Stage[];
  /** Of one attribute: everybody who could give it. */
  readonly candidates: readonly CandidateView[];
  /** Of the whole profile: each attribute that has a value, or a mapping. */
  readonly attributes: readonly AttributeExplanation[];
  readonly cause: Cause;
}
