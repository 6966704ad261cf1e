import type { Account, Push, PushChange, SyncState, Task } from "../model/account.ts";

/** A push as `--json` prints it. */
export function pushDocument(push: Push) {
  const { id, kind, app, trigger, status, dryRun, counts, startedAt, finishedAt } = push;
  const { held, error, phases, decidedBy, reverts } = push;
  return {
    run: id,
    // A force sync to an app is a push that computes everything again.
    kind: kind === "force-sync" ? ("push" as const) : kind,
    ...(kind === "force-sync" ? { forceSync: true } : {}),
    app,
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
    reverts,
  };
}

/** A push with a page of its accounts. @param next behind which number the next page begins; null: none */
export function pushPeopleDocument(
  push: Push,
  changes: readonly PushChange[],
  next: number | null,
) {
  return { ...pushDocument(push), changes, next };
}

/** An assignment, and the account that it gives. */
export function assignmentDocument(account: Account & { readonly syncState: SyncState }) {
  const { app, userId, login, assignedBy, values, externalId, state, syncState } = account;
  const { acknowledged, notKept, reason, lastPush, error, attempts } = account;
  return {
    app,
    userId,
    login,
    by: assignedBy,
    externalId,
    status: state,
    syncState,
    profile: acknowledged ?? {},
    values,
    acknowledged,
    notKept,
    reason,
    lastPush,
    attempts,
    error,
  };
}

export function taskDocument(task: Task, cure: string) {
  const { id, app, userId, login, what, since, attempts, error } = task;
  const { code, message, appSaid } = error;
  return { id, app, userId, login, what, since, attempts, error: { code, message, appSaid }, cure };
}
