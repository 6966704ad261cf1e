/**
 * The reading phase of an incremental import: the directory tells who changed, and these people
 * are read and decided about as in a full import. What cannot be told this way (a container that
 * was renamed or vanished, a position that the server does not know) makes it a full one.
 */
import { expiredIds } from "../../engine/people/expiry.ts";
import { LinkedUsers } from "../../engine/people/linked-users.ts";
import type {
  ChangeReader,
  Changes,
  DirectorySession,
  ObjectReader,
  PersonLookup,
} from "../../agent/directory.ts";
import { hidesState, isComputed } from "../../model/computed.ts";
import { scopeFingerprint } from "../../engine/fingerprint.ts";
import { IdSet } from "../../lib/id-set.ts";
import { isOnServers } from "../../model/directory.ts";
import { dnKey } from "../../model/dn.ts";
import { MustReadAll, WAY_FACTS, type Conversion, type Mark } from "../../model/incremental.ts";
import { memberKeys } from "../../model/members.ts";
import type { GroupCounts, ImportType } from "../../model/run.ts";
import { countPresent, failingIds, lastRemoved, unknownIds } from "../../store/app-users.ts";
import { readCheckpoint } from "../../store/checkpoints.ts";
import { groupsNaming, knownObjects, objectAt, stageGone } from "../../store/objects.ts";
import type { PlanBuilder } from "../plan/builder.ts";
import { settleContested } from "../plan/contested.ts";
import { settleReferrers } from "../plan/referrers.ts";
import type { Considered } from "../plan/conclude.ts";
import type { ReadingContext, RunContext } from "../record/context.ts";
import { noteJudging } from "../record/notes.ts";
import { LazyAbsence } from "./absence.ts";
import { Census, type ClosedCensus, type LeftPlace } from "./census.ts";
import { planEntries } from "./entries.ts";
import {
  countGroups,
  groupsOf,
  readAllObjects,
  stageChanged,
  type ChangedObject,
  type ReadObjects,
} from "./groups.ts";
import { unseen } from "./moved.ts";
import { readReferrers } from "./referrers.ts";
import { emptiedPlaces } from "./vanished.ts";
import { planGone, planRemovals } from "./leavers.ts";
import { mayStay, planWhoIsWho } from "./who-is-who.ts";

/** Below this many changes, reading just them is always cheaper. */
const FEW = 5000;
/** People whose last update failed are tried again; more of them wait for a full import. */
const RETRIED = 1000;
/** So many of those who left are looked for again. */
const LEFT_LAST = 10;
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
export async function chooseStart(
  { engine, directory, run }: ReadingContext,
  wanted: ImportType | null,
): Promise<Start> {
  if (wanted === "full") return { conversion: null };
  const { source } = directory.settings;
  const checkpoint = await readCheckpoint(engine.store.db, directory.name);
  const explicit = wanted === "incremental";
  const full = (code: Conversion["code"], reason: string): Start => {
    return { conversion: explicit ? { code, reason } : null };
  };
  if (checkpoint === null) return full("no_previous_import", "There was no full import before.");
  if (checkpoint.scope !== scopeFingerprint(source)) {
    const reason =
      "Filter, base, attributes, groups, servers or account changed since the last import.";
    return full("configuration_changed", reason);
  }
  if (checkpoint.fingerprint !== run.fingerprint) {
    const reason = "Mappings, matching or rules changed since the last full import.";
    return full("configuration_changed", reason);
  }
  if (checkpoint.fullReason !== null) return full("configuration_changed", checkpoint.fullReason);
  const { mark, entries } = checkpoint;
  if (isOnServers(source) && source.incremental.way === "off") {
    const reason = "Incremental imports are switched off (incremental.way).";
    return full("agent_unable_to_perform_incremental_import", reason);
  }
  if (mark === null) {
    const reason = "The last import found no way to read changes.";
    return full("agent_unable_to_perform_incremental_import", reason);
  }
  const blind = WAY_FACTS[mark.way].tellsDeletions === "never" || dependsOnComputed(directory);
  if (!explicit && blind) return { conversion: null };
  return { mark, people: entries, compareAlways: !explicit };
}

/** Whether what nobody is told of decides about access, or whose an entry is. */
function dependsOnComputed({ settings, rules }: ReadingContext["directory"]): boolean {
  const { disabled } = settings.source.users;
  const read = rules.matching.flatMap(({ app }) => app.reads.map((one) => one.attribute));
  return disabled.some(hidesState) || read.some(isComputed);
}

/** A session of a directory that tells what changed, and lets people be asked for one by one. */
interface Telling {
  readonly session: DirectorySession;
  readonly reader: ChangeReader;
  readonly lookup: PersonLookup;
  readonly objects: ObjectReader;
}

/** Reads who changed, and plans what to do with them. @throws MustReadAll */
export async function readChanges(
  context: ReadingContext,
  plan: PlanBuilder,
  { mark, people, compareAlways }: Extract<Start, { mark: Mark }>,
): Promise<Considered> {
  const { engine, directory, signal } = context;
  const { db } = engine.store;
  await using session = await (await engine.openDirectory(directory.name)).open(signal);
  const telling = tellingOf(session);
  const limit = Math.max(FEW, Math.floor(people / 10));
  const changes = await telling.reader.since(mark, limit, compareAlways);
  // Whoever is said to be gone is looked for all the same: a move from one base to another is told
  // as a deletion in one and a change in the other.
  const touched = new Set([...changes.touched, ...changes.gone]);
  const follow = await readChangedObjects(context, telling, changes, touched);
  for (const id of await failingIds(db, directory.name, RETRIED)) touched.add(id);
  const due = await expiredIds(engine, directory.name, directory.settings.source.users);
  for (const id of due) touched.add(id);
  const present = changes.compare
    ? await compare(context, telling.reader, touched)
    : changes.present;
  if (present !== null) await askForUnseen(context, present, touched);
  if (touched.size > limit)
    throw new MustReadAll("too_many_changes", `More than ${limit} people have to be looked at.`);
  await requireSearchById(telling.lookup, changes);
  await refuseReturned(context, telling.lookup, touched);

  // Somebody may be asked for by two spellings of one identifier.
  const census = new Census(true);
  const linked = new LinkedUsers();
  const ids = [...touched];
  const planning = { plan, census, linked, nobodyKnown: false, due, total: ids.length };
  const read = await planEntries(context, telling.lookup.people(ids), planning);
  const missing = telling.lookup.isSure ? ids : [...changes.gone];
  const gone = new Set(missing.filter((id) => !census.isSeen(id)));
  const closed = census.close(
    (id) => !census.isSeen(id) && (gone.has(id) || (present !== null && !present.has(id))),
  );
  const replaced = await planWhoIsWho(context, plan, closed, linked);
  const leavers = await planLeavers(context, plan, { gone, present, closed, replaced });
  // Whoever is another entry now, or moved, has left the place, too, but is there.
  const away = [...replaced, ...closed.leftPlaces.map(({ id }) => id)];
  const lost = leavers.filter(({ id }) => !replaced.has(id));
  const { peopled } = census;
  const moved = closed.movedPlaces;
  plan.noteVanished(await emptiedPlaces(context, lost, { peopled, away, moved }));
  const left = [...follow.left, ...closed.leftPlaces, ...leavers];
  const names = await readReferrers(context, telling.lookup, planning, left);
  await plan.finish();
  await settleReferrers(context, plan, census.moved);
  await settleContested(context, plan, {
    ids: closed.contested,
    neverCounted: closed.neverCounted,
    users: [...linked.contested],
  });
  const groups = await readGroupsLeft(context, telling.objects, left, follow.counts);
  const next = telling.reader.mark();
  const way = next?.way ?? mark.way;
  await noteJudging(context, { server: session.server, mark: next, way, groups });
  const judged = isNotable(plan, groups, people);
  return { read: read + names, before: judged ? await countPresent(db, directory.name) : null };
}

/** Whether the safeguard has to look at it, for which everybody is counted. */
function isNotable(plan: PlanBuilder, groups: GroupCounts, people: number): boolean {
  const { removals, updates, failures, grants } = plan.summary();
  const takesOrGives = removals > 0 || grants > 0 || groups.changed + groups.removed > 0;
  return takesOrGives || (updates + failures) * NOTABLE > people;
}

/** @throws MustReadAll for a directory that can only be read whole */
function tellingOf(session: DirectorySession): Telling {
  const { changes: reader, lookup, objects } = session;
  if (reader !== null && lookup !== null && objects !== null)
    return { session, reader, lookup, objects };
  const reason = `${session.server} does not tell what changed.`;
  throw new MustReadAll("agent_unable_to_perform_incremental_import", reason);
}

interface Leavers {
  readonly gone: ReadonlySet<string>;
  /** Whoever is not in it is gone, too; null if nobody compared. */
  readonly present: IdSet | null;
  readonly closed: ClosedCensus;
  readonly replaced: ReadonlySet<string>;
}

/** @returns where those were who are removed */
async function planLeavers(
  context: RunContext,
  plan: PlanBuilder,
  { gone, present, closed, replaced }: Leavers,
): Promise<LeftPlace[]> {
  const { engine, directory } = context;
  const own = present === null ? 0 : (await countPresent(engine.store.db, directory.name)).own;
  const expected = gone.size + Math.max(0, own - (present?.size ?? 0));
  await using absence = new LazyAbsence(context, expected);
  const certain = [...gone].filter((id) => closed.isGone(id));
  const leaving = { replaced, absence, mayStay: mayStay(closed, false) };
  const left = await planGone(context, plan, certain, leaving);
  if (present === null) return left;
  const isGone = (id: string): boolean => !gone.has(id) && closed.isGone(id);
  return [...left, ...(await planRemovals(context, plan, { ...leaving, isGone, total: own }))];
}

/**
 * Where people are identified by an attribute of somebody's choice, searching by it may not work
 * (no equality rule, values that are no text). Then nobody would be found, and nothing imported.
 */
async function requireSearchById(lookup: PersonLookup, changes: Changes): Promise<void> {
  if (lookup.isSure || changes.somebody === null) return;
  let found = 0;
  for await (const batch of lookup.people([changes.somebody])) found += batch.length;
  if (found > 0) return;
  const reason =
    "People cannot be searched by their identifier; users.id should be the server's own.";
  throw new MustReadAll("agent_unable_to_perform_incremental_import", reason);
}

/**
 * Whoever left last is not there again without a word, unless the server was set back to a time
 * before that, and has forgotten more than this.
 */
async function refuseReturned(
  { engine, directory }: RunContext,
  lookup: PersonLookup,
  touched: ReadonlySet<string>,
): Promise<void> {
  if (!lookup.isSure) return;
  const left = await lastRemoved(engine.store.db, directory.name, LEFT_LAST);
  const untold = left.filter((id) => !touched.has(id));
  if (untold.length === 0) return;
  for await (const batch of lookup.people(untold)) {
    // Whoever cannot be used was not taken up again, however often that was told.
    const one = batch.find((entry) => (entry.problem ?? entry.decode().problem) === null);
    if (one === undefined) continue;
    const reason = `${one.dn} had left and is there again without a word: the server was set back, or does not tell of every change.`;
    throw new MustReadAll("server_changed", reason);
  }
}

/** Compares identifiers: whoever is there but unknown is read, whoever is not there is gone. */
async function compare(
  { engine, directory }: RunContext,
  reader: ChangeReader,
  touched: Set<string>,
): Promise<IdSet> {
  const present = new IdSet();
  for await (const ids of reader.identifiers(null)) {
    for (const id of ids) present.add(id);
    for (const id of await unknownIds(engine.store.db, directory.name, ids)) touched.add(id);
  }
  return present;
}

/** Whoever moved while identifiers were read was not among them, and is there all the same. */
async function askForUnseen(
  context: RunContext,
  present: IdSet,
  touched: Set<string>,
): Promise<void> {
  for await (const ids of unseen(context, (id) => present.has(id)))
    for (const id of ids) touched.add(id);
}

interface Followed {
  readonly counts: GroupCounts;
  /** Where those were that are renamed or gone. */
  readonly left: readonly LeftPlace[];
}

/**
 * Groups and containers among what changed. They are looked at before the people, because a
 * container tells of people that nothing else tells of.
 */
async function readChangedObjects(
  context: RunContext,
  { session, reader, objects }: Telling,
  changes: Changes,
  touched: Set<string>,
): Promise<Followed> {
  const differing: ChangedObject[] = [];
  const { counts, gone, vanished } = changes.compare
    ? await readAllObjects(context, session, differing)
    : await readTouchedObjects(context, objects, [...touched], differing);
  const [container] = vanished;
  if (container !== undefined) throw containerIsGone(container);
  for (const object of differing) await followContainer(context, reader, object, touched);
  const renamed = differing.flatMap(({ before }) => before ?? []);
  return { counts, left: [...gone, ...renamed] };
}

function containerIsGone(dn: string): MustReadAll {
  const reason = `${dn} was deleted or moved away; whoever was below it has to be looked for.`;
  return new MustReadAll("ou_change_detected", reason);
}

async function readTouchedObjects(
  context: RunContext,
  objects: ObjectReader,
  ids: readonly string[],
  differing: ChangedObject[],
): Promise<ReadObjects> {
  const { engine, directory, run } = context;
  const { db } = engine.store;
  const known = await knownObjects(db, directory.name, ids);
  const found = new Set<string>();
  for await (const batch of objects.read(ids)) {
    for (const { id } of batch) found.add(id);
    differing.push(...(await stageChanged(context, batch)));
  }
  const gone = [...known.values()].filter(({ id }) => !found.has(id));
  const container = gone.find(({ kind }) => kind === "container");
  if (container !== undefined) {
    throw containerIsGone(container.dn);
  }
  const absent = gone.map(({ id }) => id);
  await stageGone(db, run.id, absent);
  const removed = groupsOf(gone);
  // One that vanished made everybody be read, above.
  return { counts: { changed: countGroups(differing), removed }, gone, vanished: [] };
}

/**
 * A renamed container changes the DNs below it without a word; a new one may have brought people
 * along, or stand in the place of another that went where nobody looks.
 */
async function followContainer(
  { engine, directory }: RunContext,
  reader: ChangeReader,
  { now, before }: ChangedObject,
  touched: Set<string>,
): Promise<void> {
  if (now.kind !== "container") return;
  const key = dnKey(now.dn);
  if (before !== undefined && dnKey(before.dn) === key) return;
  const taken = await objectAt(engine.store.db, directory.name, key, now.id);
  if (before !== undefined || taken) {
    const reason =
      before === undefined ? `${now.dn} is another one now.` : `${before.dn} is now ${now.dn}.`;
    throw new MustReadAll("ou_change_detected", reason);
  }
  for await (const ids of reader.identifiers(now.dn)) for (const id of ids) touched.add(id);
}

/**
 * Where servers keep references whole by themselves, groups lose members who were deleted or
 * renamed without being told of as changed.
 */
async function readGroupsLeft(
  context: RunContext,
  objects: ObjectReader,
  left: readonly LeftPlace[],
  counts: GroupCounts,
): Promise<GroupCounts> {
  const { engine, directory } = context;
  const keys = left.flatMap(({ id, dn }) => memberKeys(id, dn, []));
  const ids = await groupsNaming(engine.store.db, directory.name, keys);
  let { changed } = counts;
  if (ids.length > 0) {
    for await (const batch of objects.read(ids)) {
      changed += countGroups(await stageChanged(context, batch));
    }
  }
  return { ...counts, changed };
}
