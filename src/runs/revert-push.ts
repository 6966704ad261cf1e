/**
 * Puts back what a push did: accounts get the values that the app had acknowledged before, those that
 * were made are switched off, those that were switched off are switched on, those that were taken over
 * get what they had. Whoever changed since is left out. After it the app is paused, because the next push
 * would do the same again.
 */
import type { Engine } from "../engine/engine.ts";
import { sameJson } from "../lib/same.ts";
import {
  NO_PUSH_COUNTS,
  type Account,
  type AccountError,
  type AccountProfile,
  type Push,
  type PushChange,
} from "../model/account.ts";
import type { AskedBy } from "../model/asked-by.ts";
import { RollcallError } from "../model/errors.ts";
import { AppFailure } from "../provisioning/failure.ts";
import { placesOf } from "../reconciler/desired-account.ts";
import { accountsOf, saveAccounts } from "../store/accounts.ts";
import { pushChanges, savePushChanges, type PlannedPush } from "../store/pushes.ts";
import { beginApplying, beginJudging, endAsDone, endDryRun } from "../store/run-steps.ts";
import { appendEvents } from "../store/system-log.ts";
import { beginPush, refuseMoved, requirePush, withApp } from "./push.ts";
import { write } from "./record/write.ts";
import type { Stopwatch } from "./record/stopwatch.ts";
import type { PushContext } from "./sending/context.ts";
import { nameOf } from "./sending/deed.ts";
import { recoverPushes } from "./sending/end.ts";
import * as events from "./sending/events.ts";
import { countsAfter } from "./sending/plan.ts";
import { pauseApp, ready } from "./sending/ready.ts";

const PAGE = 200;
const TOLD = -1;

/** @throws RollcallError `run.notFound`, `run.notFinished` */
export async function revertPush(
  engine: Engine,
  id: string,
  { dryRun }: { readonly dryRun: boolean },
  by: AskedBy,
): Promise<Push> {
  const push = await requirePush(engine, id);
  const isOver = push.status === "done" || push.status === "failed";
  if (!isOver || push.dryRun) {
    const message = `The push ${push.id} is ${push.dryRun ? "a dry run" : push.status}, so there is nothing to put back.`;
    throw new RollcallError("run.notFinished", message);
  }
  return await withApp(engine, push.app, by, async (claimed) => {
    await refuseMoved(claimed);
    await recoverPushes(claimed);
    const request = {
      kind: "revert",
      trigger: "manual",
      dryRun,
      userIds: null,
      reverts: push.id,
    } as const;
    return await beginPush(claimed, request, async (context, stopwatch) => {
      await putBack(context, push, dryRun, stopwatch);
    });
  });
}

async function putBack(
  context: PushContext,
  push: Push,
  dryRun: boolean,
  stopwatch: Stopwatch,
): Promise<void> {
  const { engine, app, run, actor } = context;
  const { db } = engine.store;
  stopwatch.begin("applying");
  await write(context, (trx) => beginJudging(trx, run.id, {}));
  if (!dryRun) {
    await ready(context);
    await write(context, (trx) => beginApplying(trx, run.id, null));
  }
  for (let after = -1; ;) {
    if (context.signal.aborted)
      throw new RollcallError(
        "push.interrupted",
        "Putting back was interrupted; what was put back is on record.",
      );
    const query = { after, limit: PAGE, action: null, counted: false };
    const changes = await pushChanges(db, push.id, query);
    const last = changes.at(-1);
    if (last === undefined) break;
    after = last.seq;
    await putBackPage(context, changes, dryRun);
  }
  const counts = await countsAfter(context, NO_PUSH_COUNTS);
  if (!dryRun) await pauseApp(context, reverted(push));
  await write(context, async (trx) => {
    const phases = stopwatch.phases();
    if (dryRun) await endDryRun(trx, run.id, null, { counts, phases });
    else await endAsDone(trx, run.id, counts, phases);
    await appendEvents(trx, run.id, actor, [events.completed(app.settings, "revert", counts)]);
  });
}

function reverted({ id }: Push): AppFailure {
  const message = `The push ${id} was put back. Correct its cause, then retry this task: pushes go on from then.`;
  return new AppFailure("refused", "push.reverted", message);
}

async function putBackPage(
  context: PushContext,
  changes: readonly PushChange[],
  dryRun: boolean,
): Promise<void> {
  const { engine, app, run } = context;
  const ids = changes.flatMap((one) => one.userId ?? []);
  const accounts = new Map(await accountsOf(engine.store.db, app.settings.name, ids));
  const rows: PlannedPush[] = [];
  for (const change of changes) {
    const account = accounts.get(change.userId ?? "");
    if (!change.applied || account === undefined || account.externalId === null) continue;
    const step = stepOf(change, account, app.settings.provisioning);
    if (step === null) continue;
    const row = rowOf(change);
    if (step === "changedSince") {
      rows.push({ ...row, action: "skipped", reason: "changedSince" });
      continue;
    }
    const { error, after } = dryRun
      ? { error: null, after: account }
      : await putBackOne(context, account, step);
    // Somebody may be in a push twice: made, then changed.
    accounts.set(account.userId, after);
    rows.push(
      error === null
        ? { ...row, action: step.action, changes: backwards(change) }
        : { ...row, action: "failed", error },
    );
  }
  await write(context, (trx) => savePushChanges(trx, run.id, rows));
}

/** On record before it is sent, so that a crash leaves a doubt. @returns the account, and what failed */
async function putBackOne(
  context: PushContext,
  account: Account,
  step: Step,
): Promise<{ readonly error: AccountError | null; readonly after: Account }> {
  const save = async (one: Account): Promise<Account> => {
    await write(context, (trx) => saveAccounts(trx, [one]));
    return one;
  };
  let known = account;
  let doubted = account;
  try {
    for (const part of partsOf(step)) {
      doubted = await save(withDoubtOf(known, part));
      known = await save(await carryOut(context, known, part));
    }
    return { error: null, after: known };
  } catch (thrown) {
    if (!(thrown instanceof AppFailure)) throw thrown;
    const after = thrown.uncertain ? doubted : await save(known);
    if (thrown.kind === "credential" || thrown.untried) throw thrown;
    const { code, message, appSaid } = thrown;
    return { error: { code, field: "revert", message, appSaid }, after };
  }
}

/** What puts one account back. */
interface Step {
  readonly action: "updated" | "deactivated" | "reactivated";
  /** The values that it had before, and those that it did not have; null: they stay. */
  readonly values: {
    readonly profile: AccountProfile;
    readonly removed: readonly string[];
    /** Of the profile, what the app had of its own. */
    readonly theirs: readonly string[];
  } | null;
  /** Whether it is switched on or off; null: neither. */
  readonly active: boolean | null;
}

type Part = Pick<Step, "values"> | Pick<Step, "active">;

/** One request after the other: a change of values is never mixed with a switch. */
function partsOf({ values, active }: Step): Part[] {
  return [...(values === null ? [] : [{ values }]), ...(active === null ? [] : [{ active }])];
}

function withDoubtOf(account: Account, part: Part): Account {
  if (!("values" in part)) return { ...account, state: "unsure", settled: false };
  const { profile = {}, removed = [] } = part.values ?? {};
  return { ...account, unsure: [...Object.keys(profile), ...removed], settled: false };
}

/** What puts an account back; null: nothing does, or a toggle is off. */
function stepOf(
  { action, changes }: Pick<PushChange, "action" | "changes">,
  account: Account,
  toggles: { readonly update: boolean; readonly deactivate: boolean },
): Step | "changedSince" | null {
  const { state } = account;
  switch (action) {
    case "created":
      if (!toggles.deactivate) return null;
      if (state !== "active") return "changedSince";
      return { action: "deactivated", values: null, active: false };
    case "deactivated":
      if (!toggles.deactivate) return null;
      if (state !== "inactive") return "changedSince";
      return { action: "reactivated", values: null, active: true };
    // Of one that failed on the way, what was done until then.
    case "failed":
      return doneStep(changes, account, toggles);
    case "reactivated":
    case "adopted":
    case "updated":
      return changedStep({ action, changes }, account, toggles);
    case "deleted":
    case "held":
    case "removed":
    case "skipped":
    case "unchanged":
      return null;
  }
}

/** What puts back values, and whether the account was on. */
function changedStep(
  { action, changes }: Pick<PushChange, "action" | "changes">,
  account: Account,
  toggles: { readonly update: boolean; readonly deactivate: boolean },
): Step | "changedSince" | null {
  const wasOff = action === "reactivated" || changes.some(isSwitchedOn);
  const active = wasOff && toggles.deactivate ? false : null;
  const values = toggles.update ? valuesBefore(changes) : null;
  if (active === null && values === null) return null;
  if (account.state !== "active" || !isStillSo(account, changes)) return "changedSince";
  return { action: active === null ? "updated" : "deactivated", values, active };
}

/** Values only; whether an account is on is no value. */
function valuesOf(changes: PushChange["changes"]): PushChange["changes"] {
  return changes.filter(({ attribute }) => attribute !== "active");
}

function valuesBefore(changes: PushChange["changes"]): Step["values"] {
  const values = valuesOf(changes);
  if (values.length === 0) return null;
  const before = values.filter(({ from }) => from !== null);
  const profile = Object.fromEntries(before.map(({ attribute, from }) => [attribute, from]));
  const removed = values.filter(({ from }) => from === null).map(({ attribute }) => attribute);
  const theirs = before.filter(({ wasTheirs }) => wasTheirs === true);
  return {
    profile: profile as AccountProfile,
    removed,
    theirs: theirs.map(({ attribute }) => attribute),
  };
}

function isSwitchedOn({ attribute, to }: PushChange["changes"][number]): boolean {
  return attribute === "active" && to === true;
}

/** What puts back what was done before something else failed; null: nothing was, or it is not so any more. */
function doneStep(
  changes: PushChange["changes"],
  account: Account,
  toggles: { readonly update: boolean; readonly deactivate: boolean },
): Step | null {
  const wasMade = changes.some(
    ({ attribute, from, wasTheirs }) =>
      attribute === "userName" && from === null && wasTheirs !== true,
  );
  const step = wasMade
    ? stepOf({ action: "created", changes }, account, toggles)
    : changedStep({ action: "failed", changes }, account, toggles);
  return step === "changedSince" ? null : step;
}

/** Whether the app has what the push gave it, or what it is to get back, as far as is known. */
function isStillSo({ acknowledged }: Account, changes: PushChange["changes"]): boolean {
  const now = acknowledged ?? {};
  return valuesOf(changes).every(({ attribute, from, to, wasTheirs }) => {
    // What was put back of the app's own is not ours any more.
    if (wasTheirs === true && !Object.hasOwn(now, attribute)) return true;
    return sameJson(now[attribute] ?? null, to) || sameJson(now[attribute] ?? null, from);
  });
}

async function carryOut(
  { provisioner, app }: PushContext,
  account: Account,
  part: Part,
): Promise<Account> {
  const name = nameOf(account);
  const lastPush = new Date().toISOString();
  if (!("values" in part)) {
    const isOn = part.active === true;
    await provisioner.activate(name, isOn);
    return { ...account, state: isOn ? "active" : "inactive", settled: false, lastPush };
  }
  const { profile = {}, removed = [], theirs = [] } = part.values ?? {};
  const { notKept } = await provisioner.update({
    ...name,
    profile,
    changed: Object.keys(profile),
    removed,
  });
  // What the app has of its own is never taken away again; its name is how it is known.
  const lost = new Set([...removed, ...theirs.filter((one) => one !== "userName")]);
  const all = Object.entries({ ...account.acknowledged, ...profile });
  const acknowledged = Object.fromEntries(all.filter(([one]) => !lost.has(one)));
  return {
    ...account,
    acknowledged,
    acknowledgedPlaces: placesOf(app, acknowledged),
    unsure: [],
    notKept,
    settled: false,
    lastPush,
  };
}

function rowOf(change: PushChange): PlannedPush {
  return {
    ...change,
    step: TOLD,
    applied: true,
    error: null,
    reason: null,
    lost: false,
    changes: [],
  };
}

function backwards({ changes }: PushChange): PlannedPush["changes"] {
  return changes.map(({ attribute, from, to }) => ({ attribute, from: to, to: from }));
}
