import type { EventType } from "../../model/event-messages.ts";
import type { EventDraft, Outcome, Severity } from "../../model/event.ts";
import type { Conversion } from "../../model/incremental.ts";
import type { Held, Run, RunCounts } from "../../model/run.ts";
import type { SafeguardLimits } from "../../model/settings.ts";

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
    ...(counts.skipped > 0 ? { skippedObjects: counts.skipped } : {}),
  };
}

/** What each kind of run is called in the System Log. */
const TYPES = {
  import: {
    started: "system.import.start",
    completed: "system.import.complete",
    failed: "system.import.complete",
  },
  "force-sync": {
    started: "app.app_instance.provision_sync_job.started",
    completed: "app.app_instance.provision_sync_job.completed",
    failed: "app.app_instance.provision_sync_job.failed",
  },
  revert: {
    started: "system.import.revert.start",
    completed: "system.import.revert.complete",
    failed: "system.import.revert.complete",
  },
  link: {
    started: "application.account.match.start",
    completed: "application.account.match.update",
    failed: "application.account.match.update",
  },
  edit: {
    started: "user.account.update_profile",
    completed: "user.account.update_profile",
    failed: "user.account.update_profile",
  },
} as const;

export function started(run: RunFacts & Pick<Run, "reverts">): EventDraft {
  const { reverts } = run;
  return runEvent(run, TYPES[run.kind].started, reverts === null ? {} : { reverts });
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
  return runEvent(run, TYPES[run.kind].completed, countData(counts));
}

export function runFailed(
  run: RunFacts,
  error: { readonly code: string; readonly message: string },
): EventDraft {
  const debugData = { ErrorCode: error.code, ErrorMessage: error.message };
  const event = runEvent(run, TYPES[run.kind].failed, debugData, "FAILURE", "ERROR");
  return { ...event, outcome: { result: "FAILURE", reason: error.code } };
}

const IMPORT_ACTIONS: Readonly<Record<Held["of"], string>> = {
  removals: "users removals",
  "people read": "users removals",
  failures: "users updates",
  logins: "users updates",
  updates: "users updates",
};

export function roadblock(run: RunFacts & Pick<Run, "id">, held: Held): EventDraft {
  const { level, removals, total, percent, limit, reason, findings } = held;
  const name = run.directory ?? "all directories";
  const share = `${percent}%`;
  const debugData = {
    level,
    job_id: run.id,
    instance_id: name,
    import_action: IMPORT_ACTIONS[held.of],
    import_type: run.type === "full" ? "Full" : "Incremental",
    import_trigger: TRIGGERS[run.trigger],
    app_unassignments: removals,
    app_unassignment_percent: share,
    ...(level === "org" ? { total_org_app_assignments: total } : {}),
    roadblocked_instances: {
      [name]: {
        appUnassignmentPercent: share,
        appAssignments: total,
        appUnassignments: removals,
      },
    },
    threshold: held.unit === "%" ? `${limit}%` : String(limit),
    manualIntervention: false,
    message: reason,
    detailedMessage: [reason, ...findings].join(" "),
  };
  return runEvent(run, "system.import.roadblock", debugData, "DEFERRED", "WARN");
}

/** The limits of the configuration are others than at the last import. */
export function roadblockUpdated(
  directory: string,
  before: SafeguardLimits,
  now: SafeguardLimits,
): EventDraft {
  const facts = {
    kind: "import",
    directory,
    type: "full",
    trigger: "manual",
    dryRun: false,
  } as const;
  const changeDetails = { from: limitFacts(before), to: limitFacts(now) };
  return runEvent(facts, "system.import.roadblock.updated", { changeDetails });
}

function limitFacts(limits: SafeguardLimits): Record<string, unknown> {
  const { percent, count, minimum, drop, failures, updates, logins } = limits;
  return {
    roadblock_check_enabled: percent !== null || count !== null,
    percentage_threshold_enabled: percent !== null,
    percentage_threshold: percent,
    absolute_value_threshold_enabled: count !== null,
    absolute_threshold: count,
    minimum,
    drop,
    failures,
    updates,
    logins,
  };
}

/** A person approved the held run: it goes on. */
export function approved(run: RunFacts, by: string, leftOut: number): EventDraft {
  return runEvent(run, "system.import.roadblock.reschedule_and_resume", {
    manualIntervention: true,
    approvedBy: by,
    leftOut,
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
