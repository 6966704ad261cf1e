import type { Checkpoint } from "./checkpoint.ts";
import type { Run } from "./run.ts";

/** How a directory stands with its imports. */
export interface DirectoryState {
  readonly checkpoint: Checkpoint | null;
  /** The last import that was no dry run; null if there was none. */
  readonly last: Run | null;
  /** A run that waits for a decision, whatever it is. */
  readonly held: Run | null;
  /** A run that was being applied and that nobody finishes. */
  readonly interrupted: Run | null;
}
