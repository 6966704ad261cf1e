import type { Directory } from "../agent/agent.ts";
import type { EventActor } from "../model/event.ts";
import type { DirectorySettings, RemovalLimits, Settings } from "../model/settings.ts";
import type { DirectoryRules, Rules } from "../reconciler/rules.ts";
import type { Store } from "../store/database.ts";
import type { Lease } from "../store/leases.ts";

/** How far a run is, for people who wait for it. */
export interface Progress {
  readonly directory: string;
  readonly phase: "reading" | "comparing" | "applying";
  readonly done: number;
  /** Null while it is not known. */
  readonly total: number | null;
}

export type ReportProgress = (progress: Progress) => void;

/** What every run needs. */
export interface Engine {
  readonly store: Store;
  readonly rules: Rules;
  readonly settings: ReadonlyMap<string, DirectorySettings>;
  readonly organisation: RemovalLimits;
  readonly history: Settings["history"];
  /** The agent of a directory. @throws RollcallError `ldap.filterInvalid` */
  readonly openDirectory: (name: string) => Directory;
  /** See `decisionFingerprint`. */
  readonly fingerprintOf: (name: string) => string;
  /** This process, as others see it: host and process id. */
  readonly holder: string;
}

/** One run of one directory, with the lease that it may write under. */
export interface RunContext {
  readonly engine: Engine;
  readonly runId: string;
  readonly settings: DirectorySettings;
  readonly directory: DirectoryRules;
  readonly fingerprint: string;
  readonly lease: Lease;
  /** Milliseconds since 1970: what expressions take for now. */
  readonly now: number;
  readonly actor: EventActor;
  readonly signal: AbortSignal;
  readonly progress: ReportProgress;
  /** Tells of something besides the run itself, to whoever waits for it. */
  readonly note: (text: string) => void;
}
