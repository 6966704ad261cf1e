/**
 * The reading phase of an incremental import: the directory tells who changed, and these people
 * are read and decided about as in a full import. What cannot be told this way (a container that
 * was renamed or vanished, a position that the server does not know) makes it a full one.
 */
import type { Changes, DirectorySession } from "../../agent/agent.ts";
import { memberKeys } from "../../agent/ldap/groups.ts";
import type { RunContext } from "../../engine/engine.ts";
import { scopeFingerprint } from "../../engine/fingerprint.ts";
import { IdSet } from "../../lib/id-set.ts";
import type { MemberKey } from "../../model/directory-object.ts";
import { dnKey } from "../../model/dn.ts";
import { MustReadAll, type Conversion, type Mark } from "../../model/incremental.ts";
import type { ImportType, GroupCounts } from "../../model/run.ts";
import { countPresent, failingIds, unknownIds } from "../../store/app-users.ts";
import { readCheckpoint } from "../../store/checkpoints.ts";
import { groupsNaming, knownObjects, objectAt, stageGone } from "../../store/objects.ts";
import type { PlanBuilder } from "../plan/builder.ts";
import type { Considered } from "../plan/conclude.ts";
import { noteRun } from "../record/end.ts";
import { Absences } from "./absence.ts";
import { Census } from "./census.ts";
import { planEntries } from "./everybody.ts";
import {
  countGroups,
  groupsOf,
  readAllObjects,
  stageChanged,
  type ChangedObject,
  type ReadObjects,
} from "./groups.ts";
import { planGone, planRemovals, planReplacements, planUnusable } from "./leavers.ts";

/** Below this many changes, reading just them is always cheaper. */
const FEW = 5000;
/** People whose last update failed are tried again; more of them wait for a full import. */
const RETRIED = 1000;
/** One changed person in so many is enough for the safeguard to look at it. */
const NOTABLE = 100;

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
    const reason =
      "Filter, base, attributes, groups, servers or account changed since the last import.";
    return full("configuration_changed", reason);
  }
  if (checkpoint.fingerprint !== context.fingerprint) {
    const reason = "Mappings, matching or rules changed since the last full import.";
    return full("configuration_changed", reason);
  }
  if (checkpoint.fullReason !== null) return full("configuration_changed", checkpoint.fullReason);
  const { mark, entries } = checkpoint;
  if (settings.source.incremental.way === "off") {
    const reason = "Incremental imports are switched off (incremental.way).";
    return full("agent_unable_to_perform_incremental_import", reason);
  }
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
  const { engine, settings, signal } = context;
  const { db } = engine.store;
  await using session = await engine.openDirectory(settings.name).open(signal);
  const limit = Math.max(FEW, Math.floor(people / 10));
  const changes = await session.changes(mark, limit, compareAlways);
  // Whoever is said to be gone is looked for all the same: a move from one base to another is told
  // as a deletion in one and a change in the other.
  const touched = new Set([...changes.touched, ...changes.gone]);
  const follow = await readChangedObjects(context, session, changes, touched);
  for (const id of await failingIds(db, settings.name, RETRIED)) touched.add(id);
  const present = changes.compare ? await compare(context, session, touched) : changes.present;
  if (touched.size > limit)
    throw new MustReadAll("too_many_changes", `More than ${limit} people have to be looked at.`);
  await requireSearchById(session, changes);

  const census = new Census(false, settings.source.users.bases.length !== 1);
  const linked = new IdSet(Date.now());
  const ids = [...touched];
  const entries = session.peopleByIds(ids);
  const read = await planEntries(context, entries, { plan, census, linked, total: ids.length });
  const missing = session.findsByIdSurely ? ids : [...changes.gone];
  const gone = new Set(missing.filter((id) => !census.seen.has(id)));
  census.isGone = (id) =>
    gone.has(id) || (present !== null && !present.has(id) && !census.seen.has(id));

  await planUnusable(context, plan, census);
  const replaced = await planReplacements(context, plan, census, linked);
  const left = [...follow.left, ...census.leftPlaces];
  const own = present === null ? 0 : (await countPresent(db, settings.name)).own;
  const expected = gone.size + Math.max(0, own - (present?.size ?? 0));
  await using absences = new Absences(context, expected);
  const leaving = { replaced, absences };
  left.push(...(await planGone(context, plan, [...gone], leaving)));
  if (present !== null) {
    const others = { isGone: (id: string) => !gone.has(id) && census.isGone(id) };
    left.push(...(await planRemovals(context, plan, others, leaving, own)));
  }
  await plan.finish();
  const objects = await readGroupsLeft(context, session, left, follow.counts);
  const { server } = session;
  const { mark: next } = changes;
  await noteRun(context, { server, mark: next, way: next.way, objects, phase: "judging" });
  const judged = plan.lost > 0 || (plan.overwritten + plan.failures) * NOTABLE > people;
  const before = judged ? await countPresent(db, settings.name) : null;
  return { read, before };
}

/**
 * Where people are identified by an attribute of somebody's choice, searching by it may not work
 * (no equality rule, values that are no text). Then nobody would be found, and nothing imported.
 */
async function requireSearchById(session: DirectorySession, changes: Changes): Promise<void> {
  if (session.findsByIdSurely || changes.somebody === null) return;
  let found = 0;
  for await (const batch of session.peopleByIds([changes.somebody])) found += batch.length;
  if (found > 0) return;
  const reason =
    "People cannot be searched by their identifier; users.id should be the server's own.";
  throw new MustReadAll("agent_unable_to_perform_incremental_import", reason);
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
): Promise<Followed> {
  const differing: ChangedObject[] = [];
  const { counts, gone } = changes.compare
    ? await readAllObjects(context, session, differing)
    : await readTouchedObjects(context, session, [...touched], differing);
  for (const object of differing) await followContainer(context, session, object, touched);
  const renamed = differing.flatMap(({ before }) => before ?? []);
  return { counts, left: [...gone, ...renamed].flatMap(({ id, dn }) => memberKeys(id, dn, [])) };
}

interface Followed {
  readonly counts: GroupCounts;
  /** By what groups may have named those that are renamed or gone. */
  readonly left: readonly MemberKey[];
}

async function readTouchedObjects(
  context: RunContext,
  session: DirectorySession,
  ids: readonly string[],
  differing: ChangedObject[],
): Promise<ReadObjects> {
  const { engine, settings, runId } = context;
  const { db } = engine.store;
  const known = await knownObjects(db, settings.name, ids);
  const found = new Set<string>();
  for await (const batch of session.objects(ids)) {
    for (const { id } of batch) found.add(id);
    differing.push(...(await stageChanged(context, batch)));
  }
  const gone = [...known.values()].filter(({ id }) => !found.has(id));
  const container = gone.find(({ kind }) => kind === "container");
  if (container !== undefined) {
    const reason = `${container.dn} was deleted or moved away; whoever was below it has to be looked for.`;
    throw new MustReadAll("ou_change_detected", reason);
  }
  await stageGone(
    db,
    runId,
    gone.map(({ id }) => id),
  );
  return { counts: { changed: countGroups(differing), removed: groupsOf(gone) }, gone };
}

/**
 * A renamed container changes the DNs below it without a word; a new one may have brought people
 * along, or stand in the place of another that went where nobody looks.
 */
async function followContainer(
  { engine, settings }: RunContext,
  session: DirectorySession,
  { now, before }: ChangedObject,
  touched: Set<string>,
): Promise<void> {
  if (now.kind !== "container") return;
  const key = dnKey(now.dn);
  if (before !== undefined && dnKey(before.dn) === key) return;
  const taken = await objectAt(engine.store.db, settings.name, key, now.id);
  if (before !== undefined || taken) {
    const reason =
      before === undefined ? `${now.dn} is another one now.` : `${before.dn} is now ${now.dn}.`;
    throw new MustReadAll("ou_change_detected", reason);
  }
  for await (const ids of session.identifiers(now.dn)) for (const id of ids) touched.add(id);
}

/**
 * Where servers keep references whole by themselves, groups lose members who were deleted or
 * renamed without being told of as changed.
 */
async function readGroupsLeft(
  context: RunContext,
  session: DirectorySession,
  keys: readonly MemberKey[],
  counts: GroupCounts,
): Promise<GroupCounts> {
  const { engine, settings } = context;
  const ids = await groupsNaming(engine.store.db, settings.name, keys);
  let { changed } = counts;
  if (ids.length > 0) {
    for await (const batch of session.objects(ids)) {
      changed += countGroups(await stageChanged(context, batch));
    }
  }
  return { ...counts, changed };
}
