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
}
