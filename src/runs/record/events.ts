import type { EventType } from "../../model/event-messages.ts";
import type { EventDraft, Severity } from "../../model/event.ts";
import type { Conversion } from "../../model/incremental.ts";
import type { Held, Run, RunCounts } from "../../model/run.ts";
import type { SafeguardLimits } from "../../model/settings.ts";
import { KINDS } from "./kinds.ts";

type RunFacts = Pick<Run, "kind" | "directory" | "type" | "trigger" | "dryRun">;

const TRIGGERS = {
  schedule: "Schedule",
  manual: "Manual action",
  watch: "Change in the directory",
} as const;

interface Telling {
  readonly data?: Readonly<Record<string, unknown>>;
  readonly outcome?: EventDraft["outcome"];
  readonly severity?: Severity;
}

/** Events about a run as a whole, with the data that administrators filter by. */
function runEvent(
  run: RunFacts,
  eventType: EventType,
  { data = {}, outcome = { result: "SUCCESS" }, severity = "INFO" }: Telling = {},
): EventDraft {
  const name = run.directory ?? "all directories";
  const importType = run.type === "full" ? "Full" : "Incremental";
  return {
    eventType,
    severity,
    outcome,
    target: [{ id: name, type: "AppInstance", alternateId: name, displayName: name }],
    debugData: {
      AppName: name,
      ...(KINDS[run.kind].readsDirectory ? { importType } : {}),
      importTrigger: TRIGGERS[run.trigger],
      ...(run.dryRun ? { dryRun: true } : {}),
      ...data,
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

export function started(run: RunFacts & Pick<Run, "reverts">): EventDraft {
  const { reverts } = run;
  return runEvent(run, KINDS[run.kind].events.started, {
    data: reverts === null ? {} : { reverts },
  });
}

export function convertedToFull(run: RunFacts, { code, reason }: Conversion): EventDraft {
  const data = { reasonCode: code, reason };
  return runEvent(run, "system.import.incremental_converted_to_full", { data });
}

export function downloadComplete(run: Run, read: number): EventDraft {
  const { server, way, groups } = run;
  const ofGroups =
    groups === null ? {} : { changedGroups: groups.changed, removedGroups: groups.removed };
  const data = { totalObjects: read, server, way, ...ofGroups };
  return runEvent(run, "system.import.download.complete", { data });
}

export function completed(run: RunFacts, counts: RunCounts): EventDraft {
  return runEvent(run, KINDS[run.kind].events.completed, { data: countData(counts) });
}

export function runFailed(
  run: RunFacts,
  error: { readonly code: string; readonly message: string },
): EventDraft {
  return runEvent(run, KINDS[run.kind].events.failed, {
    data: { ErrorCode: error.code, ErrorMessage: error.message },
    outcome: { result: "FAILURE", reason: error.code },
    severity: "ERROR",
  });
}

const IMPORT_ACTIONS: Readonly<Record<Held["of"], string>> = {
  removals: "users removals",
  "people read": "users removals",
  failures: "users updates",
  logins: "users updates",
  grants: "users updates",
  updates: "users updates",
  memberships: "groups updates",
};

export function roadblock(run: RunFacts & Pick<Run, "id">, held: Held): EventDraft {
  const { level, removals, total, percent, limit, reason, findings } = held;
  const name = run.directory ?? "all directories";
  const share = `${percent}%`;
  const data = {
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
  return runEvent(run, "system.import.roadblock", {
    data,
    outcome: { result: "DEFERRED" },
    severity: "WARN",
  });
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
  return runEvent(facts, "system.import.roadblock.updated", { data: { changeDetails } });
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
  const data = { manualIntervention: true, approvedBy: by, leftOut };
  return runEvent(run, "system.import.roadblock.reschedule_and_resume", { data });
}

/** The held run was dropped, by a person or because a newer one took its place. */
export function cancelled(run: RunFacts, by: string): EventDraft {
  return runEvent(run, "system.import.roadblock.resume", {
    data: { manualIntervention: true, cancelledBy: by },
    outcome: { result: "ABANDONED" },
  });
}
