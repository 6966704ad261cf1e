import type { ConfiguredDirectory, DirectoryOfRun } from "../../engine/directories.ts";
import type { Engine } from "../../engine/engine.ts";
import type { AskedBy } from "../../model/asked-by.ts";
import type { Lease } from "../../store/leases.ts";

/** A directory that this process has for itself: the only one that may change its people. */
export interface Claimed extends AskedBy {
  readonly engine: Engine;
  readonly directory: DirectoryOfRun;
  /** What every write proves that it still has; see `write`. */
  readonly lease: Lease;
}

/** One run of a claimed directory. */
export interface RunContext extends Claimed {
  readonly run: {
    readonly id: string;
    /** Of the decisions; stands before every hash that the run stores. */
    readonly fingerprint: string;
    /** Milliseconds since 1970: what expressions take for now. */
    readonly now: number;
  };
}

/** A run that reads its directory. */
export interface ReadingContext extends RunContext {
  readonly directory: ConfiguredDirectory;
}
