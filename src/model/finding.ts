import type { Remedy } from "./remedy.ts";

/** `error`: people are not kept up to date. `warning`: some are not, or soon will not be. */
export type FindingSeverity = "error" | "warning" | "info";

/** Something that is wrong, or soon will be. */
export interface Finding {
  readonly severity: FindingSeverity;
  readonly directory: string | null;
  /** The app that it is about, where it is about one. */
  readonly app?: string;
  /** In a sentence. */
  readonly message: string;
  /** What helps, or shows more; null if nothing does. */
  readonly remedy: Remedy | null;
}
