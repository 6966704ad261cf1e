/**
 * The reading phase: every entry of the directory becomes a decision, the decisions become a plan.
 * Entries that are known as they are cost one comparison in the database and are not decoded.
 */
import type { RawEntry, ReadEvidence } from "../model/entry.ts";
import { RollcallError } from "../model/errors.ts";
import { mapAhead } from "../lib/ahead.ts";
import { IdSet } from "../lib/id-set.ts";
import { uuidV7 } from "../lib/uuid.ts";
import {
  claimsLogin,
  decideRemoval,
  decideSighting,
  decideUnusable,
  type Sighting,
} from "../reconciler/decide.ts";
import {
  appUserByDn,
  appUsersByIds,
  changedEntries,
  countPresent,
  isUnknownDirectory,
  presentIdsAfter,
} from "../store/app-users.ts";
import { usersByIds } from "../store/users.ts";
import type { RunContext } from "./context.ts";
import { loadKnown, type KnownPeople } from "./known.ts";
import type { PlanBuilder } from "./plan-builder.ts";

/** Batches whose look-ups are under way at the same time. */
const IN_FLIGHT = 2;
const PAGE = 5000;

export interface ReadResult {
  readonly evidence: ReadEvidence;
  readonly read: number;
  /** People in the scope before the run: of this directory, and of all. */
  readonly before: { readonly own: number; readonly all: number };
}

interface Batch {
  readonly size: number;
  readonly unchanged: number;
  readonly unusable: readonly RawEntry[];
  readonly changed: readonly { readonly raw: RawEntry; readonly sighting: Sighting }[];
  readonly known: KnownPeople;
}

/**
 * Reads all people and plans what to do with each.
 * @throws RollcallError if the read was not proven complete
 */
export async function readDirectory(context: RunContext, plan: PlanBuilder): Promise<ReadResult> {
  const { engine, settings, signal } = context;
  const before = await countPresent(engine.store.db, settings.name);
  const reading = engine.openDirectory(settings.name).read();
  const first = await isUnknownDirectory(engine.store.db, settings.name);
  const census = new Census(first, settings.source.users.bases.length !== 1);
  const linked = new IdSet(Date.now());
  const look = (batch: RawEntry[]): Promise<Batch> => lookUp(context, batch, census, linked);
  let read = 0;
  for await (const batch of mapAhead(reading.batches(signal), IN_FLIGHT, look)) {
    signal.throwIfAborted();
    read += batch.size;
    plan.count("unchanged", batch.unchanged);
    census.known += batch.unchanged;
    await planBatch(context, batch, plan, census);
    context.progress({
      directory: settings.name,
      phase: "reading",
      done: read,
      total: before.own > 0 ? before.own : null,
    });
  }
  const evidence = reading.evidence();
  if (!evidence.complete) {
    throw new RollcallError(
      "ldap.connectionLost",
      `The read of ${settings.name} ended without proof that it is complete.`,
    );
  }
  if (census.known < before.own) await planRemovals(context, plan, census, before.own);
  await plan.finish();
  return { evidence, read, before };
}

/** Who was seen in this read. */
class Census {
  readonly seen = new IdSet(Date.now());
  readonly #exact: IdSet | null;
  /** People seen who were in the scope before. */
  known = 0;

  /** Whether nobody of the directory is known, so that nobody needs to be looked up. */
  readonly first: boolean;

  /** @param overlaps whether the same entry may rightly come twice, because bases overlap */
  constructor(first: boolean, overlaps: boolean) {
    this.first = first;
    this.#exact = overlaps ? new IdSet(Date.now() + 1) : null;
  }

  /** Whether the entry is new to this read; "again" if it is the very same as one before. */
  note(id: string, hash: string): "new" | "again" | "duplicate" {
    const exact = this.#exact?.add(`${id} ${hash}`) ?? true;
    if (this.seen.add(id)) return "new";
    return exact ? "duplicate" : "again";
  }
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
    const { dn, disabled, profile } = raw.decode();
    const id = raw.id ?? "";
    return [{ raw, sighting: { id, dn, disabled, profile, hash: fingerprint + raw.hash } }];
  });
  const sightings = changed.map(({ sighting }) => sighting);
  const known = await loadKnown(engine, directory, sightings, census.first ? [] : null, linked);
  return {
    size: entries.length - repeated,
    unchanged: usable.length - changed.length,
    unusable,
    changed,
    known,
  };
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
    const planned = decideSighting({ rules: engine.rules, directory }, sighting, known, uuidV7());
    const nothing =
      planned.appUser === null && planned.user === null && planned.action === "ignored";
    if (nothing) plan.count(planned.action);
    else await plan.add(planned, claimsLogin(planned, known.user));
  }
  for (const entry of batch.unusable) await planUnusable(context, entry, plan, census);
}

/** An entry that cannot be used is somebody all the same: who stood at its place is not removed. */
async function planUnusable(
  context: RunContext,
  entry: RawEntry,
  plan: PlanBuilder,
  census: Census,
): Promise<void> {
  const { engine, settings } = context;
  const { db } = engine.store;
  if (entry.problem === null) return;
  const isDuplicate = entry.problem.code === "entry.duplicateId";
  const byId = entry.id === null ? [] : await appUsersByIds(db, settings.name, [entry.id]);
  const appUser = byId[0] ?? (isDuplicate ? null : await appUserByDn(db, settings.name, entry.dn));
  if (
    appUser !== null &&
    appUser.status !== "removed" &&
    (entry.id !== null || census.seen.add(appUser.externalId))
  ) {
    census.known++;
  }
  const [user] = appUser?.userId == null ? [] : await usersByIds(db, [appUser.userId]);
  const known = appUser === null ? null : { appUser, login: user?.login ?? null };
  await plan.add(decideUnusable(settings.name, entry, known, entry.problem), false);
}

/** Everybody of the directory whom the read did not show has left its scope. */
async function planRemovals(
  context: RunContext,
  plan: PlanBuilder,
  census: Census,
  total: number,
): Promise<void> {
  const { engine, settings, signal } = context;
  const { db } = engine.store;
  let after = "";
  let compared = 0;
  for (;;) {
    signal.throwIfAborted();
    const ids = await presentIdsAfter(db, settings.name, after, PAGE);
    const last = ids.at(-1);
    if (last === undefined) return;
    const gone = ids.filter((id) => !census.seen.has(id));
    for (let at = 0; at < gone.length; at += 1000)
      await planGone(context, plan, gone.slice(at, at + 1000));
    after = last;
    compared += ids.length;
    context.progress({ directory: settings.name, phase: "comparing", done: compared, total });
  }
}

async function planGone(
  context: RunContext,
  plan: PlanBuilder,
  ids: readonly string[],
): Promise<void> {
  const { engine, directory, settings } = context;
  const { db } = engine.store;
  const stored = await appUsersByIds(db, settings.name, ids);
  const sightings = stored.map(({ externalId: id, dn, profile }) => ({
    id,
    dn,
    profile,
    hash: "",
    disabled: false,
  }));
  const linkedOnly = { ...directory, matching: [] };
  const known = await loadKnown(engine, linkedOnly, sightings, stored, new IdSet(0));
  for (const [i, appUser] of stored.entries()) {
    const sighting = sightings[i];
    if (sighting === undefined) continue;
    const person = known.of(sighting);
    const planned = decideRemoval({ rules: engine.rules, directory }, appUser, person);
    await plan.add(planned, claimsLogin(planned, person.user));
  }
}
