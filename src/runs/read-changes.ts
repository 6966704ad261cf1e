/**
 * The reading phase of an incremental import: the directory tells who changed, and these people
 * are read and decided about as in a full import. What cannot be told this way (a container that
 * was renamed or vanished, a position that the server does not know) makes it a full one.
 */
import type { Changes, DirectorySession } from "../agent/agent.ts";
import { dnKey } from "../agent/dn.ts";
import { IdSet } from "../lib/id-set.ts";
import { MustReadAll, type Conversion, type Mark } from "../model/incremental.ts";
import type { ImportType, ObjectCounts } from "../model/run.ts";
import { countPresent, failingIds, unknownIds } from "../store/app-users.ts";
import { readCheckpoint } from "../store/checkpoints.ts";
import { groupsNaming, knownObjects, stageGone } from "../store/objects.ts";
import { updateRun } from "../store/runs.ts";
import { Census } from "./census.ts";
import type { Considered } from "./conclude-plan.ts";
import type { RunContext } from "./context.ts";
import { scopeFingerprint } from "./fingerprint.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import { planGone, planRemovals, planReplacements, planUnusable } from "./plan-leavers.ts";
import { planEntries } from "./read-directory.ts";
import { readAllObjects, stageChanged, type ChangedObject } from "./read-objects.ts";

/** Below this many changes, reading just them is always cheaper. */
const FEW = 5000;
/** People whose last update failed are tried again; more of them wait for a full import. */
const RETRIED = 1000;

/** Where an import begins: at a mark, or everywhere (with the reason, if something else was asked). */
export type Start =
  | { readonly mark: Mark; readonly people: number; readonly compareAlways: boolean }
  | { readonly conversion: Conversion | null };

/**
 * Chooses between full and incremental.
 * @param wanted null: whatever is best. Modification times do not show who is gone, so by
 * themselves they are not the best.
 */
export async function chooseStart(context: RunContext, wanted: ImportType | null): Promise<Start> {
  if (wanted === "full") return { conversion: null };
  const { engine, settings } = context;
  const checkpoint = await readCheckpoint(engine.store.db, settings.name);
  const explicit = wanted === "incremental";
  const full = (code: Conversion["code"], reason: string): Start => {
    return { conversion: explicit ? { code, reason } : null };
  };
  if (checkpoint === null) return full("no_previous_import", "There was no full import before.");
  if (checkpoint.scope !== scopeFingerprint(settings.source)) {
    const reason = "Filter, base, attributes, servers or account changed since the last import.";
    return full("configuration_changed", reason);
  }
  const { mark, entries } = checkpoint;
  if (mark === null) {
    const reason = "The last import found no way to read changes.";
    return full("agent_unable_to_perform_incremental_import", reason);
  }
  if (!explicit && mark.way === "timestamp") return { conversion: null };
  return { mark, people: entries, compareAlways: !explicit };
}

/** Reads who changed, and plans what to do with them. @throws MustReadAll */
export async function readChanges(
  context: RunContext,
  plan: PlanBuilder,
  { mark, people, compareAlways }: Extract<Start, { mark: Mark }>,
): Promise<Considered> {
  const { engine, settings, signal, runId } = context;
  const { db } = engine.store;
  await using session = await engine.openDirectory(settings.name).open(signal);
  const limit = Math.max(FEW, Math.floor(people / 10));
  const changes = await session.changes(mark, limit, compareAlways);
  const touched = new Set(changes.touched);
  const follow = await readChangedObjects(context, session, changes, touched);
  for (const id of await failingIds(db, settings.name, RETRIED))
    if (!changes.gone.has(id)) touched.add(id);
  const present = changes.compare ? await compare(context, session, touched) : changes.present;

  const census = new Census(false, settings.source.users.bases.length !== 1);
  const linked = new IdSet(Date.now());
  const ids = [...touched];
  const entries = session.peopleByIds(ids);
  const read = await planEntries(context, entries, { plan, census, linked, total: ids.length });
  const missing = session.findsByIdSurely ? ids.filter((id) => !census.seen.has(id)) : [];
  const gone = new Set([...changes.gone, ...missing]);
  census.isGone = (id) =>
    gone.has(id) || (present !== null && !present.has(id) && !census.seen.has(id));

  await planUnusable(context, plan, census);
  const replaced = await planReplacements(context, plan, census, linked);
  const places = await planGone(context, plan, [...gone], replaced);
  if (present !== null) {
    const { own } = await countPresent(db, settings.name);
    const others = { isGone: (id: string) => !gone.has(id) && census.isGone(id) };
    await planRemovals(context, plan, others, replaced, own);
  }
  await plan.finish();
  const objects = await readGroupsLeft(context, session, [...places, ...census.leftPlaces], follow);
  const { server } = session;
  const { mark: next } = changes;
  await updateRun(db, runId, { server, mark: next, way: next.way, objects, phase: "judging" });
  const before = plan.lost > 0 ? await countPresent(db, settings.name) : null;
  return { read, before };
}

/** Compares identifiers: whoever is there but unknown is read, whoever is not there is gone. */
async function compare(
  context: RunContext,
  session: DirectorySession,
  touched: Set<string>,
): Promise<IdSet> {
  const { engine, settings } = context;
  const present = new IdSet(Date.now());
  for await (const ids of session.identifiers(null)) {
    for (const id of ids) present.add(id);
    for (const id of await unknownIds(engine.store.db, settings.name, ids)) touched.add(id);
  }
  return present;
}

/**
 * Groups and containers among what changed. They are looked at before the people, because a
 * container tells of people that nothing else tells of.
 */
async function readChangedObjects(
  context: RunContext,
  session: DirectorySession,
  changes: Changes,
  touched: Set<string>,
): Promise<ObjectCounts> {
  const containers: ChangedObject[] = [];
  const counts = changes.compare
    ? await readAllObjects(context, session, containers)
    : await readTouchedObjects(context, session, changes, containers);
  for (const container of containers) await followContainer(session, container, touched);
  return counts;
}

async function readTouchedObjects(
  context: RunContext,
  session: DirectorySession,
  changes: Changes,
  containers: ChangedObject[],
): Promise<ObjectCounts> {
  const { engine, settings, runId } = context;
  const { db } = engine.store;
  const all = [...changes.touched, ...changes.gone];
  const known = await knownObjects(db, settings.name, all);
  const found = new Set<string>();
  let changed = 0;
  for await (const batch of session.objects([...changes.touched])) {
    for (const { id } of batch) found.add(id);
    const differing = await stageChanged(context, batch);
    changed += differing.length;
    containers.push(...differing.filter(({ now }) => now.kind === "container"));
  }
  const gone = [...known.values()].filter(({ id }) => !found.has(id));
  const container = gone.find(({ kind }) => kind === "container");
  if (container !== undefined) {
    const reason = `${container.dn} was deleted or moved away; whoever was below it has to be looked for.`;
    throw new MustReadAll("ou_change_detected", reason);
  }
  const ids = gone.map(({ id }) => id);
  await stageGone(db, runId, ids);
  return { changed, removed: ids.length };
}

/** A renamed container changes the DNs below it without a word; a new one may have brought people along. */
async function followContainer(
  session: DirectorySession,
  { now, before }: ChangedObject,
  touched: Set<string>,
): Promise<void> {
  if (before === undefined) {
    for await (const ids of session.identifiers(now.dn)) for (const id of ids) touched.add(id);
    return;
  }
  if (dnKey(before.dn) === dnKey(now.dn)) return;
  throw new MustReadAll("ou_change_detected", `${before.dn} is now ${now.dn}.`);
}

/**
 * Where servers keep references whole by themselves, groups lose members who were deleted or
 * renamed without being told of as changed.
 */
async function readGroupsLeft(
  context: RunContext,
  session: DirectorySession,
  places: readonly string[],
  counts: ObjectCounts,
): Promise<ObjectCounts> {
  const { engine, settings } = context;
  const keys = places.map((dn) => `dn:${dnKey(dn)}`);
  const ids = await groupsNaming(engine.store.db, settings.name, keys);
  let { changed } = counts;
  if (ids.length > 0) {
    for await (const batch of session.objects(ids)) {
      changed += (await stageChanged(context, batch)).length;
    }
  }
  return { ...counts, changed };
}
