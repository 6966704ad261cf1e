/** Who asks for something that takes a while, and how that person is told. */
import type { EventActor } from "./event.ts";
import type { RunPhase } from "./run.ts";

/** How far a run or a question is, for people who wait for it. */
export interface Progress {
  readonly directory: string;
  readonly phase: RunPhase;
  readonly done: number;
  /** Null while it is not known. */
  readonly total: number | null;
}

/** Why a signal was aborted: a person asked the run to stop, maybe in another process. */
export class StopAsked extends Error {
  readonly by: string;

  constructor(by: string) {
    super(`Stopped by ${by}.`);
    this.name = "StopAsked";
    this.by = by;
  }
}

/** Who asked for what a signal ends, as the end of a sentence. */
export function stoppedBy({ reason }: AbortSignal): string {
  return reason instanceof StopAsked ? `, stopped by ${reason.by}` : "";
}

/** A request that starts a run only once; see `startOnce`. */
export interface OnceName {
  readonly tokenId: string;
  readonly key: string;
}

export type ReportProgress = (progress: Progress) => void;

export interface AskedBy {
  readonly actor: EventActor;
  /** Ends the work at the next safe point. */
  readonly signal: AbortSignal;
  readonly progress: ReportProgress;
  /** Tells of something besides the run itself. */
  readonly note: (text: string) => void;
  /** Tells the run's id as soon as its record stands: for whoever does not wait for its end. */
  readonly begun?: (run: string) => void;
  /** Kept with the run's record, in the same transaction. */
  readonly once?: OnceName;
}
