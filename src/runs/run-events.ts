import type { EventDraft, Outcome, Severity } from "../model/event.ts";
import type { EventType } from "../model/event-messages.ts";
import type { Conversion } from "../model/incremental.ts";
import type { Held, Run, RunCounts } from "../model/run.ts";

type RunFacts = Pick<Run, "kind" | "directory" | "type" | "trigger" | "dryRun">;

const TRIGGERS = {
  schedule: "Schedule",
  manual: "Manual action",
  watch: "Change in the directory",
} as const;

/** Events about a run as a whole, with the data that administrators filter by. */
function runEvent(
  run: RunFacts,
  eventType: EventType,
  debugData: Readonly<Record<string, unknown>> = {},
  result: Outcome = "SUCCESS",
  severity: Severity = "INFO",
): EventDraft {
  const name = run.directory ?? "all directories";
  return {
    eventType,
    severity,
    outcome: { result },
    target: [{ id: name, type: "AppInstance", alternateId: name, displayName: name }],
    debugData: {
      AppName: name,
      ...(run.kind === "import"
        ? { importType: run.type === "full" ? "Full" : "Incremental" }
        : {}),
      importTrigger: TRIGGERS[run.trigger],
      ...(run.dryRun ? { dryRun: true } : {}),
      ...debugData,
    },
  };
}

function countData(counts: RunCounts): Record<string, number> {
  return {
    totalObjects: counts.read,
    addedObjects: counts.created,
    updatedObjects: counts.updated,
    unchangedObjects: counts.unchanged,
    deletedObjects: counts.removed,
    failedObjects: counts.failed,
  };
}

export function started(run: RunFacts): EventDraft {
  if (run.kind === "force-sync") {
    return runEvent(run, "app.app_instance.provision_sync_job.started");
  }
  return runEvent(run, "system.import.start");
}

export function convertedToFull(run: RunFacts, { code, reason }: Conversion): EventDraft {
  const debugData = { reasonCode: code, reason };
  return runEvent(run, "system.import.incremental_converted_to_full", debugData);
}

export function downloadComplete(run: Run, read: number): EventDraft {
  const { server, way, groups } = run;
  return runEvent(run, "system.import.download.complete", {
    totalObjects: read,
    server,
    way,
    ...(groups === null ? {} : { changedGroups: groups.changed, removedGroups: groups.removed }),
  });
}

export function completed(run: RunFacts, counts: RunCounts): EventDraft {
  if (run.kind === "force-sync") {
    return runEvent(run, "app.app_instance.provision_sync_job.completed", countData(counts));
  }
  return runEvent(run, "system.import.complete", countData(counts));
}

export function runFailed(
  run: RunFacts,
  error: { readonly code: string; readonly message: string },
): EventDraft {
  const debugData = { ErrorCode: error.code, ErrorMessage: error.message };
  const event =
    run.kind === "force-sync"
      ? runEvent(run, "app.app_instance.provision_sync_job.failed", debugData, "FAILURE", "ERROR")
      : runEvent(run, "system.import.complete", debugData, "FAILURE", "ERROR");
  return { ...event, outcome: { result: "FAILURE", reason: error.code } };
}

export function roadblock(run: RunFacts, held: Held): EventDraft {
  const debugData = {
    importAction: "users removals",
    level: held.level,
    appUnassignments: held.removals,
    ...(held.level === "org"
      ? { totalOrgAppAssignments: held.total }
      : { appAssignments: held.total }),
    appUnassignmentPercent: `${held.percent}%`,
    threshold: held.limit,
    message: held.reason,
  };
  return runEvent(run, "system.import.roadblock", debugData, "DEFERRED", "WARN");
}

/** A person approved the held run: it goes on. */
export function approved(run: RunFacts, by: string): EventDraft {
  return runEvent(run, "system.import.roadblock.reschedule_and_resume", {
    manualIntervention: true,
    approvedBy: by,
  });
}

/** The held run was dropped, by a person or because a newer one took its place. */
export function cancelled(run: RunFacts, by: string): EventDraft {
  return runEvent(
    run,
    "system.import.roadblock.resume",
    { manualIntervention: true, cancelledBy: by },
    "ABANDONED",
  );
}
