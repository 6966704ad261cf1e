import type { Run, RunChange } from "../model/run.ts";

/** A run as `--json` prints it. */
export function runDocument(run: Run) {
  const { id, kind, directory, type, trigger, status, dryRun, counts, startedAt, finishedAt } = run;
  const { held, error, phases, decidedBy, server, way, converted, groups } = run;
  const { comparedAt, evidence, replaces, reverts } = run;
  return {
    run: id,
    kind,
    directory,
    type,
    trigger,
    status,
    ...(dryRun ? { dryRun } : {}),
    counts,
    startedAt,
    finishedAt,
    held,
    error,
    phases,
    decidedBy,
    server,
    way,
    converted,
    groups,
    comparedAt,
    evidence,
    replaces,
    reverts,
  };
}

/** A run with a page of its people. @param next behind which number the next page begins; null: none */
export function runPeopleDocument(run: Run, changes: readonly RunChange[], next: number | null) {
  return { ...runDocument(run), changes, next };
}
