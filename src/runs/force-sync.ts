/**
 * A force sync: the To-Okta mappings are applied again to the app profiles that are kept, with
 * the same decisions as in an import. It reads no directory, so it cannot tell who has left.
 */
import { expiredIds } from "../engine/people/expiry.ts";
import { LinkedUsers } from "../engine/people/linked-users.ts";
import type { Engine } from "../engine/engine.ts";
import { looksAgain, mappingVersion } from "../engine/fingerprint.ts";
import { decideOne, writesNothing } from "../engine/people/decide-one.ts";
import { loadKnown } from "../engine/people/known.ts";
import { storedSighting } from "../engine/people/sightings.ts";
import { mapAhead } from "../lib/ahead.ts";
import { Breath } from "../lib/breath.ts";
import type { AskedBy } from "../model/asked-by.ts";
import type { Problem } from "../model/errors.ts";
import { hasExpired } from "../model/expiry.ts";
import type { PlannedChange } from "../model/plan.ts";
import type { Run } from "../model/run.ts";
import type { Sighting } from "../reconciler/decide.ts";
import { decideUnusable } from "../reconciler/decide-failure.ts";
import { Unchanged } from "../reconciler/unchanged.ts";
import { appUsersByIds, countPresent, type StoredAppUser } from "../store/app-users.ts";
import {
  halves,
  syncRows,
  withoutUserAfter,
  type Stretch,
  type SyncRow,
} from "../store/sync-rows.ts";
import { beginRun, newRun, settle, withClaim, type RunRequest } from "./begin.ts";
import { PlanBuilder } from "./plan/builder.ts";
import { settleContested } from "./plan/contested.ts";
import { concludePlan } from "./plan/conclude.ts";
import type { AbsenceCauses } from "./reading/absence.ts";
import { switchedOff } from "./plan/switched-off.ts";
import { forgetBrought } from "./reading/brought.ts";
import { planGone, planRemovals } from "./reading/leavers.ts";
import type { RunContext } from "./record/context.ts";
import { noteMapped } from "./record/mapped.ts";
import { noteJudging } from "./record/notes.ts";
import { Stopwatch } from "./record/stopwatch.ts";

const PAGE = 1000;
const IN_FLIGHT = 1;

export interface SyncRequest extends RunRequest {
  /** Only these app users; null: all of the directory. */
  readonly externalIds: readonly string[] | null;
}

/**
 * Ends the access of accounts that have expired, without asking their directory: what it said of the
 * day is known. For where no import may come, because a held one waits for a person.
 * @returns null if nobody has expired
 */
export async function endExpired(engine: Engine, name: string, by: AskedBy): Promise<Run | null> {
  const users = engine.directories.get(name)?.source.users;
  const ids = users === undefined ? new Set<string>() : await expiredIds(engine, name, users);
  if (ids.size === 0) return null;
  const request = { externalIds: [...ids], trigger: "schedule", dryRun: false } as const;
  return await forceSync(engine, name, request, by);
}

/** @throws RollcallError `config.unknownDirectory`, `run.busy` */
export async function forceSync(
  engine: Engine,
  name: string,
  request: SyncRequest,
  by: AskedBy,
): Promise<Run> {
  return await withClaim(engine, name, by, async (claimed) => {
    const context = newRun(claimed);
    await beginRun(context, "force-sync", request);
    const run = await settle(context, () => runSync(context, request));
    const configured = context.directory.settings !== null;
    if (run.status === "done" && !run.dryRun && configured)
      await noteMapped(context, request.externalIds);
    if (run.status === "done" && !run.dryRun && !configured && request.externalIds === null)
      await forgetBrought(context);
    return run;
  });
}

async function runSync(context: RunContext, request: SyncRequest): Promise<void> {
  const { engine, directory } = context;
  const watch = new Stopwatch();
  watch.begin("reading");
  await using plan = new PlanBuilder(context);
  const before = await countPresent(engine.store.db, directory.name);
  const read =
    directory.settings === null
      ? await planDisconnect(context, request, plan, before.own)
      : await planAll(context, request, plan);
  await plan.finish();
  await noteJudging(context);
  watch.begin("judging");
  await concludePlan(context, plan, { read, before }, watch);
}

/** A directory that is not configured any more has no mappings: its links end, the values stay. */
async function planDisconnect(
  context: RunContext,
  { externalIds }: SyncRequest,
  plan: PlanBuilder,
  total: number,
): Promise<number> {
  const leaving = { replaced: new Set<string>(), absence: DISCONNECTED };
  if (externalIds !== null) {
    await planGone(context, plan, externalIds, leaving);
    return externalIds.length;
  }
  await planRemovals(context, plan, { ...leaving, isGone: () => true, total });
  return total;
}

const DISCONNECTED: AbsenceCauses = { of: () => Promise.resolve(() => "disconnected" as const) };

async function planAll(
  context: RunContext,
  request: SyncRequest,
  plan: PlanBuilder,
): Promise<number> {
  const linked = new LinkedUsers();
  const { externalIds } = request;
  const read =
    externalIds === null ? await planEverybody(context, plan, linked) : externalIds.length;
  if (externalIds !== null) await planPeople(context, plan, externalIds, linked);
  await plan.finish();
  await settleContested(context, plan, {
    ids: new Set(),
    neverCounted: new Set(),
    users: [...linked.contested],
  });
  return read;
}

async function planEverybody(
  context: RunContext,
  plan: PlanBuilder,
  linked: LinkedUsers,
): Promise<number> {
  const { engine, directory, run } = context;
  const { db } = engine.store;
  const total = (await countPresent(db, directory.name)).own;
  const unchanged = new Unchanged(engine.rules, directory.rules, run.now);
  let read = 0;
  const noteProgress = (people: number): void => {
    read += people;
    context.progress({ directory: directory.name, phase: "reading", done: read, total });
  };
  const breath = new Breath(context.signal);
  for await (const page of pages(context, total)) {
    context.signal.throwIfAborted();
    const ids: string[] = [];
    for (const row of page) {
      if (breath.isDue) await breath.take();
      if (!isUnchanged(context, unchanged, row)) ids.push(row.externalId);
    }
    plan.count("unchanged", page.length - ids.length);
    if (ids.length > 0) await planPeople(context, plan, ids, linked);
    noteProgress(page.length);
  }
  for (let after = ""; ;) {
    context.signal.throwIfAborted();
    const ids = await withoutUserAfter(db, directory.name, after, PAGE);
    const last = ids.at(-1);
    if (last === undefined) return read;
    await planPeople(context, plan, ids, linked);
    noteProgress(ids.length);
    after = last;
  }
}

/** Nearly everybody; the others are decided about with everything that is known of them. */
function isUnchanged(
  { engine: { rules }, run: { fingerprint, now }, directory }: RunContext,
  unchanged: Unchanged,
  { user, status, profile, hash, others }: SyncRow,
): boolean {
  // Whoever names somebody who was not known is looked at with all that is known now.
  if (user === null || looksAgain(hash)) return false;
  const disabled = directory.settings?.source.users.disabled ?? [];
  if (status === "active" && hasExpired(disabled, profile, now)) return false;
  // Another directory's values may have been judged by other rules than this one's.
  const judged = others.length === 0 && mappingVersion(hash) === mappingVersion(fingerprint);
  const configured = others.filter((one) => rules.directories.has(one.directory));
  return unchanged.has({ user, status, profile, others: configured, judged });
}

const UNUSABLE: ReadonlySet<string> = new Set([
  "entry.idMissing",
  "entry.idAmbiguous",
  "entry.duplicateId",
  "entry.idRespelled",
  "entry.unnumbered",
  "entry.contended",
  "entry.idTooLong",
  "entry.tooLarge",
  "entry.undecodable",
  "entry.stateUnknown",
]);

function stillUnusable(appUser: StoredAppUser, problem: Problem): PlannedChange {
  const { externalId: id, dn, directory } = appUser;
  const person = { appUser, login: null };
  return decideUnusable(directory, { id, dn, problem, person, told: true });
}

async function planPeople(
  context: RunContext,
  plan: PlanBuilder,
  ids: readonly string[],
  linked: LinkedUsers,
): Promise<void> {
  const { engine, directory, run } = context;
  const found = await appUsersByIds(engine.store.db, directory.name, ids);
  const present = found.filter(({ status }) => status !== "removed");
  const unusable = present.flatMap((appUser) => {
    const { error: problem } = appUser;
    return problem !== null && UNUSABLE.has(problem.code) ? [{ appUser, problem }] : [];
  });
  const stored = present.filter(({ error }) => error === null || !UNUSABLE.has(error.code));
  const off = await switchedOff(context, unusable);
  // An entry that cannot be used is none whose app profile could be mapped again.
  for (const { appUser, problem } of unusable)
    await plan.add(off.get(appUser.externalId) ?? stillUnusable(appUser, problem));
  // What the entry said of the day holds without a look at it.
  const disabled = directory.settings?.source.users.disabled ?? [];
  const sightings = stored.map((one): Sighting => {
    const seen = storedSighting(one);
    return { ...seen, disabled: seen.disabled || hasExpired(disabled, one.profile, run.now) };
  });
  const { rules } = directory;
  const known = await loadKnown(engine, run.now, { directory: rules, sightings, stored, linked });
  const breath = new Breath(context.signal);
  for (const [i, sighting] of sightings.entries()) {
    if (breath.isDue) await breath.take();
    const person = known.of(sighting);
    const planned = decideOne({ rules: engine.rules, directory: rules }, sighting, person);
    if (writesNothing(planned, stored[i]?.hash ?? null)) plan.count(planned.action);
    else await plan.add(planned);
  }
}

/** Pages of both halves in turn, the next one of each being read meanwhile. */
async function* pages(context: RunContext, total: number): AsyncGenerator<readonly SyncRow[]> {
  const { engine, directory } = context;
  const stretches = await halves(engine.store.db, directory.name, total);
  const ready = (page: readonly SyncRow[]): Promise<readonly SyncRow[]> => Promise.resolve(page);
  const open = stretches.map((stretch) => mapAhead(pagesOf(context, stretch), IN_FLIGHT, ready));
  try {
    for (let turn = 0; open.length > 0; turn++) {
      const at = turn % open.length;
      const next = await open[at]?.next();
      if (next === undefined || next.done === true) open.splice(at, 1);
      else yield next.value;
    }
  } finally {
    for (const one of open) await one.return(undefined);
  }
}

async function* pagesOf(
  { engine, directory }: RunContext,
  stretch: Stretch,
): AsyncGenerator<readonly SyncRow[]> {
  const { db } = engine.store;
  const withOthers = engine.rules.directories.size > 1;
  for (let { after } = stretch; ;) {
    const page = await syncRows(
      db,
      directory.name,
      { ...stretch, after },
      { most: PAGE, withOthers },
    );
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    after = last.userId;
  }
}
