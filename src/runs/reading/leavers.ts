/** What can be decided only when everybody was seen: who could not be used, who was replaced, who is gone. */
import { memberKeys } from "../../agent/ldap/groups.ts";
import type { RunContext } from "../../engine/engine.ts";
import { decideOne, guarded } from "../../engine/people/decide-one.ts";
import { loadKnown } from "../../engine/people/known.ts";
import { IdSet } from "../../lib/id-set.ts";
import type { MemberKey } from "../../model/directory-object.ts";
import { decideUnusable } from "../../reconciler/decide-failure.ts";
import { decideRemoval, decideReplaced } from "../../reconciler/decide-removal.ts";
import { claimsLogin } from "../../reconciler/writes.ts";
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
import type { Absences } from "./absence.ts";
import type { Census, Unusable } from "./census.ts";

const PAGE = 5000;
const BATCH = 500;

/** An entry that cannot be used is somebody all the same: who stood at its place is not removed. */
export async function planUnusable(
  context: RunContext,
  plan: PlanBuilder,
  census: Census,
): Promise<void> {
  const { db } = context.engine.store;
  const earlier = await earlierImports(context);
  for (let at = 0; at < census.unusable.length; at += BATCH) {
    const batch = census.unusable.slice(at, at + BATCH);
    const dns = batch.map((entry) => entry.dn);
    const told = await reportedFailures(db, earlier, dns);
    const owners = await ownersOf(context, batch);
    for (const entry of batch) {
      const owner = ownerToKeep(entry, owners, census);
      const before = told.has(`${entry.dn} ${entry.problem.code}`);
      const { problem } = entry;
      await plan.add(decideUnusable(context.settings.name, entry, owner, problem, before), false);
    }
  }
}

/** The last full import, which reported everybody, and the last import at all. */
async function earlierImports({ engine, settings }: RunContext): Promise<string[]> {
  const { db } = engine.store;
  const full = (await readCheckpoint(db, settings.name))?.runId;
  const last = await lastAppliedImport(db, settings.name);
  return [...new Set([full, last])].filter((id) => id !== undefined && id !== null);
}

interface Owner {
  readonly appUser: StoredAppUser;
  readonly login: string | null;
}

/** The people whom the entries must be: by identifier, or by the place where they stood. */
async function ownersOf(
  { engine, settings }: RunContext,
  batch: readonly Unusable[],
): Promise<ReadonlyMap<string, Owner>> {
  const { db } = engine.store;
  const ids = batch.flatMap((entry) => (entry.id === null ? [] : [entry.id]));
  const places = batch.filter((entry) => entry.id === null && !isDuplicate(entry));
  const byId = await appUsersByIds(db, settings.name, ids);
  const byDn = await appUsersByDns(
    db,
    settings.name,
    places.map((entry) => entry.dn),
  );
  const userIds = [...byId, ...byDn].flatMap((one) => (one.userId === null ? [] : [one.userId]));
  const logins = new Map((await usersByIds(db, userIds)).map((user) => [user.id, user.login]));
  const owner = (appUser: StoredAppUser): Owner => {
    return {
      appUser,
      login: appUser.userId === null ? null : (logins.get(appUser.userId) ?? null),
    };
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
  census: Census,
): Owner | null {
  const key = entry.id === null ? `dn ${entry.dn.toLowerCase()}` : `id ${entry.id}`;
  const owner = isDuplicate(entry) ? undefined : owners.get(key);
  if (owner === undefined) return null;
  if (entry.id === null && !census.seen.add(owner.appUser.externalId)) return null;
  if (owner.appUser.status !== "removed") census.known++;
  return owner;
}

function isDuplicate(entry: Unusable): boolean {
  return entry.problem.code === "entry.duplicateId";
}

/**
 * Accounts that were deleted and made anew between two imports: the user goes over to the new
 * entry, if the old one is really gone.
 * @returns the identifiers of entries whose user went over
 */
export async function planReplacements(
  context: RunContext,
  plan: PlanBuilder,
  census: Census,
  linked: IdSet,
): Promise<ReadonlySet<string>> {
  const { engine, directory } = context;
  const replaced = new Set<string>();
  for (const { sighting, refused, replaces } of census.deferred) {
    const gone = census.isGone(replaces.externalId) && linked.add(replaces.userId);
    if (gone) replaced.add(replaces.externalId);
    const known = gone ? replaces.known : refused;
    const planned = decideOne({ rules: engine.rules, directory }, sighting, known);
    await plan.add(planned, claimsLogin(planned, known.user));
  }
  return replaced;
}

/** What is known about those who leave. */
export interface Leaving {
  /** Identifiers of entries whose user went over to another one. */
  readonly replaced: ReadonlySet<string>;
  readonly absences: Pick<Absences, "of">;
}

/**
 * Everybody of the directory whom the read did not show has left its scope.
 * @returns by what groups may name those who are removed
 */
export async function planRemovals(
  context: RunContext,
  plan: PlanBuilder,
  census: Pick<Census, "isGone">,
  leaving: Leaving,
  total: number,
): Promise<MemberKey[]> {
  const { engine, settings, signal } = context;
  const keys: MemberKey[] = [];
  const { db } = engine.store;
  let after = "";
  let compared = 0;
  for (;;) {
    signal.throwIfAborted();
    const ids = await presentIdsAfter(db, settings.name, after, PAGE);
    const last = ids.at(-1);
    if (last === undefined) return keys;
    keys.push(...(await planGone(context, plan, ids.filter(census.isGone), leaving)));
    after = last;
    compared += ids.length;
    context.progress({ directory: settings.name, phase: "comparing", done: compared, total });
  }
}

/**
 * Plans the removal of certain people; of those who are not in the scope anyway, nothing.
 * @returns by what groups may name those who are removed
 */
export async function planGone(
  context: RunContext,
  plan: PlanBuilder,
  ids: readonly string[],
  leaving: Leaving,
): Promise<MemberKey[]> {
  const places: MemberKey[] = [];
  for (let at = 0; at < ids.length; at += BATCH) {
    places.push(...(await planGoneBatch(context, plan, ids.slice(at, at + BATCH), leaving)));
  }
  return places;
}

async function planGoneBatch(
  context: RunContext,
  plan: PlanBuilder,
  ids: readonly string[],
  { replaced, absences }: Leaving,
): Promise<MemberKey[]> {
  const { engine, directory, settings } = context;
  const found = await appUsersByIds(engine.store.db, settings.name, ids);
  const stored = found.filter((appUser) => appUser.status !== "removed");
  const sightings = stored.map(({ externalId: id, dn, profile }) => {
    return { id, dn, profile, hash: "", disabled: false };
  });
  const linkedOnly = { ...directory, matching: [] };
  const known = await loadKnown(context, linkedOnly, sightings, stored, new IdSet(0));
  const absenceOf = await absences.of(
    stored.flatMap(({ externalId }) => (replaced.has(externalId) ? [] : [externalId])),
  );
  for (const [i, appUser] of stored.entries()) {
    const sighting = sightings[i];
    if (sighting === undefined) continue;
    const person = known.of(sighting);
    if (replaced.has(appUser.externalId)) {
      await plan.add(decideReplaced(directory, appUser, person.user), false);
      continue;
    }
    const where = absenceOf(appUser.externalId);
    const rules = { rules: engine.rules, directory };
    const planned = guarded(rules, sighting, person, () =>
      decideRemoval(rules, appUser, person, where),
    );
    await plan.add(planned, claimsLogin(planned, person.user));
  }
  return stored.flatMap(({ externalId, dn }) => memberKeys(externalId, dn, []));
}
