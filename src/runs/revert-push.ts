/**
 * Puts back what a push did: accounts get the values that the app had acknowledged before, those that
 * were made are switched off, those that were switched off are switched on, those that were taken over
 * get what they had. Whoever changed since is left out. It is planned and judged as a push is, because it
 * takes access away as well; after it the app is paused, because the next push would do the same again.
 */
import type { Engine } from "../engine/engine.ts";
import { sameJson } from "../lib/same.ts";
import {
  NO_PUSH_COUNTS,
  type Account,
  type AccountAction,
  type AccountError,
  type AccountProfile,
  type Push,
  type PushChange,
  type PushCounts,
  type PushHeld,
} from "../model/account.ts";
import type { AskedBy } from "../model/asked-by.ts";
import { RollcallError } from "../model/errors.ts";
import { AppFailure } from "../provisioning/failure.ts";
import { placesOf } from "../reconciler/desired-account.ts";
import type { PushTally } from "../reconciler/judge-push.ts";
import { accountsOf, saveAccounts } from "../store/accounts.ts";
import { pushChanges, savePushChanges, type PlannedPush } from "../store/pushes.ts";
import { beginApplying, beginJudging, endAsDone, endDryRun } from "../store/run-steps.ts";
import { appendEvents } from "../store/system-log.ts";
import { beginPush, hold, judge, refuseMoved, requirePush, withApp, type Holding } from "./push.ts";
import { write } from "./record/write.ts";
import type { Stopwatch } from "./record/stopwatch.ts";
import type { PushContext } from "./sending/context.ts";
import { nameOf } from "./sending/deed.ts";
import { dropHeldPushes, recoverPushes } from "./sending/end.ts";
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
      stopwatch.begin("reading");
      const { counts, tally } = await planBack(context, push);
      stopwatch.begin("judging");
      // Whoever is left out is counted by what is written of them.
      const judged = { counts: { ...counts, skipped: 0 } };
      await write(context, (trx) => beginJudging(trx, context.run.id, judged));
      const held = await judge(context, tally, { memberships: 0, removedMemberships: 0 });
      if (dryRun) return await endAsPlanned(context, { counts, held, stopwatch });
      await dropHeldPushes(context, `replaced by ${context.run.id}`);
      if (held !== null) return await hold(context, { kind: "revert", counts, held, stopwatch });
      await write(context, (trx) => beginApplying(trx, context.run.id, null));
      await putBack(context, push, stopwatch);
    });
  });
}

/** Carries out what is planned, or was approved, of putting back a push. */
export async function putBack(
  context: PushContext,
  push: Push,
  stopwatch: Stopwatch,
): Promise<void> {
  const { app, run, actor } = context;
  stopwatch.begin("applying");
  await ready(context);
  for await (const changes of pagesOf(context, push)) await putBackPage(context, changes);
  const counts = await countsAfter(context, NO_PUSH_COUNTS);
  await pauseApp(context, reverted(push));
  await write(context, async (trx) => {
    await endAsDone(trx, run.id, counts, stopwatch.phases());
    await appendEvents(trx, run.id, actor, [events.completed(app.settings, "revert", counts)]);
  });
}

/** What a push did, page by page. @throws RollcallError `push.interrupted` between two of them */
async function* pagesOf(
  { engine, signal }: PushContext,
  push: Push,
): AsyncGenerator<readonly PushChange[]> {
  for (let after = -1; ;) {
    if (signal.aborted)
      throw new RollcallError(
        "push.interrupted",
        "Putting back was interrupted; what was put back is on record.",
      );
    const query = { after, limit: PAGE, action: null, counted: false };
    const changes = await pushChanges(engine.store.db, push.id, query);
    const last = changes.at(-1);
    if (last === undefined) return;
    after = last.seq;
    yield changes;
  }
}

interface PlannedBack {
  readonly counts: PushCounts;
  readonly tally: Pick<PushTally, "losses" | "updates">;
}

/** Writes down what putting back will do, and does nothing of it. */
async function planBack(context: PushContext, push: Push): Promise<PlannedBack> {
  const { engine, app, run } = context;
  const { name, provisioning } = app.settings;
  const by = new Map<AccountAction, Set<string>>();
  const off = new Set<string>();
  for await (const changes of pagesOf(context, push)) {
    const accounts = await accountsOf(engine.store.db, name, usersOf(changes));
    const rows = changes.flatMap((change): PlannedPush[] => {
      const found = accounts.get(change.userId ?? "");
      if (found === undefined) return [];
      // Somebody may be in a push twice: made, then changed. Whoever is off by then is not changed any more.
      const account: Account = off.has(found.userId) ? { ...found, state: "inactive" } : found;
      const step = stepBack(change, account, provisioning);
      if (step === null) return [];
      const action = step === "changedSince" ? "skipped" : step.action;
      by.set(action, (by.get(action) ?? new Set()).add(account.userId));
      if (step === "changedSince") return [{ ...changedSince(change), applied: false }];
      if (step.active === false) off.add(account.userId);
      return [{ ...rowOf(change, step), applied: false, changes: backwards(change) }];
    });
    await write(context, (trx) => savePushChanges(trx, run.id, rows));
  }
  const of = (action: AccountAction): number => by.get(action)?.size ?? 0;
  const updated = of("updated") + of("reactivated");
  const counts = { ...NO_PUSH_COUNTS, updated, deactivated: of("deactivated") };
  return {
    counts: { ...counts, skipped: of("skipped") },
    tally: { losses: of("deactivated"), updates: of("updated") },
  };
}

async function endAsPlanned(
  { app, run, actor, ...context }: PushContext,
  { counts, held, stopwatch }: Omit<Holding, "kind" | "held"> & { readonly held: PushHeld | null },
): Promise<void> {
  await write(context, async (trx) => {
    await endDryRun(trx, run.id, held, { counts, phases: stopwatch.phases() });
    await appendEvents(trx, run.id, actor, [events.completed(app.settings, "revert", counts)]);
  });
}

function reverted({ id }: Push): AppFailure {
  const message = `The push ${id} was put back. Correct its cause, then retry this task: pushes go on from then.`;
  return new AppFailure("refused", "push.reverted", message);
}

/** Does of a page what was planned, as far as it would be planned now. */
async function putBackPage(context: PushContext, changes: readonly PushChange[]): Promise<void> {
  const { engine, app, run } = context;
  const { db } = engine.store;
  const { name, provisioning } = app.settings;
  const accounts = new Map(await accountsOf(db, name, usersOf(changes)));
  const shown = await plannedOf(context, changes);
  const rows: PlannedPush[] = [];
  for (const change of changes) {
    const account = accounts.get(change.userId ?? "");
    const planned = shown.get(change.seq);
    if (account === undefined || planned === undefined) continue;
    const step = stepBack(change, account, provisioning);
    if (step === null || step === "changedSince" || step.action !== planned) {
      rows.push(changedSince(change));
      continue;
    }
    const { error, after } = await putBackOne(context, account, step);
    // Somebody may be in a push twice: made, then changed.
    accounts.set(account.userId, after);
    const row = rowOf(change, step);
    rows.push(
      error === null
        ? { ...row, changes: backwards(change) }
        : { ...row, action: "failed", error, lost: false },
    );
  }
  await write(context, (trx) => savePushChanges(trx, run.id, rows));
}

/** What is planned, and not done yet, for each of these. */
async function plannedOf(
  { engine, run }: PushContext,
  changes: readonly PushChange[],
): Promise<ReadonlyMap<number, AccountAction>> {
  const after = (changes[0]?.seq ?? 0) - 1;
  const query = { after, limit: PAGE, action: null, counted: false };
  const rows = await pushChanges(engine.store.db, run.id, query);
  return new Map(rows.filter((row) => !row.applied).map((row) => [row.seq, row.action]));
}

function usersOf(changes: readonly PushChange[]): string[] {
  return changes.flatMap((one) => one.userId ?? []);
}

/** What puts back a change that was made; null: nothing does. */
function stepBack(
  change: PushChange,
  account: Account,
  toggles: { readonly update: boolean; readonly deactivate: boolean },
): Step | "changedSince" | null {
  if (!change.applied || account.externalId === null) return null;
  return stepOf(change, account, toggles);
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
      // Whether it was switched off is not known after a failure; doing it again does no harm.
      if (state !== "active" && state !== "unsure") return "changedSince";
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

function rowOf(change: PushChange, { action }: Pick<Step, "action">): PlannedPush {
  return {
    ...change,
    action,
    step: TOLD,
    applied: true,
    error: null,
    reason: null,
    lost: action === "deactivated",
    changes: [],
  };
}

function changedSince(change: PushChange): PlannedPush {
  const row = rowOf(change, { action: "updated" });
  return { ...row, action: "skipped", reason: "changedSince" };
}

function backwards({ changes }: PushChange): PlannedPush["changes"] {
  return changes.map(({ attribute, from, to }) => ({ attribute, from: to, to: from }));
}
