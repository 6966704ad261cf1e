/**
 * What is done to one account: each step is sent, and what the app acknowledged decides the next,
 * until nothing is owed or something fails. Nothing is written here; what came of it is returned.
 */
import type { Looked } from "../../engine/accounts/desk.ts";
import { asRollcallError } from "../../model/errors.ts";
import type {
  Account,
  AccountAction,
  AccountChange,
  AccountError,
  AccountProfile,
  TaskKind,
} from "../../model/account.ts";
import { afterwards, AppFailure } from "../../provisioning/failure.ts";
import type { AccountName, Acknowledged, RemoteAccount } from "../../provisioning/provisioner.ts";
import {
  changesOf,
  SWITCHED_OFF,
  SWITCHED_ON,
  withDoubt,
  type AccountDecision,
} from "../../reconciler/decide-account.ts";
import { placesOf, type DesiredAccount } from "../../reconciler/desired-account.ts";
import type { PushContext } from "./context.ts";
import { findAccount } from "./match.ts";
import type { Owners } from "./owners.ts";

export interface Deed {
  readonly looked: Looked;
  readonly account: Account;
  /** What was sent and acknowledged, in order. */
  readonly done: readonly {
    readonly action: SentAction;
    readonly changes: readonly AccountChange[];
  }[];
  readonly failure: DeedFailure | null;
}

export type SentAction = Exclude<
  AccountAction,
  "failed" | "skipped" | "held" | "unchanged" | "removed"
>;

export interface DeedFailure {
  readonly action: SentAction;
  readonly what: TaskKind;
  readonly error: AccountError;
  /** Whether a person has to look at it; else it is tried again by itself. */
  readonly needsPerson: boolean;
  /** Of the app as a whole, and not of this account. */
  readonly thrown: AppFailure | null;
}

/** What accounts share while they are sent. */
export interface Hands {
  readonly owners: Owners;
  /** Puts on record that an account is about to be made; resolves when it is. */
  readonly beforeCreation: (account: Account) => Promise<void>;
}

/** More steps than any account needs: found, switched on, changed. */
const MOST_STEPS = 5;
/** What `serve` tries by itself, before a person has to look. */
const MOST_ATTEMPTS = 10;
const FIRST_RETRY_MS = 60_000;
const MOST_RETRY_MS = 6 * 3_600_000;

export async function doDeed(context: PushContext, looked: Looked, hands: Hands): Promise<Deed> {
  const done: Deed["done"][number][] = [];
  let account = looked.account;
  let decision: AccountDecision = looked.decision;
  for (let step = 0; step < MOST_STEPS; step++) {
    if (decision.do === "nothing" || decision.do === "fail") break;
    try {
      const outcome = await send(context, { looked, account, decision, hands });
      account = outcome.account;
      if ("failure" in outcome) return failed(looked, account, done, outcome.failure);
      // Nobody was found, and nobody is to be made.
      if (outcome.done === null) return { looked, account: healed(account), done, failure: null };
      done.push(outcome.done);
    } catch (thrown) {
      const failure = failureOf(thrown, decision);
      // Of a refused credential no account can be blamed.
      if (isOfNobody(failure.thrown)) return { looked, account, done, failure };
      return failed(looked, afterFailure(account, decision, failure), done, failure);
    }
    decision = context.desk.decide({ ...looked.facts, account });
  }
  if (decision.do !== "nothing" && decision.do !== "fail" && done.length === MOST_STEPS) {
    const failure = neverDone(decision);
    return failed(looked, afterFailure(account, decision, failure), done, failure);
  }
  const last = decision.do === "nothing" ? decision : { settled: false, reason: null };
  const after = healed({ ...account, settled: last.settled, reason: last.reason });
  return { looked, account: after, done, failure: null };
}

/** Whether nothing was sent for this account, or what failed says nothing of it. */
export function isOfNobody(thrown: AppFailure | null): boolean {
  if (thrown === null || thrown.uncertain) return false;
  return thrown.kind === "credential" || thrown.untried;
}

/** What is acknowledged again and again, and still owed. */
function neverDone(decision: Sending["decision"]): DeedFailure {
  const [what, action] = WHAT[decision.do];
  const message = `After ${MOST_STEPS} steps that the app acknowledged, the account is still not as it should be.`;
  const error: AccountError = { code: "app.notKept", field: what, message, appSaid: null };
  return { action, what, error, needsPerson: true, thrown: null };
}

function healed(account: Account): Account {
  return { ...account, error: null, attempts: 0, refused: null, retryAt: null };
}

interface Sending {
  readonly looked: Looked;
  readonly account: Account;
  readonly decision: Exclude<AccountDecision, { readonly do: "nothing" | "fail" }>;
  readonly hands: Hands;
  /** The id under which the app had it before it vanished. */
  readonly before?: string | null;
}

type Outcome =
  | { readonly account: Account; readonly done: Deed["done"][number] | null }
  | { readonly account: Account; readonly failure: DeedFailure };

async function send(context: PushContext, sending: Sending): Promise<Outcome> {
  const { account, decision } = sending;
  const now = new Date().toISOString();
  switch (decision.do) {
    case "find":
      return await find(context, sending, decision);
    case "update":
      return await orFindAgain(context, sending, decision.desired, () =>
        update(context, account, decision.desired),
      );
    case "reactivate":
      return await orFindAgain(context, sending, decision.desired, async () => {
        await context.provisioner.activate(nameOf(account), true);
        const after: Account = { ...account, state: "active", lastPush: now };
        return { account: after, done: { action: "reactivated", changes: [SWITCHED_ON] } };
      });
    case "deactivate":
      return await unlessGone(context, sending, async () => {
        await context.provisioner.activate(nameOf(account), false);
        const after: Account = { ...account, state: "inactive", lastPush: now };
        return { account: after, done: { action: "deactivated", changes: [SWITCHED_OFF] } };
      });
    case "delete":
      return await unlessGone(context, sending, async () => {
        await context.provisioner.delete(nameOf(account));
        return {
          account: { ...gone(account), lastPush: now },
          done: { action: "deleted", changes: [] },
        };
      });
  }
}

export function nameOf(account: Account): AccountName {
  const { externalId, userId, acknowledged, unsure, notKept } = account;
  // Where it is not known how the app calls it, its name proves nothing, either way.
  const isKnown = !unsure.includes("userName") && !notKept.includes("userName");
  const userName = isKnown ? acknowledged?.["userName"] : null;
  return {
    externalId: externalId ?? "",
    ownId: userId,
    userName: typeof userName === "string" ? userName : null,
  };
}

function gone(account: Account): Account {
  return {
    ...account,
    state: "none",
    externalId: null,
    acknowledged: null,
    acknowledgedPlaces: "",
    attempted: null,
    unsure: [],
    notKept: [],
  };
}

/**
 * Whoever is not there any more has lost access already. That is believed only if the app, asked by
 * what identifies the person, shows nobody: something in between may answer for it.
 */
async function unlessGone(
  context: PushContext,
  sending: Sending,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof AppFailure) || thrown.kind !== "vanished") throw thrown;
    const { decision, hands } = sending;
    const account = thrown.uncertain ? withDoubt(sending.account, decision) : sending.account;
    const asked = { account, desired: null, mayBeOurs: true, owners: hands.owners };
    const found = await stillUncertain(thrown, () => findAccount(context, asked));
    if (found.kind === "none") {
      return { account: gone(account), done: { action: "deactivated", changes: [] } };
    }
    if (found.kind === "several") return unmatched(account, found.error, null);
    // It is there, under another id perhaps: the next step switches that one off.
    return adopted(context, account, found.remote, null);
  }
}

/** An account that vanished there is looked for, and made anew where that is allowed. */
async function orFindAgain(
  context: PushContext,
  sending: Sending,
  desired: DesiredAccount,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof AppFailure) || thrown.kind !== "vanished") throw thrown;
    const { create } = context.app.settings.provisioning;
    const { acknowledged: attempted, externalId: before } = sending.account;
    const account: Account = { ...gone(sending.account), state: "attempted", attempted };
    const again = { do: "find", create, reason: "assigned", desired } as const;
    const lost = { ...sending, account, before, decision: again };
    const outcome = await stillUncertain(thrown, () => find(context, lost, again));
    if ("failure" in outcome || outcome.account.externalId !== null) return outcome;
    throw thrown;
  }
}

/** What failed behind a failure does not make that one certain. */
async function stillUncertain<T>(first: AppFailure, work: () => Promise<T>): Promise<T> {
  return first.uncertain ? await afterwards(work) : await work();
}

async function update(
  { provisioner, app }: PushContext,
  account: Account,
  desired: DesiredAccount,
): Promise<Outcome> {
  const changes = changesOf(account, desired);
  const removed = changes.filter(({ to }) => to === null).map(({ attribute }) => attribute);
  const changed = changes.filter(({ to }) => to !== null).map(({ attribute }) => attribute);
  const profile = desired.update;
  const change = { ...nameOf(account), profile, changed, removed };
  const { notKept, had } = await provisioner.update(change);
  // What was never ours is what the app had of its own, and gets back if this is put back.
  const told = changes.map((one): AccountChange => {
    const theirs = one.from === null ? had[one.attribute] : undefined;
    return theirs === undefined ? one : { ...one, from: theirs, wasTheirs: true };
  });
  const kept = Object.entries(account.acknowledged ?? {}).filter(
    ([name]) => !removed.includes(name),
  );
  return {
    account: acknowledged(account, { ...Object.fromEntries(kept), ...profile }, { app, notKept }),
    done: { action: "updated", changes: told },
  };
}

function acknowledged(
  account: Account,
  profile: AccountProfile,
  { app, notKept }: Pick<PushContext, "app"> & { readonly notKept: readonly string[] },
): Account {
  return {
    ...account,
    acknowledged: profile,
    acknowledgedPlaces: placesOf(app, profile),
    unsure: [],
    notKept,
    lastPush: new Date().toISOString(),
  };
}

/** Looks for the account, takes it over, or makes it. */
async function find(
  context: PushContext,
  { account, hands, before = null }: Sending,
  { create, desired }: Extract<AccountDecision, { readonly do: "find" }>,
): Promise<Outcome> {
  const mayBeOurs = account.state === "attempted";
  const { owners } = hands;
  const asked = { account, desired, mayBeOurs, owners, before };
  const found = await findAccount(context, asked);
  if (found.kind === "several") return unmatched(account, found.error, desired);
  if (found.kind === "one") return adopted(context, account, found.remote, desired);
  if (!create || desired === null) {
    // Nobody is there, so nothing is owed.
    const reason = desired === null ? null : ("createOff" as const);
    return { account: { ...gone(account), reason, settled: true }, done: null };
  }
  const attempt: Account = { ...account, state: "attempted", attempted: desired.create };
  await hands.beforeCreation(attempt);
  try {
    const made = await context.provisioner.create(account.userId, desired.create);
    return await created(context, { account: attempt, desired, owners }, made);
  } catch (thrown) {
    if (!(thrown instanceof AppFailure)) throw thrown;
    if (thrown.kind === "taken")
      return await taken(context, { account: attempt, owners, desired }, thrown);
    const failure = failureOf(thrown, { do: "find", create, reason: "assigned", desired });
    if (isOfNobody(thrown)) throw thrown;
    const after = thrown.uncertain ? attempt : { ...account, state: account.state };
    return { account: failedAccount(after, desired.create, failure), failure };
  }
}

interface Creating {
  readonly account: Account;
  readonly desired: DesiredAccount;
  readonly owners: Owners;
}

/** The app made an account. One that has somebody else's id is nobody's. */
async function created(
  { app }: PushContext,
  { account, desired, owners }: Creating,
  { externalId, active, notKept }: Acknowledged,
): Promise<Outcome> {
  const { userId } = account;
  const isClaimed = owners.claim(externalId, userId) !== userId;
  const holder = await owners.holderOf(externalId);
  if (isClaimed || (holder ?? account).userId !== userId) {
    const message = `The app gave the new account an id (${externalId}) that somebody else's has.`;
    const error = { code: "app.ambiguous", field: "id", message, appSaid: null } as const;
    return unmatched(account, error, desired);
  }
  const state = active ? "active" : "inactive";
  const after: Account = { ...account, state, externalId, attempted: null };
  const changes = changesOf(null, { ...desired, update: desired.create });
  return {
    account: acknowledged(after, desired.create, { app, notKept }),
    done: { action: "created", changes },
  };
}

/** The app has the name already: by every key, who is it? Never a second creation. */
async function taken(
  context: PushContext,
  { account, owners, desired }: Creating,
  refusal: AppFailure,
): Promise<Outcome> {
  const again = await findAccount(context, { account, desired, mayBeOurs: true, owners });
  if (again.kind === "one") return adopted(context, account, again.remote, desired);
  if (again.kind === "several") return unmatched(account, again.error, desired);
  const { message, appSaid } = refusal;
  return unmatched(account, { code: "app.taken", field: "userName", message, appSaid }, desired);
}

function unmatched(account: Account, error: AccountError, desired: DesiredAccount | null): Outcome {
  const failure: DeedFailure = {
    action: "adopted",
    what: "match",
    error,
    needsPerson: true,
    thrown: null,
  };
  const refused = { what: failure.what, profile: desired?.create ?? {} };
  return {
    account: { ...account, error, refused, settled: true, attempts: account.attempts + 1 },
    failure,
  };
}

/** What the app has already need not be sent: equal values count as acknowledged. */
function adopted(
  { app }: PushContext,
  account: Account,
  { externalId, active, profile, userName }: RemoteAccount,
  desired: DesiredAccount | null,
): Outcome {
  const same = Object.entries(desired?.update ?? {}).filter(([name, value]) =>
    sameText(profile[name], value),
  );
  // Its name is how it is known again.
  const has = { ...(userName === null ? {} : { userName }), ...Object.fromEntries(same) };
  const after: Account = {
    ...account,
    state: active ? "active" : "inactive",
    externalId,
    attempted: null,
    acknowledged: has,
    acknowledgedPlaces: placesOf(app, has),
    unsure: [],
    notKept: [],
  };
  return { account: after, done: { action: "adopted", changes: [] } };
}

function sameText(one: unknown, other: unknown): boolean {
  return one !== undefined && JSON.stringify(one) === JSON.stringify(other);
}

const WHAT: Readonly<Record<Sending["decision"]["do"], readonly [TaskKind, SentAction]>> = {
  find: ["create", "created"],
  update: ["update", "updated"],
  reactivate: ["update", "reactivated"],
  deactivate: ["deactivate", "deactivated"],
  delete: ["delete", "deleted"],
};

/** What a failure of the app means for one account. */
function failureOf(thrown: unknown, decision: Sending["decision"]): DeedFailure {
  const [what, action] = WHAT[decision.do];
  if (!(thrown instanceof AppFailure)) {
    // A fault of ours is this account's alone.
    const { code, message } = asRollcallError(thrown);
    // Whatever is wrong with the run itself is nobody's account.
    if (code.startsWith("database.") || code.startsWith("run.")) throw thrown;
    const error: AccountError = { code, field: what, message, appSaid: null };
    return { action, what, error, needsPerson: true, thrown: null };
  }
  const { code, message, appSaid, kind } = thrown;
  const error: AccountError = { code, field: what, message, appSaid };
  const byItself =
    kind === "later" || kind === "unreachable" || kind === "conflict" || kind === "credential";
  const ofApp = kind === "senseless" && code !== "app.noId";
  return { action, what, error, needsPerson: !byItself && !ofApp, thrown };
}

function afterFailure(
  account: Account,
  decision: Sending["decision"],
  failure: DeedFailure,
): Account {
  const doubted = doubtedAfter(account, decision, failure.thrown);
  return failedAccount(doubted, sentProfile(decision), failure);
}

function failedAccount(
  account: Account,
  profile: AccountProfile,
  { thrown, what, error, needsPerson }: DeedFailure,
): Account {
  const attempts = account.attempts + 1;
  const common = { ...account, error, attempts };
  if (needsPerson || attempts >= MOST_ATTEMPTS)
    return { ...common, settled: true, refused: { what, profile }, retryAt: null };
  const asked = thrown?.kind === "later" ? (thrown.retryAfter ?? 0) : 0;
  const retryAt = Date.now() + Math.max(asked, patience(attempts));
  return { ...common, settled: false, refused: null, retryAt };
}

function sentProfile(decision: Sending["decision"]): AccountProfile {
  if (!("desired" in decision) || decision.desired === null) return {};
  return decision.do === "find" ? decision.desired.create : decision.desired.update;
}

/** Only where surely nothing was carried out, nothing is in doubt. */
function doubtedAfter(
  account: Account,
  decision: Sending["decision"],
  thrown: AppFailure | null,
): Account {
  return thrown === null || thrown.uncertain ? withDoubt(account, decision) : account;
}

function patience(attempts: number): number {
  const wait = Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), MOST_RETRY_MS);
  // Full jitter, so that what failed together is not tried together.
  return wait * (0.5 + Math.random() / 2);
}

function failed(looked: Looked, account: Account, done: Deed["done"], failure: DeedFailure): Deed {
  const needsPerson = failure.needsPerson || account.attempts >= MOST_ATTEMPTS;
  return { looked, account, done, failure: { ...failure, needsPerson } };
}
