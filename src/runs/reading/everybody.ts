/**
 * The reading phase: every entry of the directory becomes a decision, the decisions become a plan.
 * Entries that are known as they are cost one comparison in the database and are not decoded.
 */
import { LinkedUsers } from "../../engine/people/linked-users.ts";
import type { DirectorySession } from "../../agent/directory.ts";
import { scopeFingerprint } from "../../engine/fingerprint.ts";
import { decideOne, writesNothing } from "../../engine/people/decide-one.ts";
import { loadKnown, type KnownPeople } from "../../engine/people/known.ts";
import { sightingOf } from "../../engine/people/sightings.ts";
import { mapAhead } from "../../lib/ahead.ts";
import { mayRepeat } from "../../model/directory.ts";
import type { RawEntry } from "../../model/entry.ts";
import { RollcallError } from "../../model/errors.ts";
import type { Mark } from "../../model/incremental.ts";
import type { Sighting } from "../../reconciler/decide.ts";
import { changedEntries, countPresent, isUnknownDirectory } from "../../store/app-users.ts";
import { readCheckpoint } from "../../store/checkpoints.ts";
import type { PlanBuilder } from "../plan/builder.ts";
import { settleContested } from "../plan/contested.ts";
import type { Considered } from "../plan/conclude.ts";
import type { ReadingContext, RunContext } from "../record/context.ts";
import { note, noteJudging } from "../record/notes.ts";
import { LazyAbsence } from "./absence.ts";
import { Census } from "./census.ts";
import { readAllObjects } from "./groups.ts";
import { planRemovals, planReplacements, planUnusable } from "./leavers.ts";

/** Batches whose look-ups are under way at the same time. */
const IN_FLIGHT = 2;

interface LookedUp {
  readonly size: number;
  readonly unchanged: number;
  readonly unusable: readonly RawEntry[];
  /** Those that are new or changed. */
  readonly sightings: readonly Sighting[];
  readonly known: KnownPeople;
}

/**
 * Reads all people and plans what to do with each; after them groups and containers.
 * @throws RollcallError if the read was not proven complete
 */
export async function readEverybody(
  context: ReadingContext,
  plan: PlanBuilder,
): Promise<Considered> {
  const { engine, directory, signal } = context;
  const { name, settings } = directory;
  const { db } = engine.store;
  const before = await countPresent(db, name);
  await using session = await engine.openDirectory(name).open(signal);
  await session.changes?.begin(await earlierMark(context));
  const census = new Census(mayRepeat(settings.source));
  const linked = new LinkedUsers();
  const read = await readPeople(context, session, {
    plan,
    census,
    linked,
    nobodyKnown: await isUnknownDirectory(db, name),
    total: before.own > 0 ? before.own : null,
  });
  const { counts: groups } = await readAllObjects(context, session, null);
  const mark = session.changes?.mark() ?? null;
  await noteJudging(context, { server: session.server, groups, mark, way: mark?.way ?? null });
  const closed = census.close();
  await planUnusable(context, plan, closed);
  const replaced = await planReplacements(context, plan, closed, linked);
  const gone = before.own - closed.known;
  if (gone > 0) {
    await using absence = new LazyAbsence(context, gone);
    const isGone = (id: string): boolean => closed.isGone(id);
    await planRemovals(context, plan, { replaced, absence, isGone, total: before.own });
  }
  await plan.finish();
  await settleContested(context, plan, {
    ids: closed.contested,
    users: [...linked.contested],
  });
  return { read, before };
}

/** @throws RollcallError `ldap.connectionLost` if nothing proves that it was everybody */
async function readPeople(
  context: ReadingContext,
  session: DirectorySession,
  planning: Planning,
): Promise<number> {
  let read: number;
  try {
    read = await planEntries(context, session.people(), planning);
  } finally {
    await noteEvidence(context, session);
  }
  if (session.evidence().complete) return read;
  const message = `The read of ${context.directory.name} ended without proof that it is complete.`;
  throw new RollcallError("ldap.connectionLost", message);
}

/** How far the read came, also where it failed; then its own error is what counts. */
async function noteEvidence(context: RunContext, session: DirectorySession): Promise<void> {
  await note(context, { evidence: session.evidence() }).catch(() => undefined);
}

async function earlierMark({ engine, directory }: ReadingContext): Promise<Mark | null> {
  const checkpoint = await readCheckpoint(engine.store.db, directory.name);
  const same = checkpoint?.scope === scopeFingerprint(directory.settings.source);
  return same ? checkpoint.mark : null;
}

export interface Planning {
  readonly plan: PlanBuilder;
  readonly census: Census;
  /** Users that this run has linked. */
  readonly linked: LinkedUsers;
  /** Whether nobody of the directory is known, so that nobody needs to be looked up. */
  readonly nobodyKnown: boolean;
  /** How many entries are expected, for the progress; null if nobody knows. */
  readonly total: number | null;
}

/** Plans what to do with every entry of a read. @returns how many there were */
export async function planEntries(
  context: RunContext,
  entries: AsyncIterable<RawEntry[]>,
  planning: Planning,
): Promise<number> {
  const { directory, signal } = context;
  const { plan, census, total } = planning;
  const look = (batch: RawEntry[]): Promise<LookedUp> => lookUp(context, batch, planning);
  let read = 0;
  for await (const batch of mapAhead(entries, IN_FLIGHT, look)) {
    signal.throwIfAborted();
    read += batch.size;
    plan.count("unchanged", batch.unchanged);
    census.noteUnchanged(batch.unchanged);
    await planBatch(context, batch, plan, census);
    context.progress({ directory: directory.name, phase: "reading", done: read, total });
  }
  return read;
}

async function lookUp(
  { engine, directory, run }: RunContext,
  entries: readonly RawEntry[],
  { census, linked, nobodyKnown }: Planning,
): Promise<LookedUp> {
  const { usable, unusable, repeated } = sortOut(entries, census);
  const { fingerprint } = run;
  const all = usable.length === 0 || nobodyKnown;
  const positions = all
    ? usable.keys().toArray()
    : await changedEntries(engine.store.db, directory.name, usable, fingerprint);
  const sightings: Sighting[] = [];
  for (const at of positions) {
    const raw = usable[at];
    if (raw === undefined) continue;
    const seen = sightingOf(raw, fingerprint);
    if ("problem" in seen) unusable.push({ ...raw, problem: seen.problem });
    else sightings.push(seen);
  }
  const batch = { directory: directory.rules, sightings, linked };
  const known = await loadKnown(engine, run.now, nobodyKnown ? { ...batch, stored: [] } : batch);
  return {
    size: entries.length - repeated,
    unchanged: usable.length - positions.length,
    unusable,
    sightings,
    known,
  };
}

/** Entries that can be decided about, and those that cannot; what came before is left out. */
function sortOut(
  entries: readonly RawEntry[],
  census: Census,
): { readonly usable: RawEntry[]; readonly unusable: RawEntry[]; readonly repeated: number } {
  const usable: RawEntry[] = [];
  const unusable: RawEntry[] = [];
  let repeated = 0;
  for (const entry of entries) {
    const seen = entry.id === null ? "nobody" : census.note(entry.id, entry.hash);
    if (seen === "again") repeated++;
    else if (seen === "duplicate") unusable.push(duplicate(entry));
    else if (seen === "nobody" || entry.problem !== null) unusable.push(entry);
    else usable.push(entry);
  }
  return { usable, unusable, repeated };
}

function duplicate(entry: RawEntry): RawEntry {
  const message = `${entry.dn} has the same identifier ${entry.id} as an entry before it.`;
  return { ...entry, id: null, problem: { code: "entry.duplicateId", field: "id", message } };
}

async function planBatch(
  { engine, directory }: RunContext,
  batch: LookedUp,
  plan: PlanBuilder,
  census: Census,
): Promise<void> {
  const decisions = { rules: engine.rules, directory: directory.rules };
  for (const sighting of batch.sightings) {
    const known = batch.known.of(sighting);
    census.noteSeen(sighting, known.appUser);
    if (known.replaces !== null) {
      census.defer({ sighting, refused: known, replaces: known.replaces });
      continue;
    }
    const planned = decideOne(decisions, sighting, known);
    if (writesNothing(planned, known.hash)) plan.count(planned.action);
    else await plan.add(planned);
  }
  for (const entry of batch.unusable) census.noteUnusable(entry);
}
