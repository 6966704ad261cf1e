/** Why an account in an app has a value, or has not the one that somebody expects. */
import type { AccountError, AccountState, AssignedBy, SyncState } from "./account.ts";
import type { Remedy } from "./remedy.ts";

/** What is responsible, in a few words. */
export const APP_CAUSES = {
  inStep: "as the app acknowledged it",
  paused: "the app is paused",
  userInactive: "the user has no access",
  userWithoutSource: "the user is gone",
  nobodyAssigned: "nobody is assigned to the app",
  notAssigned: "not assigned",
  assignmentUnknown: "the assignment cannot be told",
  mappingFails: "the mapping fails",
  createOff: "no account, and Create Users is off",
  attempted: "a creation of which nothing was heard",
  failing: "the app refuses it, or fails",
  pending: "not pushed yet",
  pushHeld: "a push is held",
  patience: "the app asks for patience",
  held: "a source is held or failing",
  deactivateOff: "Deactivate Users is off",
  inactive: "the account is switched off",
  notMapped: "the attribute is not mapped",
  noPlace: "no external name or namespace",
  noValue: "the mapping gives no value",
  noAccountOfReferred: "whom it names has no account there",
  createOnly: "given on creation only",
  updateOff: "Update User Attributes is off",
  notKept: "the app did not keep it",
  changedThere: "changed in the app",
} as const satisfies Readonly<Record<string, string>>;
export type AppCause = keyof typeof APP_CAUSES;

/** The way of a value from the user to the app. */
export const APP_STAGES = {
  assignment: "assigned",
  account: "account",
  mapping: "mapping",
  toggle: "toggle",
  place: "goes to",
  pushed: "pushed",
  kept: "kept by the app",
} as const;
export type AppStage = keyof typeof APP_STAGES;

export interface AppExplanation {
  readonly app: string;
  readonly userId: string;
  readonly login: string;
  readonly attribute: string | null;
  readonly assigned: AssignedBy | null;
  readonly externalId: string | null;
  readonly status: AccountState;
  readonly syncState: SyncState;
  readonly lastPush: string | null;
  readonly error: AccountError | null;
  readonly mapping: MappingShown | null;
  /** What it should be; null: no value. */
  readonly desired: unknown;
  readonly acknowledged: unknown;
  /** As the app has it now; absent where it was not asked. */
  readonly live?: unknown;
  readonly stages: readonly {
    readonly stage: AppStage;
    readonly ok: boolean | null;
    readonly text: string;
  }[];
  readonly cause: {
    readonly code: AppCause;
    readonly sentence: string;
    readonly remedy: Remedy | null;
  };
}

export interface MappingShown {
  readonly expression: string;
  readonly apply: "create" | "update";
  readonly inputs: readonly { readonly name: string; readonly value: unknown }[];
  readonly externalName: string | null;
  readonly externalNamespace: string | null;
}
