import type { EventDraft, Outcome, Severity } from "../model/event.ts";
import type { Held, Run, RunCounts } from "../model/run.ts";

type RunFacts = Pick<Run, "kind" | "directory" | "type" | "trigger" | "dryRun">;

/** Events about a run as a whole, with the data that administrators filter by. */
function runEvent(
  run: RunFacts,
  eventType: string,
  displayMessage: string,
  debugData: Readonly<Record<string, unknown>> = {},
  result: Outcome = "SUCCESS",
  severity: Severity = "INFO",
): EventDraft {
  const name = run.directory ?? "all directories";
  return {
    eventType,
    severity,
    displayMessage,
    outcome: { result },
    target: [{ id: name, type: "AppInstance", alternateId: name, displayName: name }],
    debugData: {
      AppName: name,
      ...(run.kind === "import" ? { importType: run.type === "full" ? "Full" : "Incremental" } : {}),
      importTrigger: run.trigger === "schedule" ? "Schedule" : "Manual action",
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
    return runEvent(run, "app.app_instance.provision_sync_job.started", "Applying mappings job has started");
  }
  return runEvent(run, "system.import.start", "Import started");
}

export function convertedToFull(run: RunFacts): EventDraft {
  const reasonCode = "agent_unable_to_perform_incremental_import";
  return runEvent(run, "system.import.incremental_converted_to_full", "Incremental import converted to full", { reasonCode });
}

export function downloadComplete(run: RunFacts, read: number, server: string): EventDraft {
  return runEvent(run, "system.import.download.complete", "Download of objects complete", { totalObjects: read, server });
}

export function completed(run: RunFacts, counts: RunCounts): EventDraft {
  if (run.kind === "force-sync") {
    const message = "Applying mappings job has completed";
    return runEvent(run, "app.app_instance.provision_sync_job.completed", message, countData(counts));
  }
  return runEvent(run, "system.import.complete", "Import process complete", countData(counts));
}

export function runFailed(run: RunFacts, error: { readonly code: string; readonly message: string }): EventDraft {
  const debugData = { ErrorCode: error.code, ErrorMessage: error.message };
  const event =
    run.kind === "force-sync"
      ? runEvent(run, "app.app_instance.provision_sync_job.failed", "Applying mappings job has failed", debugData, "FAILURE", "ERROR")
      : runEvent(run, "system.import.complete", "Import process failed", debugData, "FAILURE", "ERROR");
  return { ...event, outcome: { result: "FAILURE", reason: error.code } };
}

export function roadblock(run: RunFacts, held: Held): EventDraft {
  const message = "Import roadblock triggered due to exceeded threshold";
  const debugData = {
    importAction: "users removals",
    level: held.level,
    appUnassignments: held.removals,
    ...(held.level === "org" ? { totalOrgAppAssignments: held.total } : { appAssignments: held.total }),
    appUnassignmentPercent: `${held.percent}%`,
    threshold: held.limit,
    message: held.reason,
  };
  return runEvent(run, "system.import.roadblock", message, debugData, "DEFERRED", "WARN");
}

/** A person approved the held run: it goes on. */
export function approved(run: RunFacts, by: string): EventDraft {
  const message = "The held import was approved and is applied";
  return runEvent(run, "system.import.roadblock.reschedule_and_resume", message, { manualIntervention: true, approvedBy: by });
}

/** The held run was dropped, by a person or because a newer one took its place. */
export function cancelled(run: RunFacts, by: string): EventDraft {
  const message = "The held import was cancelled";
  return runEvent(run, "system.import.roadblock.resume", message, { manualIntervention: true, cancelledBy: by }, "ABANDONED");
}
