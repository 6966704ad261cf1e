/**
 * Pushes: the accounts of an app are made what they should be. A push compares; it is not told. So
 * whatever was interrupted is found again by the next one, and nothing has to be resumed.
 */
import { configuredApp } from "../engine/apps.ts";
import { claimLease, telling } from "../engine/claim.ts";
import { changeMark } from "../engine/accounts/due.ts";
import { Desk } from "../engine/accounts/desk.ts";
import type { Engine } from "../engine/engine.ts";
import { sleep } from "../lib/sleep.ts";
import { uuidV7 } from "../lib/uuid.ts";
import {
  NO_PUSH_COUNTS,
  type Push,
  type PushCounts,
  type PushHeld,
  type PushKind,
} from "../model/account.ts";
import type { AskedBy } from "../model/asked-by.ts";
import { RollcallError } from "../model/errors.ts";
import type { Trigger } from "../model/run.ts";
import { AppFailure } from "../provisioning/failure.ts";
import type { Provisioner } from "../provisioning/provisioner.ts";
import { accountTotals, forgetTarget } from "../store/accounts.ts";
import { appState, noteApp } from "../store/app-states.ts";
import { dropPush, findPush, insertPush, nextSeq, recentLosses } from "../store/pushes.ts";
import { beginApplying, beginJudging, endAsDone, endDryRun, holdPush } from "../store/run-steps.ts";
import { thinChanges } from "../store/kept-counts.ts";
import { workOn } from "../store/leases.ts";
import { refreshStatistics } from "../store/statistics.ts";
import { keepStarted } from "../store/started-once.ts";
import { appendEvents } from "../store/system-log.ts";
import { judgePush } from "../reconciler/judge-push.ts";
import { write } from "./record/write.ts";
import { Stopwatch } from "./record/stopwatch.ts";
import type { ClaimedApp, PushContext } from "./sending/context.ts";
import { dropHeldPushes, failPush, recoverPushes } from "./sending/end.ts";
import * as events from "./sending/events.ts";
import { sendGroups } from "./sending/groups.ts";
import { planGroups, type PlannedGroups } from "./sending/plan-groups.ts";
import { countsAfter, planPush, type PlanResult, type PushAsked } from "./sending/plan.ts";
import { ready, notePaused } from "./sending/ready.ts";
import { totalsOfPush } from "./sending/totals.ts";
import { addTotals } from "../store/totals.ts";
import { sendPlan } from "./sending/send.ts";

export interface PushRequest {
  readonly kind: Exclude<PushKind, "revert">;
  readonly trigger: Trigger;
  readonly dryRun: boolean;
  /** Only these users; null: everybody. */
  readonly userIds: readonly string[] | null;
}

/**
 * Makes the accounts of an app what is desired.
 * @throws RollcallError `run.busy`, `config.unknownApp`
 */
export async function pushApp(
  engine: Engine,
  name: string,
  request: PushRequest,
  by: AskedBy,
): Promise<Push> {
  return await withApp(engine, name, by, async (claimed) => {
    await recoverPushes(claimed);
    return await beginPush(claimed, request, async (context, stopwatch) => {
      await decideAndSend(context, request, stopwatch);
    });
  });
}

/** Claims the app for as long as the work takes. */
export async function withApp<T>(
  engine: Engine,
  name: string,
  by: AskedBy,
  work: (claimed: ClaimedApp) => Promise<T>,
): Promise<T> {
  const app = configuredApp(engine.apps, name);
  await using claim = await claimLease(engine.store, `app:${name}`, engine.holder, by.signal);
  const { lease, signal } = claim;
  return await work({ ...by, engine, app, lease, signal, progress: telling(by, claim) });
}

/** How a push begins: with a record of its own, or one that waited. */
export interface PushStart extends Pick<PushRequest, "trigger" | "dryRun" | "userIds"> {
  readonly kind: PushKind;
  /** The held push whose plan it carries out. */
  readonly resumes?: string;
  /** The push that it puts back. */
  readonly reverts?: string;
}

/** Opens the app, makes the record, does the work, and writes down what stopped it. */
export async function beginPush(
  claimed: ClaimedApp,
  request: PushStart,
  work: (context: PushContext, stopwatch: Stopwatch) => Promise<void>,
): Promise<Push> {
  const { engine, app, actor } = claimed;
  const { name } = app.settings;
  const id = request.resumes ?? uuidV7();
  if (request.resumes === undefined) {
    const push = { ...request, id, app: name, actor, reverts: request.reverts ?? null };
    await write(claimed, async (trx) => {
      await insertPush(trx, push);
      await workOn(trx, claimed.lease, id);
      if (claimed.once !== undefined) await keepStarted(trx, claimed.once, id);
      // Of one that nobody asked for is told once there is something to do.
      if (request.trigger === "manual")
        await appendEvents(trx, id, actor, [events.started(app.settings, push)]);
    });
  }
  claimed.begun?.(id);
  try {
    await noteTarget(claimed, request);
    const { declared, learned } = await appState(engine.store.db, name);
    await using provisioner = await engine.openApp(name, {
      declared,
      learned,
      onPause: (until) => void notePaused(claimed, until),
    });
    const isManual = request.trigger === "manual";
    const now = Date.now();
    const desk = await Desk.open(engine, app, { now, isManual });
    const context: PushContext = { ...claimed, run: { id, now }, desk, provisioner };
    const hurry = (): void => hurryUp(provisioner);
    if (claimed.signal.aborted) hurry();
    claimed.signal.addEventListener("abort", hurry, { once: true });
    try {
      if (!request.dryRun) await waitForApp(context);
      await work(context, new Stopwatch());
    } finally {
      claimed.signal.removeEventListener("abort", hurry);
      const { learned: found } = provisioner;
      if (found !== null) await write(claimed, (trx) => noteApp(trx, name, { learned: found }));
    }
  } catch (thrown) {
    await failPush(claimed, id, thrown);
    if (!(thrown instanceof RollcallError) && !claimed.signal.aborted) throw thrown;
  }
  // Each push is a change of accounts; the run is over, whatever becomes of old notes.
  await thinChanges(engine.store.db).catch(() => undefined);
  return (await findPush(engine.store.db, id)) ?? idlePush(claimed, id, request);
}

/** How long requests on their way may take when somebody wants the push to end. */
const FAREWELL_MS = 10_000;

function hurryUp(provisioner: Provisioner): void {
  const message = "Nothing more is sent, because the push is to end.";
  provisioner.stop(new AppFailure("unreachable", "push.interrupted", message));
  provisioner.endIn(FAREWELL_MS);
}

/** A push that nobody asked for and that found nothing to do. */
function idlePush(
  { app, actor }: ClaimedApp,
  id: string,
  { kind, trigger, dryRun }: PushStart,
): Push {
  const now = new Date().toISOString();
  return {
    id,
    app: app.settings.name,
    kind,
    trigger,
    actor,
    dryRun,
    status: "done",
    state: "done",
    counts: NO_PUSH_COUNTS,
    phases: [],
    held: null,
    error: null,
    decidedBy: null,
    reverts: null,
    userIds: null,
    startedAt: now,
    finishedAt: now,
  };
}

/** How many changes make the statistics of the database wrong. */
const LARGE = 1000;

async function decideAndSend(
  context: PushContext,
  request: PushRequest,
  stopwatch: Stopwatch,
): Promise<void> {
  const { engine, app, run, actor } = context;
  const { dryRun, userIds, kind } = request;
  await unpause(context, dryRun);
  stopwatch.begin("reading");
  const seen = await changeMark(engine, app.settings.name);
  const asked: PushAsked = {
    userIds,
    dryRun,
    everybody: kind === "force-sync" || userIds !== null,
  };
  const plan = await planPush(context, asked);
  // Of everybody's first push the planner would know nothing while it is sent, and the next is looked for.
  if (plan.size >= LARGE && !dryRun)
    await refreshStatistics(engine.store.db, "accounts").catch(() => undefined);
  const groups = await planGroups(context, { first: plan.size, whole: userIds === null });
  if (request.trigger !== "manual") {
    if (plan.size === 0 && !groups.isOwed) return await endIdle(context, seen);
    await write(context, async (trx) => {
      const event = events.started(app.settings, request);
      await appendEvents(trx, run.id, actor, [event]);
    });
  }
  stopwatch.begin("judging");
  await write(context, (trx) => beginJudging(trx, run.id, { counts: plan.counts }));
  const held = await judge(context, plan.tally, groups.tally);
  if (dryRun) {
    await write(context, async (trx) => {
      await endDryRun(trx, run.id, held, { counts: plan.counts, phases: stopwatch.phases() });
      await appendEvents(trx, run.id, actor, [events.completed(app.settings, kind, plan.counts)]);
    });
    return;
  }
  // A push of some knows nothing of the others.
  if (userIds === null) await dropHeldPushes(context, `replaced by ${run.id}`);
  if (held !== null) {
    return await hold(context, { kind, counts: plan.counts, held, stopwatch });
  }
  await write(context, (trx) => beginApplying(trx, run.id, null));
  await sendAll(context, { plan, kind, stopwatch, asked, seen });
}

export interface Holding {
  readonly kind: PushKind;
  readonly counts: PushCounts;
  readonly held: PushHeld;
  readonly stopwatch: Stopwatch;
}

/** Waits for a person's decision; nothing was sent. */
export async function hold(
  { app, run, actor, ...context }: PushContext,
  { kind, counts, held, stopwatch }: Holding,
): Promise<void> {
  await write(context, async (trx) => {
    await holdPush(trx, run.id, held, { counts, phases: stopwatch.phases() });
    await addTotals(trx, totalsOfPush(app.settings.name, kind, "held"));
    await appendEvents(trx, run.id, actor, [events.held(app.settings, kind, held)]);
  });
}

/** Losses of a while count together, so that mass deprovisioning does not pass in slices. */
const TOGETHER_MINUTES = 60;

/** @returns the limit that is exceeded; null: none */
export async function judge(
  { engine, app }: PushContext,
  accounts: PlanResult["tally"],
  groups: PlannedGroups["tally"],
): Promise<PushHeld | null> {
  const { db } = engine.store;
  const { name, safeguard } = app.settings;
  const { active, attempted } = await accountTotals(db, name);
  const before = await recentLosses(db, name, TOGETHER_MINUTES);
  const earlier = accounts.losses > 0 ? before.accounts : 0;
  const left = groups.removedMemberships > 0 ? before.memberships : 0;
  return judgePush(safeguard, {
    updates: accounts.updates,
    // What may be there counts among both, as its loss does.
    accounts: active + attempted + earlier,
    losses: accounts.losses + earlier,
    memberships: groups.memberships + left,
    removedMemberships: groups.removedMemberships + left,
  });
}

/** Nothing is owed, and nobody asked: nothing is told either. */
async function endIdle({ app, run, ...context }: PushContext, seen: string): Promise<void> {
  await write(context, async (trx) => {
    await noteApp(trx, app.settings.name, { seen, fullAt: new Date(), failures: 0 });
    await dropPush(trx, run.id);
  });
}

interface Sendable {
  readonly plan: Pick<PlanResult, "counts">;
  readonly kind: PushKind;
  readonly stopwatch: Stopwatch;
  readonly asked: PushAsked;
  /** Whether a person approved it: then nothing is sent but what was shown. */
  readonly isExact?: true;
  /** Which changes of people the plan has seen; null: not known. */
  readonly seen: string | null;
}

/** Sends what is planned, then what became possible by it, then the groups; and ends the push. */
export async function sendAll(context: PushContext, sendable: Sendable): Promise<void> {
  const { app, run, actor } = context;
  const { plan, kind, stopwatch, asked, seen, isExact = false } = sendable;
  stopwatch.begin("applying");
  const { name } = app.settings;
  const owed =
    plan.counts.created + plan.counts.adopted + plan.counts.updated + plan.counts.deactivated;
  if (owed > 0) {
    await ready(context);
    const { newAccounts } = await sendPlan(context, owed, isExact);
    // Of what was approved nothing follows; the next push sends that.
    if (!isExact && refersToUsers(context) && newAccounts > 0) await sendReferences(context, asked);
  }
  if (asked.userIds === null) await sendGroups(context, isExact);
  const counts = await countsAfter(context, plan.counts);
  await write(context, async (trx) => {
    await endAsDone(trx, run.id, counts, stopwatch.phases());
    await addTotals(trx, totalsOfPush(name, kind, "done", counts));
    const looked = seen === null || asked.userIds !== null ? {} : { seen, fullAt: new Date() };
    await noteApp(trx, name, { failures: 0, ...looked });
    await appendEvents(trx, run.id, actor, [events.completed(app.settings, kind, counts)]);
  });
}

/** Whoever names somebody who has an account only now, or another one. */
async function sendReferences(context: PushContext, asked: PushAsked): Promise<void> {
  const { engine, run } = context;
  const first = await nextSeq(engine.store.db, run.id);
  const again: PushAsked = { ...asked, everybody: true, changesOnly: true };
  const second = await planPush(context, again, first);
  await sendPlan(context, second.counts.updated);
}

function refersToUsers({ app }: PushContext): boolean {
  const { attributes } = app.settings;
  return [...app.mappings.keys()].some((name) => attributes.get(name)?.refersToUser === true);
}

const SHORT_PAUSE_MS = 60_000;

/** A short pause that the app asked for is waited out; a long one ends the push. */
async function waitForApp({ engine, app, provisioner, note, signal }: PushContext): Promise<void> {
  const { notBefore } = await appState(engine.store.db, app.settings.name);
  const wait = notBefore === null ? 0 : notBefore - Date.now();
  if (wait <= 0 || notBefore === null) return;
  const until = new Date(notBefore).toISOString();
  if (wait > SHORT_PAUSE_MS) {
    const message = `${app.settings.label} asks to be left alone until ${until}.`;
    throw new AppFailure("later", "app.busy", message, { retryAfter: wait });
  }
  note(`${app.settings.label} asks to be left alone until ${until}; waiting.`);
  provisioner.pauseUntil(notBefore);
  await sleep(wait, signal);
}

/** While an app is paused, its credential is tested, and nothing else is sent. */
async function unpause(context: PushContext, dryRun: boolean): Promise<void> {
  const { engine, app } = context;
  const { paused } = await appState(engine.store.db, app.settings.name);
  if (paused === null || dryRun) return;
  // Only a refused credential can be good again by itself.
  if (paused.code !== "app.credentials") await refusePaused(context);
  await ready(context);
}

/** At another address there are other accounts: all are looked for again. */
async function noteTarget(
  claimed: ClaimedApp,
  { dryRun, resumes, reverts }: PushStart,
): Promise<void> {
  const { engine, app } = claimed;
  const { name, target } = app.settings;
  const { target: before } = await appState(engine.store.db, name);
  if (dryRun || before === target.url) return;
  if (resumes !== undefined || reverts !== undefined) return await refuseMoved(claimed);
  await write(claimed, async (trx) => {
    if (before !== null) await forgetTarget(trx, name);
    await noteApp(trx, name, { target: target.url, ...(before === null ? {} : { learned: {} }) });
  });
  if (before !== null)
    claimed.note(`The address of ${name} is another one, so every account is looked for again.`);
}

/**
 * What was planned, or done, at one address is nothing for another: ids are other people's there.
 * @throws RollcallError `app.moved`
 */
export async function refuseMoved({ engine, app }: ClaimedApp): Promise<void> {
  const { name, target, label } = app.settings;
  const { target: before } = await appState(engine.store.db, name);
  if (before === null || before === target.url) return;
  const message = `${label} was at ${before} when this was pushed, and is at ${target.url} now.`;
  throw new RollcallError("app.moved", message);
}

/** @throws RollcallError `run.notFound` */
export async function requirePush(engine: Engine, id: string): Promise<Push> {
  const push = await findPush(engine.store.db, id);
  if (push === null) throw new RollcallError("run.notFound", `There is no push ${id}.`);
  return push;
}

/** @throws RollcallError `app.paused` */
export async function refusePaused({ engine, app }: ClaimedApp): Promise<void> {
  const { paused } = await appState(engine.store.db, app.settings.name);
  if (paused === null) return;
  const message = `${app.settings.label} is paused (${paused.code}): ${paused.message}`;
  throw new RollcallError("app.paused", message);
}
