import type { ReadEvidence } from "./entry.ts";
import type { Problem } from "./errors.ts";
import type { EventActor } from "./event.ts";
import type { Conversion, Way } from "./incremental.ts";

/** `link`: a person links or unlinks an entry by hand; `edit`: a person edits a user here. */
export type RunKind = "import" | "force-sync" | "revert" | "link" | "edit";
export type ImportType = "full" | "incremental";
/** `watch`: the directory told of a change. */
export type Trigger = "manual" | "schedule" | "watch";

/** What to call a kind of run. */
export const RUN_TITLES: Readonly<Record<RunKind, string>> = {
  import: "import",
  "force-sync": "force sync",
  revert: "revert",
  link: "link",
  edit: "edit",
};

/** What a run works on: what there is, what shall become of it, and making it so. */
export type RunPhase = "reading" | "judging" | "applying";
/** The states of a run. Outside, those in which a process works on it are one: `running`. */
export type RunState = RunPhase | "held" | "done" | "failed" | "cancelled";
export type RunStatus = "running" | Exclude<RunState, RunPhase>;

/**
 * Which state may follow which. A run that is held is applied or cancelled by a person, or replaced
 * by a newer one; whatever is being worked on may fail, and only a dry run is done without applying.
 */
export const NEXT: Readonly<Record<RunState, readonly RunState[]>> = {
  reading: ["judging", "failed"],
  judging: ["applying", "held", "done", "failed"],
  applying: ["done", "failed"],
  held: ["applying", "cancelled"],
  done: [],
  failed: [],
  cancelled: [],
};

/** People, by what the run did or would do with them. */
export interface RunCounts {
  readonly read: number;
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly removed: number;
  readonly failed: number;
  /** Matched no user where the directory may not create one. */
  readonly ignored: number;
  /** Left out of an approved or reverting run, because they are not any more what it was about. */
  readonly skipped: number;
}

export const NO_COUNTS: RunCounts = {
  read: 0,
  created: 0,
  updated: 0,
  unchanged: 0,
  removed: 0,
  failed: 0,
  ignored: 0,
  skipped: 0,
};

/** What the safeguard counts. */
export type HeldFor =
  | "removals"
  | "people read"
  | "failures"
  | "logins"
  | "updates"
  | "grants"
  | "memberships";

/** The limit that the safeguard found exceeded. */
export interface Held {
  readonly level: "directory" | "org";
  readonly reason: string;
  readonly removals: number;
  readonly total: number;
  readonly percent: number;
  readonly limit: number;
  /** What there is too much of, or, of people read, too little. */
  readonly of: HeldFor;
  /** Of the limit. */
  readonly unit: "%" | "people";
  /** What speaks for which cause; a sentence each. */
  readonly findings: readonly string[];
}

/** The search that a run reads by, for comparing it with an earlier one. */
export interface SearchFacts {
  readonly servers: readonly string[];
  readonly account: string | null;
  readonly bases: readonly string[];
  readonly scope: string;
  readonly filter: string;
}

/** A part of the tree of which nobody is shown any more, with people who are gone with it. */
export interface Vanished {
  readonly dn: string;
  /** Whether its container may be there all the same. */
  readonly stays: boolean;
  readonly people: number;
}

/** What goes of the memberships that the groups of a directory told. */
export interface MembershipFigures {
  /** Of all groups before. */
  readonly memberships: number;
  readonly groups: number;
  /** By how many fewer those groups tell that are still there and tell fewer. */
  readonly lost: number;
  /** Groups that are gone, and the memberships that they told. */
  readonly goneGroups: number;
  readonly goneMemberships: number;
}

/** Why somebody is concerned: what the safeguard counts, and who was left out. */
export const REASONS = {
  gone: "the directory shows no such entry to the account any more",
  outOfFilter: "the entry is still there, but the filter or scope does not find it",
  moved: "the entry is still there, but outside the base",
  unexamined: "the search does not find the entry; where it is was not looked for",
  handedOver:
    "the entry left; the account goes on with another directory's entry, which a matching rule linked",
  disabled: "the account is disabled in the directory",
  unlinked: "the link was cut by hand",
  disconnected: "the directory is not in the configuration any more",
  accessLost: "the settings take the access away",
  regained: "access is given back",
  replaced: "another entry took the place",
  relinked: "the link that another entry had taken is back",
  undone: "what another run did is put back",
  cameBack: "left out: the directory shows the person again, or as enabled",
  changedSince: "left out: changed by something else since",
  missing: "left out: no longer there",
} as const satisfies Readonly<Record<string, string>>;
export type Reason = keyof typeof REASONS;

/** Where somebody is whom the search does not find, as the directory answers. */
export type FoundAbsence = "gone" | "outOfFilter" | "moved";
/** The same, where the directory was not asked, could not tell, or is no directory of ours any more. */
export type Absence = FoundAbsence | "unexamined" | "disconnected";

export interface RunError {
  readonly code: string;
  readonly message: string;
  /** What the run was doing. */
  readonly phase?: RunState;
}

export interface PhaseTime {
  readonly phase: RunPhase;
  readonly startedAt: string;
  readonly seconds: number;
}

/** Groups, by what a run does with them. */
export interface GroupCounts {
  readonly changed: number;
  readonly removed: number;
}

export interface Run {
  readonly id: string;
  readonly kind: RunKind;
  readonly directory: string | null;
  readonly type: ImportType;
  readonly trigger: Trigger;
  readonly actor: EventActor;
  readonly dryRun: boolean;
  readonly status: RunStatus;
  readonly state: RunState;
  readonly counts: RunCounts;
  readonly phases: readonly PhaseTime[];
  readonly held: Held | null;
  readonly error: RunError | null;
  readonly decidedBy: string | null;
  /** Which server or file was read; null before the read ended. */
  readonly server: string | null;
  /** How changes were read, or will be from here on; null where only full imports are possible. */
  readonly way: Way | null;
  /** Why an incremental import was asked for and a full one made. */
  readonly converted: Conversion | null;
  /** New or changed, and removed; null if the run did not come that far. */
  readonly groups: GroupCounts | null;
  /** When identifiers were last compared, where nothing else shows who is gone; ISO 8601. */
  readonly comparedAt: string | null;
  /** How the read ended, or how far it came; null if nothing was read. */
  readonly evidence: ReadEvidence | null;
  /** The held run whose place it took. */
  readonly replaces: string | null;
  /** The run that it puts back. */
  readonly reverts: string | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
}

/** What a run does with one person. */
export type Action =
  | "created"
  | "updated"
  | "unchanged"
  | "removed"
  | "failed"
  | "ignored"
  | "skipped";

/** One attribute of a user profile, before and after, and whose value it is now. */
export interface AttributeChange {
  readonly attribute: string;
  readonly from: unknown;
  readonly to: unknown;
  readonly source: string;
}

/** One person in a run's history: what was done or would be. */
export interface RunChange {
  readonly action: Action;
  readonly externalId: string | null;
  readonly dn: string;
  readonly login: string | null;
  readonly userId: string | null;
  readonly changes: readonly AttributeChange[];
  readonly error: Problem | null;
  readonly applied: boolean;
  readonly reason: Reason | null;
  /** Whether the safeguard counts this person. */
  readonly lost: boolean;
}
