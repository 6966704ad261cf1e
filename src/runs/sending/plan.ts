/**
 * The plan of a push: whoever may have to be decided on is looked at page by page, and what shall
 * be sent becomes rows of the push's history that are not applied yet. Nothing is sent here.
 */
import type { Looked } from "../../engine/accounts/desk.ts";
import { mapAhead } from "../../lib/ahead.ts";
import { Breath } from "../../lib/breath.ts";
import { sameJson } from "../../lib/same.ts";
import {
  NO_PUSH_COUNTS,
  type Account,
  type AccountAction,
  type PushCounts,
} from "../../model/account.ts";
import type { EventDraft } from "../../model/event.ts";
import type { User } from "../../model/user.ts";
import {
  changesOf,
  plannedChanges,
  type AccountDecision,
} from "../../reconciler/decide-account.ts";
import type { PushTally } from "../../reconciler/judge-push.ts";
import {
  accountTotals,
  dueUsers,
  orphanedAccounts,
  saveAccounts,
  type DueQuery,
} from "../../store/accounts.ts";
import {
  countPushActions,
  countPushedPeople,
  savePushChanges,
  type PlannedPush,
} from "../../store/pushes.ts";
import { appendEvents } from "../../store/system-log.ts";
import { closeTasks, openTasks, type NewTask } from "../../store/tasks.ts";
import type { Trx } from "../../store/connection.ts";
import { write } from "../record/write.ts";
import type { PushContext } from "./context.ts";
import * as events from "./events.ts";

const PAGE = 1000;
/** Pages that are loaded while another is decided on. */
const IN_FLIGHT = 2;

/** In which order things are sent: whoever loses access first, then new accounts, then changes. */
export const SEND_STEPS = { taken: 0, found: 1, changed: 2 } as const;
/** Of rows that only tell. */
const TOLD = -1;

export interface PushAsked {
  /** Whom to look at; null: everybody. */
  readonly userIds: readonly string[] | null;
  /** Whether also those are decided on anew who have not changed. */
  readonly everybody: boolean;
  /** Whether nothing is written but the plan. */
  readonly dryRun: boolean;
  /** Only what changes because others have accounts by now; whatever else is owed waits. */
  readonly changesOnly?: true;
}

export interface PlanResult {
  readonly counts: PushCounts;
  readonly tally: Pick<PushTally, "losses" | "updates">;
  /** The number behind the last row's. */
  readonly size: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export async function planPush(
  context: PushContext,
  asked: PushAsked,
  first = 0,
): Promise<PlanResult> {
  const plan = new Planner(context, asked, first);
  const { engine, app, desk } = context;
  const { name } = app.settings;
  const query: DueQuery = {
    app: name,
    fingerprint: engine.appFingerprintOf(name),
    everybody: asked.everybody || desk.looksAtEverybody,
    userIds: asked.userIds,
  };
  const { db } = engine.store;
  const pages = pagesOf(context, query);
  const look = (users: readonly User[]): Promise<Looked[]> =>
    desk.look(users, new Breath(context.signal));
  for await (const looked of mapAhead(pages, IN_FLIGHT, look)) await plan.add(looked);
  for (let after: string | null = null; ;) {
    context.signal.throwIfAborted();
    const accounts: Account[] = await orphanedAccounts(db, query, after, PAGE);
    const last = accounts.at(-1);
    if (last === undefined) break;
    await plan.add(desk.lookAtOrphans(accounts));
    after = last.userId;
  }
  return await plan.result();
}

async function* pagesOf({ engine, signal }: PushContext, query: DueQuery): AsyncGenerator<User[]> {
  for (let after: string | null = null; ;) {
    signal.throwIfAborted();
    const users = await dueUsers(engine.store.db, query, after, PAGE);
    const last = users.at(-1);
    if (last === undefined) return;
    yield users;
    after = last.id;
  }
}

class Planner {
  readonly #context: PushContext;
  readonly #asked: PushAsked;
  readonly #counts: Mutable<PushCounts> = { ...NO_PUSH_COUNTS };
  #assigned = 0;
  #losses = 0;
  #updates = 0;
  #seq: number;
  #looked = 0;

  constructor(context: PushContext, asked: PushAsked, first: number) {
    this.#context = context;
    this.#asked = asked;
    this.#seq = first;
  }

  #refersOnly({ decision, facts }: Looked): boolean {
    if (decision.do !== "update") return false;
    const { attributes } = this.#context.app.settings;
    const changes = changesOf(facts.account, decision.desired);
    return changes.every(({ attribute }) => attributes.get(attribute)?.refersToUser === true);
  }

  async add(page: readonly Looked[]): Promise<void> {
    const { app, run, progress } = this.#context;
    const { dryRun } = this.#asked;
    const rows: PlannedPush[] = [];
    const accounts: Account[] = [];
    const drafts: EventDraft[] = [];
    const failed: NewTask[] = [];
    const healed: string[] = [];
    // What else changed meanwhile is the next push's, which judges it.
    const concerned =
      this.#asked.changesOnly === true ? page.filter((looked) => this.#refersOnly(looked)) : page;
    for (const looked of concerned) {
      const row = this.#rowOf(looked);
      if (row !== null) rows.push(row);
      if (looked.account.assignedBy !== null) this.#assigned++;
      const kept = keptAfter(looked);
      if (kept === null) continue;
      accounts.push(kept);
      drafts.push(...events.assignmentEvents(app.settings, looked, kept));
      if (kept.error !== null && looked.decision.do === "fail") failed.push(taskOf(kept));
      else if (looked.facts.account?.error != null && kept.error === null) healed.push(kept.userId);
    }
    this.#looked += page.length;
    const { name } = app.settings;
    progress({ directory: name, phase: "reading", done: this.#looked, total: null });
    if (rows.length === 0 && (dryRun || accounts.length === 0)) return;
    await write(this.#context, async (trx) => {
      await savePushChanges(trx, run.id, rows);
      if (!dryRun) await this.#keep(trx, { accounts, drafts, failed, healed });
    });
  }

  async #keep(
    trx: Trx,
    {
      accounts,
      drafts,
      failed,
      healed,
    }: {
      readonly accounts: readonly Account[];
      readonly drafts: readonly EventDraft[];
      readonly failed: readonly NewTask[];
      readonly healed: readonly string[];
    },
  ): Promise<void> {
    const { app, run, actor } = this.#context;
    const { name } = app.settings;
    await saveAccounts(trx, accounts);
    const opened = new Set(await openTasks(trx, failed));
    const closed = await closeTasks(trx, name, healed);
    const tasks = failed.filter((task) => opened.has(task.subject));
    await appendEvents(trx, run.id, actor, [
      ...drafts,
      ...tasks.map((task) => events.taskCreated(app.settings, task)),
      ...closed.map((subject) => events.taskDone(app.settings, subject)),
    ]);
  }

  /** A row for whoever is concerned; null for those who only are counted. */
  #rowOf({ userId, login, decision, facts }: Looked): PlannedPush | null {
    const { account } = facts;
    const planned = plannedAction(decision);
    if (planned === null) {
      if (isSkipped(decision) && account?.assignedBy != null) this.#counts.skipped++;
      return null;
    }
    const { action, step } = planned;
    this.#counts[countedAs(action)]++;
    const lost = step === SEND_STEPS.taken;
    if (lost) this.#losses++;
    if (action === "updated") this.#updates++;
    return {
      seq: this.#seq++,
      step,
      action,
      userId,
      login,
      externalId: account?.externalId ?? null,
      reason: decision.reason,
      changes: plannedChanges(account, decision),
      error: decision.do === "fail" ? decision.error : null,
      applied: step === TOLD,
      lost,
    };
  }

  async result(): Promise<PlanResult> {
    const { engine, app } = this.#context;
    const totals = await accountTotals(engine.store.db, app.settings.name);
    const assigned =
      this.#asked.dryRun || this.#asked.userIds !== null ? this.#assigned : totals.assigned;
    const { created, adopted, updated, failed, skipped, held } = this.#counts;
    const unchanged = Math.max(0, assigned - created - adopted - updated - failed - skipped);
    return {
      counts: { ...this.#counts, assigned, unchanged, held },
      tally: { losses: this.#losses, updates: this.#updates },
      size: this.#seq,
    };
  }
}

function countedAs(action: PlannedPush["action"]): Exclude<keyof PushCounts, "assigned"> {
  if (action === "deleted") return "deactivated";
  if (action === "reactivated") return "updated";
  return action === "removed" ? "unchanged" : action;
}

/** Whether something differs, and is not sent. */
function isSkipped(decision: AccountDecision): boolean {
  return decision.do === "nothing" && decision.reason !== null && decision.reason !== "kept";
}

/** What a decision does, and when; null for what is not sent and not told by itself. */
export function plannedAction(decision: AccountDecision): {
  readonly action:
    | "created"
    | "adopted"
    | "updated"
    | "deactivated"
    | "deleted"
    | "failed"
    | "held";
  readonly step: number;
} | null {
  switch (decision.do) {
    case "nothing":
      return decision.reason === "sourceUnsettled" ? { action: "held", step: TOLD } : null;
    case "fail":
      return { action: "failed", step: TOLD };
    case "find":
      // What may have been made for somebody who is not to have it is taken away.
      if (decision.desired === null) return { action: "deactivated", step: SEND_STEPS.taken };
      return { action: decision.create ? "created" : "adopted", step: SEND_STEPS.found };
    case "reactivate":
      return { action: "updated", step: SEND_STEPS.found };
    case "update":
      return { action: "updated", step: SEND_STEPS.changed };
    case "deactivate":
      return { action: "deactivated", step: SEND_STEPS.taken };
    case "delete":
      return { action: "deleted", step: SEND_STEPS.taken };
  }
}

/** The account as it is to be kept now; null if it is kept so already, or need not be. */
function keptAfter({ account, decision, facts, isKnown }: Looked): Account | null {
  if (!isKnown && account.assignedBy === null) return null;
  const after = { ...account, ...standing(account, decision), reason: decision.reason };
  return facts.account !== null && sameJson(facts.account, after) ? null : after;
}

type Standing = Pick<Account, "settled" | "error" | "attempts" | "refused" | "retryAt">;

/** What is owed, and what failed, by a decision of which nothing was sent yet. */
function standing(account: Account, decision: AccountDecision): Standing {
  const { error, attempts, refused, retryAt } = account;
  const asItWas = { error, attempts, refused, retryAt };
  switch (decision.do) {
    case "nothing": {
      const { settled, reason } = decision;
      const isOwed = reason === "blocked" || reason === "later";
      return isOwed
        ? { ...asItWas, settled }
        : { settled, error: null, attempts: 0, refused: null, retryAt: null };
    }
    case "fail":
      // What a mapping does not give now, it gives when something changed.
      return {
        ...asItWas,
        settled: decision.reason === "invalid",
        error: decision.error,
        retryAt: null,
      };
    case "find":
    case "update":
    case "reactivate":
    case "deactivate":
    case "delete":
      return { ...asItWas, settled: false };
  }
}

function taskOf({ app, userId, login, error, state }: Account): NewTask {
  const what = state === "none" || state === "attempted" ? "create" : "update";
  if (error === null) throw new Error("a task without an error");
  return { app, subject: userId, userId, login, what, error };
}

/** What a push did, counted from its history; whoever is not in it is as it was planned. */
export async function countsAfter(
  { engine, run }: Pick<PushContext, "engine"> & { readonly run: { readonly id: string } },
  planned: PushCounts,
): Promise<PushCounts> {
  const actions = await countPushActions(engine.store.db, run.id, true);
  const of = (...names: AccountAction[]): number =>
    names.reduce((sum, name) => sum + (actions.get(name) ?? 0), 0);
  const counts = {
    created: of("created"),
    adopted: of("adopted"),
    updated: of("updated", "reactivated"),
    deactivated: of("deactivated", "deleted"),
    failed: of("failed"),
    held: of("held"),
    skipped: planned.skipped + of("skipped"),
  };
  // Who was made and then changed is one person; who was not reached any more is not unchanged.
  const people = await countPushedPeople(engine.store.db, run.id);
  const unchanged = Math.max(0, planned.assigned - planned.skipped - people);
  return { ...counts, assigned: planned.assigned, unchanged };
}
