import type { Engine, RunContext } from "../engine/engine.ts";
import { looksAgain, mappingVersion } from "../engine/fingerprint.ts";
import { decideOne, writesNothing } from "../engine/people/decide-one.ts";
import { loadKnown } from "../engine/people/known.ts";
import { mapAhead } from "../lib/ahead.ts";
/**
 * A force sync: the To-Okta mappings are applied again to the app profiles that are kept, with
 * the same decisions as in an import. It reads no directory, so it cannot tell who has left.
 */
import { IdSet } from "../lib/id-set.ts";
import type { Problem } from "../model/errors.ts";
import type { PlannedChange } from "../model/plan.ts";
import type { Run } from "../model/run.ts";
import { decideUnusable } from "../reconciler/decide-failure.ts";
import type { Sighting } from "../reconciler/decide.ts";
import { Unchanged } from "../reconciler/unchanged.ts";
import { claimsLogin } from "../reconciler/writes.ts";
import { appUsersByIds, countPresent, type StoredAppUser } from "../store/app-users.ts";
import {
  halves,
  syncRows,
  withoutUserAfter,
  type Stretch,
  type SyncRow,
} from "../store/sync-rows.ts";
import { beginRun, settle, withContext, type RunRequest } from "./import.ts";
import { PlanBuilder } from "./plan/builder.ts";
import { concludePlan } from "./plan/conclude.ts";
import { planGone, planRemovals } from "./reading/leavers.ts";
import { Stopwatch } from "./record/end.ts";
import { noteMapped } from "./record/mapped.ts";

const PAGE = 1000;
const IN_FLIGHT = 1;

export interface SyncRequest extends RunRequest {
  /** Only these app users; null: all of the directory. */
  readonly externalIds: readonly string[] | null;
}

export async function forceSync(engine: Engine, name: string, request: SyncRequest): Promise<Run> {
  return await withContext(engine, name, request, async (context) => {
    await beginRun(context, "force-sync", request);
    const run = await settle(context, () => runSync(context, request));
    if (run.status === "done" && !run.dryRun && engine.settings.has(name))
      await noteMapped(context, request.externalIds);
    return run;
  });
}

async function runSync(context: RunContext, request: SyncRequest): Promise<void> {
  const { engine, settings } = context;
  const { store } = engine;
  const watch = new Stopwatch();
  watch.begin("deciding");
  await using plan = new PlanBuilder(context);
  const before = await countPresent(store.db, settings.name);
  const configured = engine.settings.has(settings.name);
  const read = configured
    ? await planAll(context, request, plan)
    : await planDisconnect(context, request, plan, before.own);
  await plan.finish();
  await concludePlan(context, plan, { read, before }, watch);
}

/** A directory that is not configured any more has no mappings: its links end, the values stay. */
async function planDisconnect(
  context: RunContext,
  { externalIds }: SyncRequest,
  plan: PlanBuilder,
  total: number,
): Promise<number> {
  const leaving = { replaced: new Set<string>(), absences: DISCONNECTED };
  if (externalIds !== null) {
    await planGone(context, plan, externalIds, leaving);
    return externalIds.length;
  }
  await planRemovals(context, plan, { isGone: () => true }, leaving, total);
  return total;
}

const DISCONNECTED = { of: () => Promise.resolve(() => "disconnected" as const) };

async function planAll(
  context: RunContext,
  request: SyncRequest,
  plan: PlanBuilder,
): Promise<number> {
  const { engine, settings } = context;
  const { db } = engine.store;
  const linked = new IdSet(Date.now());
  if (request.externalIds !== null) {
    await planPeople(context, plan, request.externalIds, linked);
    return request.externalIds.length;
  }
  const total = (await countPresent(db, settings.name)).own;
  const unchanged = new Unchanged(engine.rules, context.directory, context.now);
  let read = 0;
  const noteProgress = (people: number): void => {
    read += people;
    context.progress({ directory: settings.name, phase: "comparing", done: read, total });
  };
  for await (const page of pages(context, total)) {
    context.signal.throwIfAborted();
    const changed = page.filter((row) => !isUnchanged(context, unchanged, row));
    plan.count("unchanged", page.length - changed.length);
    const ids = changed.map((row) => row.externalId);
    if (ids.length > 0) await planPeople(context, plan, ids, linked);
    noteProgress(page.length);
  }
  for (let after = ""; ;) {
    context.signal.throwIfAborted();
    const ids = await withoutUserAfter(db, settings.name, after, PAGE);
    const last = ids.at(-1);
    if (last === undefined) return read;
    await planPeople(context, plan, ids, linked);
    noteProgress(ids.length);
    after = last;
  }
}

/** Nearly everybody; the others are decided about with everything that is known of them. */
function isUnchanged(
  { engine: { rules }, fingerprint }: RunContext,
  unchanged: Unchanged,
  { user, status, profile, hash, others }: SyncRow,
): boolean {
  // Whoever names somebody who was not known is looked at with all that is known now.
  if (user === null || looksAgain(hash)) return false;
  // Another directory's values may have been judged by other rules than this one's.
  const judged = others.length === 0 && mappingVersion(hash) === mappingVersion(fingerprint);
  const configured = others.filter((one) => rules.directories.has(one.directory));
  return unchanged.has({ user, status, profile, others: configured, judged });
}

const UNUSABLE: ReadonlySet<string> = new Set([
  "entry.idMissing",
  "entry.idAmbiguous",
  "entry.duplicateId",
  "entry.idTooLong",
  "entry.tooLarge",
  "entry.undecodable",
]);

function stillUnusable(directory: string, appUser: StoredAppUser, error: Problem): PlannedChange {
  const { externalId: id, dn } = appUser;
  return decideUnusable(directory, { id, dn }, { appUser, login: null }, error, true);
}

async function planPeople(
  context: RunContext,
  plan: PlanBuilder,
  ids: readonly string[],
  linked: IdSet,
): Promise<void> {
  const { engine, settings, directory } = context;
  const found = await appUsersByIds(engine.store.db, settings.name, ids);
  const present = found.filter((appUser) => appUser.status !== "removed");
  const stored: StoredAppUser[] = [];
  for (const appUser of present) {
    const { error } = appUser;
    if (error === null || !UNUSABLE.has(error.code)) stored.push(appUser);
    // An entry that cannot be used is none whose app profile could be mapped again.
    else await plan.add(stillUnusable(settings.name, appUser, error), false);
  }
  const known = await loadKnown(context, directory, stored.map(toSighting), stored, linked);
  for (const appUser of stored) {
    const sighting = toSighting(appUser);
    const person = known.of(sighting);
    const planned = decideOne({ rules: engine.rules, directory }, sighting, person);
    if (writesNothing(planned, appUser.hash)) plan.count(planned.action);
    else await plan.add(planned, claimsLogin(planned, person.user));
  }
}

/** Pages of both halves in turn, the next one of each being read meanwhile. */
async function* pages(context: RunContext, total: number): AsyncGenerator<readonly SyncRow[]> {
  const { engine, settings } = context;
  const stretches = await halves(engine.store.db, settings.name, total);
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
  { engine, settings }: RunContext,
  stretch: Stretch,
): AsyncGenerator<readonly SyncRow[]> {
  const { db } = engine.store;
  const withOthers = engine.rules.directories.size > 1;
  for (let { after } = stretch; ;) {
    const page = await syncRows(db, settings.name, { ...stretch, after }, PAGE, withOthers);
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    after = last.userId;
  }
}

/** The stored app user as if it had just been read. An entry that could not be kept stays as it is. */
function toSighting({ externalId: id, dn, status, profile, hash }: StoredAppUser): Sighting {
  return { id, dn, hash, profile, disabled: status === "disabled" };
}
