/**
 * Entries become decisions, decisions become a plan. Entries that are known as they are cost one
 * comparison in the database and are not decoded.
 */
import { decideOne, writesNothing } from "../../engine/people/decide-one.ts";
import { loadKnown, type KnownPeople } from "../../engine/people/known.ts";
import type { LinkedUsers } from "../../engine/people/linked-users.ts";
import { sightingOf } from "../../engine/people/sightings.ts";
import { mapAhead } from "../../lib/ahead.ts";
import { Breath } from "../../lib/breath.ts";
import { isOnServers, mayBeRespelled } from "../../model/directory.ts";
import type { RawEntry } from "../../model/entry.ts";
import { RollcallError } from "../../model/errors.ts";
import type { Sighting } from "../../reconciler/decide.ts";
import { changedEntries, ownSpelling } from "../../store/app-users.ts";
import type { PlanBuilder } from "../plan/builder.ts";
import type { RunContext } from "../record/context.ts";
import type { Census, Unusable } from "./census.ts";
import { likenessOf } from "../../reconciler/likeness.ts";
import type { SettledEntries } from "./settled.ts";

/** Batches whose look-ups are under way at the same time. */
const IN_FLIGHT = 2;

interface LookedUp {
  readonly size: number;
  /** Entries that came before. */
  readonly repeated: number;
  readonly unchanged: number;
  readonly unusable: readonly Unusable[];
  /** Those that are new or changed. */
  readonly sightings: readonly Sighting[];
  readonly known: KnownPeople;
}

export interface Planning {
  readonly plan: PlanBuilder;
  readonly census: Census;
  /** Users that this run has linked. */
  readonly linked: LinkedUsers;
  /** Whether nobody of the directory is known, so that nobody needs to be looked up. */
  readonly nobodyKnown: boolean;
  /** Whom nobody needs to look at; absent: that is asked for batch by batch. */
  readonly settled?: SettledEntries | null;
  /** Whether everybody was read before, and only those count who were not shown then. */
  readonly isLate?: boolean;
  /** People who are looked at although their entry is as it was: their time has come. */
  readonly due: ReadonlySet<string>;
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
  let repeated = 0;
  // A file always comes to its end, and each search base may show everybody.
  const { source } = directory.settings ?? {};
  const mostTimes =
    source === undefined || !isOnServers(source) ? Infinity : source.users.bases.length;
  for await (const batch of mapAhead(entries, IN_FLIGHT, look)) {
    signal.throwIfAborted();
    read += batch.size;
    repeated += batch.repeated;
    if (repeated > Math.max(read * mostTimes, MOST_REPEATED)) throw goesInCircles(directory.name);
    plan.count("unchanged", batch.unchanged);
    census.noteUnchanged(batch.unchanged);
    await planBatch(context, batch, plan, census);
    context.progress({ directory: directory.name, phase: "reading", done: read, total });
  }
  return read;
}

/** Overlapping search bases and people who move show some entries twice, never all of them often. */
const MOST_REPEATED = 10_000;

function goesInCircles(directory: string): RollcallError {
  const message = `${directory} shows the same entries again and again, so the read would never end.`;
  return new RollcallError("ldap.protocol", message);
}

async function lookUp(
  context: RunContext,
  read: readonly RawEntry[],
  planning: Planning,
): Promise<LookedUp> {
  const { engine, directory, run } = context;
  const { census, linked, nobodyKnown, isLate = false } = planning;
  const spelled = nobodyKnown ? read : await asSpelledBefore(engine, directory, read, census);
  const entries = isLate ? spelled.filter(({ id }) => id !== null && !census.isSeen(id)) : spelled;
  const { usable, unfit, repeated } = sortOut(entries, census);
  const { fingerprint } = run;
  const changed = await changedOf(context, usable, planning);
  const sightings: Sighting[] = [];
  const unusable: Unusable[] = [];
  for (const raw of [...unfit, ...changed]) {
    const seen = sightingOf(raw, fingerprint);
    if ("problem" in seen) unusable.push({ ...raw, ...seen, likeness: likenessIn(raw) });
    else sightings.push(seen);
  }
  const { moved } = census;
  const batch = { directory: directory.rules, sightings, linked, moved };
  const known = await loadKnown(engine, run.now, nobodyKnown ? { ...batch, stored: [] } : batch);
  return {
    size: entries.length - repeated,
    repeated,
    unchanged: usable.length - changed.length,
    unusable,
    sightings,
    known,
  };
}

/** Those of them who have to be looked at. */
async function changedOf(
  { engine, directory, run }: RunContext,
  usable: readonly RawEntry[],
  { nobodyKnown, settled = null, due }: Planning,
): Promise<readonly RawEntry[]> {
  if (usable.length === 0 || nobodyKnown) return usable;
  if (settled?.isWhole === true)
    return usable.filter((entry) => due.has(entry.id ?? "") || !settled.has(entry));
  const { fingerprint } = run;
  const how = { fingerprint, due };
  const positions = await changedEntries(engine.store.db, directory.name, usable, how);
  return positions.flatMap((at) => usable[at] ?? []);
}

/** By what an entry without an identifier looks like somebody, as far as it can be read. */
function likenessIn(raw: RawEntry): string[] {
  if (raw.id !== null || raw.problem?.code === "entry.tooLarge") return [];
  try {
    return likenessOf(raw.dn, raw.decode().profile);
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error;
    return [];
  }
}

/** With the identifiers as they are kept, where those that were read differ in spelling alone. */
async function asSpelledBefore(
  { store }: RunContext["engine"],
  { name, settings }: RunContext["directory"],
  entries: readonly RawEntry[],
  census: Census,
): Promise<readonly RawEntry[]> {
  if (settings === null || !mayBeRespelled(settings.source)) return entries;
  const named = entries.flatMap(({ id, claims = [], dn }) =>
    [...(id === null ? [] : [id]), ...claims].map((one) => ({ id: one, dn })),
  );
  const { kept, elsewhere } = await ownSpelling(store.db, name, named);
  for (const [id, known] of elsewhere) census.noteRespelled(id, known);
  if (kept.size === 0 && elsewhere.size === 0) return entries;
  return entries.map((entry) => {
    const claims = (entry.claims ?? []).flatMap((one) => {
      return [one, kept.get(one) ?? elsewhere.get(one) ?? one];
    });
    const all = claims.length === 0 ? {} : { claims: [...new Set(claims)] };
    return { ...entry, ...all, id: kept.get(entry.id ?? "") ?? entry.id };
  });
}

/** Entries that can be decided about, and those that cannot; what came before is left out. */
function sortOut(
  entries: readonly RawEntry[],
  census: Census,
): { readonly usable: RawEntry[]; readonly unfit: RawEntry[]; readonly repeated: number } {
  const usable: RawEntry[] = [];
  const unfit: RawEntry[] = [];
  let repeated = 0;
  for (const entry of entries) {
    census.notePlace(entry.dn);
    for (const claim of entry.claims ?? []) census.noteClaim(claim);
    const seen = entry.id === null ? "nobody" : census.note(entry.id, entry.hash);
    if (seen === "again") repeated++;
    else if (seen === "duplicate") unfit.push(duplicate(entry));
    else if (seen === "nobody" || entry.problem !== null) unfit.push(entry);
    else usable.push(entry);
  }
  return { usable, unfit, repeated };
}

function duplicate(entry: RawEntry): RawEntry {
  const message = `${entry.dn} has the same identifier ${entry.id} as an entry before it.`;
  return { ...entry, id: null, problem: { code: "entry.duplicateId", field: "id", message } };
}

async function planBatch(
  { engine, directory, signal }: RunContext,
  batch: LookedUp,
  plan: PlanBuilder,
  census: Census,
): Promise<void> {
  const decisions = { rules: engine.rules, directory: directory.rules };
  const breath = new Breath(signal);
  for (const sighting of batch.sightings) {
    if (breath.isDue) await breath.take();
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
