/** What the schedules ask for: given to them, so that this folder knows only when. */
import type { Push } from "../model/account.ts";
import type { AskedBy } from "../model/asked-by.ts";
import { SYSTEM_ACTOR } from "../model/event.ts";
import type { ChangeListener } from "../model/incremental.ts";
import type { PauseMemory } from "../model/pause.ts";
import type { ImportType, Run, Trigger } from "../model/run.ts";
import type { DirectorySettings } from "../model/settings.ts";

export interface ImportAsked {
  /** Null: whatever is best. */
  readonly type: ImportType | null;
  readonly trigger: Trigger;
  readonly dryRun: boolean;
}

export interface ScheduledWork {
  /** The directories of the configuration, by name. */
  readonly directories: ReadonlyMap<string, DirectorySettings>;
  /** @throws RollcallError `run.busy`, and faults of the database */
  import(directory: string, asked: ImportAsked, by: AskedBy): Promise<Run>;
  /** Takes up what an interrupted process left. True if there was anything. */
  resume(directory: string, by: AskedBy): Promise<boolean>;
  /** Listens until the connection or the signal ends. @throws RollcallError with the cause */
  listen(directory: string, listener: ChangeListener, signal: AbortSignal): Promise<void>;
  /** Whether a run of the directory waits for a person; a newer one would take its place. */
  isHeld(directory: string): Promise<boolean>;
  /** How long a directory is left alone after it failed, as all replicas know it. */
  pauseOf(directory: string): PauseMemory;
  /**
   * When the next account of a directory expires, in milliseconds since 1970; null: none does.
   * @param after only later moments
   */
  nextExpiry(directory: string, after: number): Promise<number | null>;
  /** Ends the access of whoever has expired, without reading the directory. Null if nobody has. */
  endExpired(directory: string, by: AskedBy): Promise<Run | null>;
  /** The apps of the configuration, by name. */
  readonly apps: ReadonlyMap<string, unknown>;
  /** Whether a push of an app has something to look at. */
  isPushDue(app: string): Promise<boolean>;
  /** @throws RollcallError `run.busy`, and faults of the database */
  push(app: string, by: AskedBy): Promise<Push>;
  /** The hooks of the configuration, by name. */
  readonly hooks: ReadonlyMap<string, unknown>;
  /** Sends events to a hook until the signal aborts. @throws RollcallError `run.busy` */
  deliver(
    hook: string,
    told: (result: { readonly events: number; readonly error: string | null }) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
  /** True for one caller, over all processes: the one that may start what is due then. */
  takeTick(schedule: string, at: Date): Promise<boolean>;
}

const JUST_BEGUN_MS = 30_000;
const SHORT_MS = 500;

/**
 * How long to wait for what somebody else has: not long just after the beginning, when it is mostly
 * the work by the configuration before, which is ending.
 * @param begun milliseconds since 1970
 */
export function patienceOf(begun: number, usual: number): number {
  return Date.now() - begun < JUST_BEGUN_MS ? Math.min(SHORT_MS, usual) : usual;
}

/** Nobody waits for what a schedule starts. */
export function byItself(signal: AbortSignal): AskedBy {
  return { actor: SYSTEM_ACTOR, signal, progress: () => undefined, note: () => undefined };
}
