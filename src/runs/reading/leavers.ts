/** What can be decided only when everybody was seen: who is gone. */
import { Breath } from "../../lib/breath.ts";
import { guarded } from "../../engine/people/decide-one.ts";
import { loadKnown } from "../../engine/people/known.ts";
import { storedSighting } from "../../engine/people/sightings.ts";
import { decideUnusable } from "../../reconciler/decide-failure.ts";
import { decideRemoval, decideReplaced } from "../../reconciler/decide-removal.ts";
import { appUsersByIds, presentIdsAfter, type StoredAppUser } from "../../store/app-users.ts";
import { usersByIds } from "../../store/users.ts";
import type { PlanBuilder } from "../plan/builder.ts";
import type { RunContext } from "../record/context.ts";
import type { AbsenceCauses } from "./absence.ts";
import type { LeftPlace } from "./census.ts";
import { switchedOff } from "../plan/switched-off.ts";
import type { VanishedContainers } from "./vanished.ts";
import type { MayStay } from "./who-is-who.ts";

const PAGE = 5000;
const BATCH = 500;

/** What is known about those who leave. */
export interface Leaving {
  /** Told of each; absent where no container can have vanished. */
  readonly vanished?: VanishedContainers;
  /** Identifiers of entries whose user went over to another one. */
  readonly replaced: ReadonlySet<string>;
  /** Absent where whoever leaves is named, and nobody was read. */
  readonly mayStay?: MayStay;
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
  context: RunContext,
  plan: PlanBuilder,
  ids: readonly string[],
  leaving: Leaving,
): Promise<LeftPlace[]> {
  const { engine, directory, run, signal } = context;
  const { replaced, absence, vanished } = leaving;
  const { rules } = directory;
  const found = await appUsersByIds(engine.store.db, directory.name, ids);
  // In one order, so that a run lists people as the dry run before it did.
  const present = found
    .filter((appUser) => appUser.status !== "removed")
    .toSorted((a, b) => (a.externalId < b.externalId ? -1 : 1));
  const stored = await withoutStaying(context, plan, present, leaving);
  const sightings = stored.map((appUser) => storedSighting(appUser));
  const linkedOnly = { ...rules, matching: [] };
  const batch = { directory: linkedOnly, sightings, stored };
  const known = await loadKnown(engine, run.now, batch);
  const leavers = stored.map((one) => one.externalId).filter((id) => !replaced.has(id));
  const absenceOf = await absence.of(leavers);
  const breath = new Breath(signal);
  for (const [i, appUser] of stored.entries()) {
    const sighting = sightings[i];
    if (sighting === undefined) continue;
    if (breath.isDue) await breath.take();
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

/** Plans that those stay who may be there all the same and have access, and returns the others. */
async function withoutStaying(
  context: RunContext,
  plan: PlanBuilder,
  people: readonly StoredAppUser[],
  { replaced, mayStay = () => null }: Leaving,
): Promise<readonly StoredAppUser[]> {
  const staying = people.flatMap((appUser) => {
    const problem = replaced.has(appUser.externalId) ? null : mayStay(appUser);
    return problem === null ? [] : [{ appUser, problem }];
  });
  if (staying.length === 0) return people;
  const { db } = context.engine.store;
  const userIds = staying.flatMap(({ appUser }) => appUser.userId ?? []);
  const users = new Map((await usersByIds(db, userIds)).map((user) => [user.id, user]));
  // Whoever has no access has nothing to lose; that is also how a person decides it.
  const kept = staying.filter(
    ({ appUser }) => users.get(appUser.userId ?? "")?.status === "active",
  );
  const off = await switchedOff(context, kept);
  for (const { appUser, problem } of kept) {
    const { externalId: id, dn } = appUser;
    const person = { appUser, login: users.get(appUser.userId ?? "")?.login ?? null };
    const entry = { id, dn, problem, person, told: false };
    await plan.add(off.get(id) ?? decideUnusable(context.directory.name, entry));
  }
  const those = new Set(kept.map(({ appUser }) => appUser.externalId));
  return people.filter(({ externalId }) => !those.has(externalId));
}
