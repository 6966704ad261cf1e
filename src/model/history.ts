/** What runs did to one user, as it is shown. */
import type { Problem } from "./errors.ts";
import type { Action, AttributeChange, Reason, RunKind } from "./run.ts";

export interface UserChange {
  readonly run: string;
  readonly at: string;
  readonly kind: RunKind;
  readonly directory: string | null;
  /** Who started the run, or approved it. */
  readonly by: string;
  readonly action: Action;
  readonly reason: Reason | null;
  readonly changes: readonly AttributeChange[];
  readonly error: Problem | null;
}

/** A link that a person cut. */
export interface CutLink {
  readonly directory: string;
  readonly externalId: string;
  readonly dn: string;
  readonly by: string;
  readonly at: string;
  readonly run: string;
}
