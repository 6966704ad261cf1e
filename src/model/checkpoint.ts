import type { Mark } from "./incremental.ts";
import type { SearchFacts } from "./run.ts";

/** How far a directory is imported: the last run that was applied whole, and what it read. */
export interface Checkpoint {
  readonly runId: string;
  readonly fingerprint: string;
  readonly entries: number;
  /** When that run began: whatever it saw unchanged was current then. */
  readonly fullAt: Date;
  /** When the last run began, full or incremental. */
  readonly readAt: Date;
  /** Of the searches that the mark belongs to. */
  readonly scope: string;
  /** From where changes can be read; null where they cannot. */
  readonly mark: Mark | null;
  /** The search of the last full import. */
  readonly search: SearchFacts | null;
  /** Why the next import has to be a full one, whatever can be read; null: it need not. */
  readonly fullReason: string | null;
}
