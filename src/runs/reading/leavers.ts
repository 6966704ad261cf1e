/** What can be decided only when everybody was seen: who could not be used, who was replaced, who is gone. */
import type { LinkedUsers } from "../../engine/people/linked-users.ts";
import { decideOne, guarded } from "../../engine/people/decide-one.ts";
import { loadKnown } from "../../engine/people/known.ts";
import { storedSighting } from "../../engine/people/sightings.ts";
import { decideUnusable } from "../../reconciler/decide-failure.ts";
import { decideRemoval, decideReplaced } from "../../reconciler/decide-removal.ts";
import {
  appUsersByDns,
  appUsersByIds,
  presentIdsAfter,
  type StoredAppUser,
} from "../../store/app-users.ts";
import { readCheckpoint } from "../../store/checkpoints.ts";
import { reportedFailures } from "../../store/history.ts";
import { lastAppliedImport } from "../../store/runs.ts";
import { usersByIds } from "../../store/users.ts";
import type { PlanBuilder } from "../plan/builder.ts";
import type { RunContext } from "../record/context.ts";
import type { AbsenceCauses } from "./absence.ts";
import type { ClosedCensus, LeftPlace, Unusable } from "./census.ts";
import type { VanishedContainers } from "./vanished.ts";

const PAGE = 5000;
const BATCH = 500;

/** An entry that cannot be used is somebody all the same: who stood at its place is not removed. */
export async function planUnusable(
  context: RunContext,
  plan: PlanBuilder,
  census: ClosedCensus,
): Promise<void> {
  const { engine, directory } = context;
  const earlier = await earlierImports(context);
  for (let at = 0; at < census.unusable.length; at += BATCH) {
    const batch = census.unusable.slice(at, at + BATCH);
    const dns = batch.map((entry) => entry.dn);
    const reported = await reportedFailures(engine.store.db, earlier, dns);
    const owners = await ownersOf(context, batch);
    for (const entry of batch) {
      const person = ownerToKeep(entry, owners, census);
      const told = reported.has(`${entry.dn} ${entry.problem.code}`);
      // One that was there before is nobody who is missing now.
      const isNew = person === null && !told;
      if (isNew && entry.id === null && !isDuplicate(entry)) census.noteStranger();
      await plan.add(decideUnusable(directory.name, { ...entry, person, told }));
    }
  }
}

/** The last full import, which reported everybody, and the last import at all. */
async function earlierImports({ engine, directory }: RunContext): Promise<string[]> {
  const { db } = engine.store;
  const full = (await readCheckpoint(db, directory.name))?.runId;
  const last = await lastAppliedImport(db, directory.name);
  return [...new Set([full, last])].filter((id) => id !== undefined && id !== null);
}

interface Owner {
  readonly appUser: StoredAppUser;
  readonly login: string | null;
}

/** The people whom the entries must be: by identifier, or by the place where they stood. */
async function ownersOf(
  { engine, directory }: RunContext,
  batch: readonly Unusable[],
): Promise<ReadonlyMap<string, Owner>> {
  const { db } = engine.store;
  const ids = batch.flatMap(({ id, claims = [] }) => (id === null ? claims : [id]));
  const places = batch.filter((entry) => entry.id === null && !isDuplicate(entry));
  const dns = places.map((entry) => entry.dn);
  const byId = await appUsersByIds(db, directory.name, ids);
  const byDn = await appUsersByDns(db, directory.name, dns);
  const userIds = [...byId, ...byDn].flatMap((one) => (one.userId === null ? [] : [one.userId]));
  const logins = new Map((await usersByIds(db, userIds)).map((user) => [user.id, user.login]));
  const owner = (appUser: StoredAppUser): Owner => {
    return { appUser, login: logins.get(appUser.userId ?? "") ?? null };
  };
  return new Map([
    ...byId.map((one) => [`id ${one.externalId}`, owner(one)] as const),
    ...byDn.map((one) => [`dn ${one.dn.toLowerCase()}`, owner(one)] as const),
  ]);
}

/** Nobody, if the person was seen elsewhere in the same read: then the entry is another one. */
function ownerToKeep(
  entry: Unusable,
  owners: ReadonlyMap<string, Owner>,
  census: ClosedCensus,
): Owner | null {
  if (isDuplicate(entry)) return null;
  const { id, dn, claims = [] } = entry;
  if (id !== null) {
    const owner = owners.get(`id ${id}`);
    return owner !== undefined && census.recognise(owner.appUser, false) ? owner : null;
  }
  // By its place; or by its identifiers, of which nobody is gone who has one.
  const atPlace = owners.get(`dn ${dn.toLowerCase()}`);
  if (atPlace !== undefined && census.recognise(atPlace.appUser, true)) return atPlace;
  const claimed = claims.flatMap((one) => owners.get(`id ${one}`) ?? []);
  const [first = null] = claimed.filter((owner) => census.recognise(owner.appUser, true));
  return first;
}

function isDuplicate(entry: Unusable): boolean {
  return entry.problem.code === "entry.duplicateId";
}

/**
 * Accounts that were deleted and made anew between two imports: the user goes over to the new
 * entry, if the old one is really gone, and to one of them only.
 * @returns the identifiers of entries whose user went over
 */
export async function planReplacements(
  { engine, directory }: RunContext,
  plan: PlanBuilder,
  census: ClosedCensus,
  linked: LinkedUsers,
): Promise<ReadonlySet<string>> {
  const decisions = { rules: engine.rules, directory: directory.rules };
  const replaced = new Set<string>();
  const heirs = Map.groupBy(census.deferred, ({ replaces }) => replaces.userId);
  for (const { sighting, refused, replaces } of census.deferred) {
    // Of several who would take the place, none is chosen.
    const isOnly = heirs.get(replaces.userId)?.length === 1;
    // Whoever cannot be told who it is may be the one that is missing.
    if (census.strangers > 0) census.keep(replaces.externalId);
    const gone = isOnly && census.isGone(replaces.externalId) && linked.add(replaces.userId);
    if (gone) replaced.add(replaces.externalId);
    await plan.add(decideOne(decisions, sighting, gone ? replaces.known : refused));
  }
  return replaced;
}

/** What is known about those who leave. */
export interface Leaving {
  /** Told of each; absent where no container can have vanished. */
  readonly vanished?: VanishedContainers;
  /** Identifiers of entries whose user went over to another one. */
  readonly replaced: ReadonlySet<string>;
  readonly absence: AbsenceCauses;
}

/** Of everybody in the scope. */
export interface AllLeaving extends Leaving {
  readonly isGone: (id: string) => boolean;
  /** How many people have to be compared. */
  readonly total: number;
}

/**
 * Everybody of the directory whom the read did not show has left its scope.
 * @returns where those were who are removed
 */
export async function planRemovals(
  context: RunContext,
  plan: PlanBuilder,
  leaving: AllLeaving,
): Promise<LeftPlace[]> {
  const { engine, directory, signal } = context;
  const { isGone, total } = leaving;
  const places: LeftPlace[] = [];
  let compared = 0;
  for (let after = ""; ;) {
    signal.throwIfAborted();
    const ids = await presentIdsAfter(engine.store.db, directory.name, after, PAGE);
    const last = ids.at(-1);
    if (last === undefined) return places;
    places.push(...(await planGone(context, plan, ids.filter(isGone), leaving)));
    after = last;
    compared += ids.length;
    context.progress({ directory: directory.name, phase: "judging", done: compared, total });
  }
}

/**
 * Plans the removal of certain people; of those who are not in the scope anyway, nothing.
 * @returns where those were who are removed
 */
export async function planGone(
  context: RunContext,
  plan: PlanBuilder,
  ids: readonly string[],
  leaving: Leaving,
): Promise<LeftPlace[]> {
  const places: LeftPlace[] = [];
  for (let at = 0; at < ids.length; at += BATCH) {
    places.push(...(await planGoneBatch(context, plan, ids.slice(at, at + BATCH), leaving)));
  }
  return places;
}

async function planGoneBatch(
  { engine, directory, run }: RunContext,
  plan: PlanBuilder,
  ids: readonly string[],
  { replaced, absence, vanished }: Leaving,
): Promise<LeftPlace[]> {
  const { rules } = directory;
  const found = await appUsersByIds(engine.store.db, directory.name, ids);
  // In one order, so that a run lists people as the dry run before it did.
  const stored = found
    .filter((appUser) => appUser.status !== "removed")
    .toSorted((a, b) => (a.externalId < b.externalId ? -1 : 1));
  const sightings = stored.map((appUser) => storedSighting(appUser));
  const linkedOnly = { ...rules, matching: [] };
  const batch = { directory: linkedOnly, sightings, stored };
  const known = await loadKnown(engine, run.now, batch);
  const leavers = stored.map((one) => one.externalId).filter((id) => !replaced.has(id));
  const absenceOf = await absence.of(leavers);
  for (const [i, appUser] of stored.entries()) {
    const sighting = sightings[i];
    if (sighting === undefined) continue;
    const person = known.of(sighting);
    if (replaced.has(appUser.externalId)) {
      await plan.add(decideReplaced(rules, appUser, person.user));
      continue;
    }
    vanished?.noteGone(appUser.dn);
    const where = absenceOf(appUser.externalId);
    const decisions = { rules: engine.rules, directory: rules };
    const planned = guarded(decisions, sighting, person, () =>
      decideRemoval(decisions, appUser, person, where),
    );
    await plan.add(planned);
  }
  return stored.map(({ externalId: id, dn }) => ({ id, dn }));
}
