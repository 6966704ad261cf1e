/** What is special about each kind of run, in one table that the compiler keeps complete. */
import type { DirectoryOfRun } from "../../engine/directories.ts";
import type { EventType } from "../../model/event-messages.ts";
import type { RunKind } from "../../model/run.ts";
import type { OpenRun } from "../../store/runs.ts";

export interface KindOfRun {
  /** What it is called in the System Log. */
  readonly events: Readonly<Record<"started" | "completed" | "failed", EventType>>;
  /** Whether it reads the directory: then it can tell who is gone, and moves the checkpoint. */
  readonly readsDirectory: boolean;
  /** Whether app profiles count as mapped anew when it is done. */
  readonly mapsStored: boolean;
  /** What the safeguard counts of it; putting back restores what a person approved before. */
  readonly judges: "all" | "removals";
  /** Whether a newer run of this kind takes the place of an older one that is held. */
  readonly replaces: (older: OpenRun, newer: OpenRun) => boolean;
  /** Why changes alone would not bring what is missing after it; null if they would. */
  readonly fullAfter: (run: OpenRun, directory: DirectoryOfRun) => string | null;
}

const never = (): false => false;
const nothing = (): null => null;

export const KINDS: Readonly<Record<RunKind, KindOfRun>> = {
  import: {
    events: {
      started: "system.import.start",
      completed: "system.import.complete",
      failed: "system.import.complete",
    },
    readsDirectory: true,
    mapsStored: false,
    judges: "all",
    // Whoever read changes only does not know what a full import found missing, and no import what
    // a person wanted to be linked, cut or put back.
    replaces: (older, { type }) =>
      (older.kind === "import" || older.kind === "force-sync") &&
      (type === "full" || older.type === "incremental"),
    fullAfter: ({ id, counts }) =>
      counts.skipped > 0 ? `People were left out of the run ${id}, which was approved.` : null,
  },
  "force-sync": {
    events: {
      started: "app.app_instance.provision_sync_job.started",
      completed: "app.app_instance.provision_sync_job.completed",
      failed: "app.app_instance.provision_sync_job.failed",
    },
    readsDirectory: false,
    mapsStored: true,
    judges: "all",
    // A force sync of one person knows nothing of the others.
    replaces: (older, { counts }) =>
      older.kind === "force-sync" && older.counts.read <= counts.read,
    fullAfter: (_, { settings }) =>
      settings === null ? "It was out of the configuration, and its links were ended." : null,
  },
  revert: {
    events: {
      started: "system.import.revert.start",
      completed: "system.import.revert.complete",
      failed: "system.import.revert.complete",
    },
    readsDirectory: false,
    mapsStored: false,
    judges: "removals",
    replaces: never,
    fullAfter: ({ reverts }) => `The run ${reverts} was put back.`,
  },
  link: {
    events: {
      started: "application.account.match.start",
      completed: "application.account.match.update",
      failed: "application.account.match.update",
    },
    readsDirectory: false,
    mapsStored: false,
    judges: "all",
    replaces: never,
    fullAfter: nothing,
  },
  edit: {
    events: {
      started: "user.account.update_profile",
      completed: "user.account.update_profile",
      failed: "user.account.update_profile",
    },
    readsDirectory: false,
    mapsStored: false,
    judges: "all",
    replaces: never,
    fullAfter: nothing,
  },
};
