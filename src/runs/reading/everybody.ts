/**
 * The reading phase: every entry of the directory becomes a decision, the decisions become a plan.
 * Entries that are known as they are cost one comparison in the database and are not decoded.
 */
import type { DirectorySession } from "../../agent/agent.ts";
import { memberKeys } from "../../agent/ldap/groups.ts";
import type { RunContext } from "../../engine/engine.ts";
import { scopeFingerprint } from "../../engine/fingerprint.ts";
import { decideOne, writesNothing } from "../../engine/people/decide-one.ts";
import { loadKnown, type KnownPeople } from "../../engine/people/known.ts";
import { mapAhead } from "../../lib/ahead.ts";
import { IdSet } from "../../lib/id-set.ts";
import type { Entry, RawEntry } from "../../model/entry.ts";
import { RollcallError, type Problem } from "../../model/errors.ts";
import type { Mark } from "../../model/incremental.ts";
import type { Sighting } from "../../reconciler/decide.ts";
import { claimsLogin } from "../../reconciler/writes.ts";
import { changedEntries, countPresent, isUnknownDirectory } from "../../store/app-users.ts";
import { readCheckpoint } from "../../store/checkpoints.ts";
import type { PlanBuilder } from "../plan/builder.ts";
import type { Considered } from "../plan/conclude.ts";
import { noteRun } from "../record/end.ts";
import { Absences } from "./absence.ts";
import { Census } from "./census.ts";
import { readAllObjects } from "./groups.ts";
import { planRemovals, planReplacements, planUnusable } from "./leavers.ts";

/** Batches whose look-ups are under way at the same time. */
const IN_FLIGHT = 2;

interface Batch {
  readonly size: number;
  readonly unchanged: number;
  readonly unusable: readonly RawEntry[];
  readonly changed: readonly { readonly raw: RawEntry; readonly sighting: Sighting }[];
  readonly known: KnownPeople;
}

/**
 * Reads all people and plans what to do with each; after them groups and containers.
 * @throws RollcallError if the read was not proven complete
 */
export async function readDirectory(context: RunContext, plan: PlanBuilder): Promise<Considered> {
  const { engine, settings, signal } = context;
  const { db } = engine.store;
  const before = await countPresent(db, settings.name);
  await using session = await engine.openDirectory(settings.name).open(signal);
  await session.begin(await earlierMark(context));
  const first = await isUnknownDirectory(db, settings.name);
  const census = new Census(first, settings.source.users.bases.length !== 1);
  const linked = new IdSet(Date.now());
  const total = before.own > 0 ? before.own : null;
  const planning = { plan, census, linked, total };
  let read: number;
  try {
    read = await planEntries(context, session.people(), planning);
  } finally {
    await noteEvidence(context, session);
  }
  if (!session.evidence().complete) {
    throw new RollcallError(
      "ldap.connectionLost",
      `The read of ${settings.name} ended without proof that it is complete.`,
    );
  }
  const { counts: objects } = await readAllObjects(context, session, null);
  const mark = session.mark();
  const { server } = session;
  await noteRun(context, { server, objects, mark, way: mark?.way ?? null, phase: "judging" });
  await planUnusable(context, plan, census);
  const replaced = await planReplacements(context, plan, census, linked);
  if (census.known < before.own) {
    await using absences = new Absences(context, before.own - census.known);
    await planRemovals(context, plan, census, { replaced, absences }, before.own);
  }
  await plan.finish();
  return { read, before };
}

/** How far the read came, also where it failed; then its own error is what counts. */
async function noteEvidence(context: RunContext, session: DirectorySession): Promise<void> {
  await noteRun(context, { evidence: session.evidence() }).catch(() => undefined);
}

async function earlierMark({ engine, settings }: RunContext): Promise<Mark | null> {
  const checkpoint = await readCheckpoint(engine.store.db, settings.name);
  return checkpoint?.scope === scopeFingerprint(settings.source) ? checkpoint.mark : null;
}

export interface Planning {
  readonly plan: PlanBuilder;
  readonly census: Census;
  readonly linked: IdSet;
  /** How many entries are expected, for the progress; null if nobody knows. */
  readonly total: number | null;
}

/** Plans what to do with every entry of a read. @returns how many there were */
export async function planEntries(
  context: RunContext,
  entries: AsyncIterable<RawEntry[]>,
  { plan, census, linked, total }: Planning,
): Promise<number> {
  const { settings, signal } = context;
  const look = (batch: RawEntry[]): Promise<Batch> => lookUp(context, batch, census, linked);
  let read = 0;
  for await (const batch of mapAhead(entries, IN_FLIGHT, look)) {
    signal.throwIfAborted();
    read += batch.size;
    plan.count("unchanged", batch.unchanged);
    census.known += batch.unchanged;
    await planBatch(context, batch, plan, census);
    context.progress({ directory: settings.name, phase: "reading", done: read, total });
  }
  return read;
}

async function lookUp(
  context: RunContext,
  entries: readonly RawEntry[],
  census: Census,
  linked: IdSet,
): Promise<Batch> {
  const { engine, settings, directory, fingerprint } = context;
  const { db } = engine.store;
  const usable: RawEntry[] = [];
  const unusable: RawEntry[] = [];
  let repeated = 0;
  for (const entry of entries) {
    if (entry.id === null) {
      unusable.push(entry);
      continue;
    }
    const note = census.note(entry.id, entry.hash);
    if (note === "again") repeated++;
    else if (note === "duplicate") unusable.push(duplicate(entry));
    else if (entry.problem !== null) unusable.push(entry);
    else usable.push(entry);
  }
  const all = usable.length === 0 || census.first;
  const positions = all
    ? usable.keys().toArray()
    : await changedEntries(db, settings.name, usable, fingerprint);
  const changed = positions.flatMap((at) => {
    const raw = usable[at];
    if (raw === undefined) return [];
    const decoded = decodeOne(raw);
    if ("problem" in decoded) {
      unusable.push({ ...raw, problem: decoded.problem });
      return [];
    }
    const { dn, disabled, profile } = decoded;
    const id = raw.id ?? "";
    return [{ raw, sighting: { id, dn, disabled, profile, hash: fingerprint + raw.hash } }];
  });
  const sightings = changed.map(({ sighting }) => sighting);
  const known = await loadKnown(context, directory, sightings, census.first ? [] : null, linked);
  return {
    size: entries.length - repeated,
    unchanged: usable.length - positions.length,
    unusable,
    changed,
    known,
  };
}

/** An entry that was framed rightly but holds something invalid is that person's failure. */
function decodeOne(raw: RawEntry): Entry | { readonly problem: Problem } {
  try {
    return raw.decode();
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error;
    const problem = { code: "entry.undecodable", field: "entry", message: error.message } as const;
    return { problem };
  }
}

function duplicate(entry: RawEntry): RawEntry {
  const message = `${entry.dn} has the same identifier ${entry.id} as an entry before it.`;
  return { ...entry, id: null, problem: { code: "entry.duplicateId", field: "id", message } };
}

async function planBatch(
  context: RunContext,
  batch: Batch,
  plan: PlanBuilder,
  census: Census,
): Promise<void> {
  const { engine, directory } = context;
  for (const { sighting } of batch.changed) {
    const known = batch.known.of(sighting);
    if (known.appUser !== null && known.appUser.status !== "removed") census.known++;
    if (known.appUser !== null && known.appUser.dn !== sighting.dn)
      census.leftPlaces.push(...memberKeys(known.appUser.externalId, known.appUser.dn, []));
    if (known.replaces !== null) {
      census.deferred.push({ sighting, refused: known, replaces: known.replaces });
      continue;
    }
    const planned = decideOne({ rules: engine.rules, directory }, sighting, known);
    if (writesNothing(planned, known.hash)) plan.count(planned.action);
    else await plan.add(planned, claimsLogin(planned, known.user));
  }
  for (const { id, dn, problem } of batch.unusable) {
    if (problem !== null) census.unusable.push({ id, dn, problem });
  }
}
