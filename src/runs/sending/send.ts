/**
 * Carries out a push's plan, step by step and page by page. That creations are attempted is on
 * record before they are sent; what the app acknowledged is written down while others are on
 * their way, so that little has to be looked for after a crash.
 */
import type { Looked } from "../../engine/accounts/desk.ts";
import { Breath } from "../../lib/breath.ts";
import { sameJson } from "../../lib/same.ts";
import type { Account, AccountAction } from "../../model/account.ts";
import type { User } from "../../model/user.ts";
import { accountsOf, noteIntents, type Intent } from "../../store/accounts.ts";
import { plannedPushes, savePushChanges, type PlannedPush } from "../../store/pushes.ts";
import { usersByIds } from "../../store/users.ts";
import { write } from "../record/write.ts";
import { plannedChanges, withDoubt } from "../../reconciler/decide-account.ts";
import { Breaker } from "./breaker.ts";
import type { PushContext } from "./context.ts";
import { CreationGate } from "./creation-gate.ts";
import { doDeed, isOfNobody, type Hands } from "./deed.ts";
import { interrupted } from "./end.ts";
import { Owners } from "./owners.ts";
import { plannedAction, SEND_STEPS } from "./plan.ts";
import { Recorder } from "./recorder.ts";

const PAGE = 500;
/** When so few of a page are left, the next one is looked at, so that the app does not wait for it. */
const ALMOST_THROUGH = 100;
const MOST_CLAIMED = 5000;

/**
 * @param total how many accounts there are to send
 * @param isExact whether only what was shown may be sent, to the last value
 * @returns how many people have an account there that they had not, or another one
 * @throws AppFailure if the app as a whole cannot go on; RollcallError `push.interrupted`
 */
export async function sendPlan(
  context: PushContext,
  total: number,
  isExact = false,
): Promise<{ readonly newAccounts: number }> {
  const breaker = new Breaker();
  const recorder = new Recorder(context, total);
  const owners = new Owners(context.engine.store.db, context.app.settings.name);
  try {
    for (const step of Object.values(SEND_STEPS))
      await sendStep(context, step, { breaker, recorder, owners, isExact });
  } finally {
    await recorder.flush();
  }
  return { newAccounts: recorder.newAccounts };
}

interface Sending {
  readonly breaker: Breaker;
  readonly recorder: Recorder;
  readonly owners: Owners;
  /** Whether only what was shown may be sent, to the last value. */
  readonly isExact: boolean;
}

async function sendStep(context: PushContext, step: number, sending: Sending): Promise<void> {
  const { db } = context.engine.store;
  const { recorder, owners } = sending;
  const underway: Promise<void>[] = [];
  const faults = new Faults();
  try {
    for (let after = -1; ;) {
      const rows = await plannedPushes(db, context.run.id, step, { after, limit: PAGE });
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.seq;
      // What failed while the database was asked.
      faults.check();
      const { almostThrough, through } = beginPage(context, rows, sending, faults);
      underway.push(through);
      await almostThrough;
      faults.check();
      // Two at most: one that is almost through, and the next one.
      if (underway.length > 1) await underway.shift();
      mayGoOn(context, sending);
      if (owners.claims > MOST_CLAIMED) {
        await Promise.all(underway.splice(0));
        await recorder.flush();
        owners.forgetClaims();
      }
    }
    await Promise.all(underway);
  } finally {
    await Promise.allSettled(underway);
  }
  mayGoOn(context, sending);
}

/** @throws AppFailure if the app as a whole cannot go on; RollcallError if the push was interrupted */
function mayGoOn({ signal }: PushContext, { breaker }: Sending): void {
  if (signal.aborted) throw interrupted(signal);
  breaker.check();
}

/** A page on its way. */
interface Underway {
  /** When few are left of it, or it failed. */
  readonly almostThrough: Promise<void>;
  readonly through: Promise<void>;
}

/** What failed of pages on their way; whoever waits for any of them is woken. */
class Faults {
  readonly #all: unknown[] = [];
  readonly #wakes: (() => void)[] = [];

  onFault(wake: () => void): void {
    this.#wakes.push(wake);
  }

  note(fault: unknown): void {
    this.#all.push(fault);
    for (const wake of this.#wakes) wake();
  }

  /** @throws what failed first */
  check(): void {
    if (this.#all.length > 0) throw this.#all[0];
  }
}

function beginPage(
  context: PushContext,
  rows: readonly PlannedPush[],
  sending: Sending,
  faults: Faults,
): Underway {
  const { promise: almostThrough, resolve } = Promise.withResolvers<void>();
  faults.onFault(resolve);
  const sent = sendPage(context, rows, sending, (left) => {
    if (left <= ALMOST_THROUGH) resolve();
  });
  const through = sent
    .catch((fault: unknown) => {
      faults.note(fault);
      throw fault;
    })
    .finally(resolve);
  through.catch(() => undefined); // reported when it is waited for
  return { almostThrough, through };
}

/** @param onLeft is told how many people of the page are left, whenever that changes */
async function sendPage(
  context: PushContext,
  rows: readonly PlannedPush[],
  { breaker, recorder, owners, isExact }: Sending,
  onLeft: (people: number) => void,
): Promise<void> {
  const looked = await lookAgain(context, rows);
  const pairs = rows.flatMap((row) => {
    const one = looked.get(row.userId ?? "");
    return one !== undefined && stillFits(row, one, isExact) ? [{ row, looked: one }] : [];
  });
  const fitting = new Set(pairs.map(({ row }) => row.seq));
  const outdated = rows.filter((row) => !fitting.has(row.seq));
  const { name } = context.app.settings;
  await write(context, async (trx) => {
    await savePushChanges(trx, context.run.id, outdated.map(leftOut));
    const doubts = pairs.filter(({ looked: one }) => one.decision.do !== "find");
    const intents = doubts.map(({ looked: one }) => withDoubt(one.account, one.decision));
    await noteIntents(trx, name, intents.map(intentOf));
  });
  const gate = new CreationGate(pairs.length, (accounts) =>
    write(context, (trx) => noteIntents(trx, name, accounts.map(intentOf))),
  );
  const hands: Hands = { owners, beforeCreation: (account) => gate.enter(account) };
  const sendOne = async ({ row, looked: one }: (typeof pairs)[number]): Promise<void> => {
    // What is not sent any more stays as it was planned.
    if (context.signal.aborted || breaker.reason !== null) return recorder.untouched(one);
    const deed = await doDeed(context, one, hands);
    const thrown = deed.failure?.thrown ?? null;
    breaker.count(thrown, deed.failure !== null);
    if (breaker.reason !== null) context.provisioner.stop(breaker.reason);
    // Whom the app did not let us ask for stays as it was planned.
    if (isOfNobody(thrown) && deed.done.length === 0) return recorder.untouched(one);
    await recorder.add(row, deed);
  };
  let left = pairs.length;
  onLeft(left);
  const leave = (): void => {
    gate.leave();
    onLeft(--left);
  };
  await Promise.all(pairs.map((pair) => sendOne(pair).finally(leave)));
}

function intentOf({ userId, externalId, state, attempted, unsure }: Account): Intent {
  return { userId, externalId, state, attempted, unsure };
}

/** Bodies are made now, from what is stored now. */
async function lookAgain(
  { engine, app, desk, signal }: PushContext,
  rows: readonly PlannedPush[],
): Promise<ReadonlyMap<string, Looked>> {
  const { db } = engine.store;
  const ids = rows.flatMap((row) => row.userId ?? []);
  const users: User[] = await usersByIds(db, ids);
  const there = new Set(users.map((user) => user.id));
  const gone = ids.filter((id) => !there.has(id));
  const accounts = [...(await accountsOf(db, app.settings.name, gone)).values()];
  const looked = [...(await desk.look(users, new Breath(signal))), ...desk.lookAtOrphans(accounts)];
  return new Map(looked.map((one) => [one.userId, one]));
}

/** Whether what was shown is still what would be done. */
function stillFits(row: PlannedPush, { decision, facts }: Looked, isExact: boolean): boolean {
  const planned = plannedAction(decision);
  if (planned === null || planned.action !== row.action || planned.step !== row.step) return false;
  return !isExact || sameJson(plannedChanges(facts.account, decision), row.changes);
}

function leftOut(row: PlannedPush): PlannedPush {
  const action: AccountAction = "skipped";
  return { ...row, action, reason: "changedSince", applied: true, lost: false, changes: [] };
}
