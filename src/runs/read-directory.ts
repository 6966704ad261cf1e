/**
 * The reading phase: every entry of the directory becomes a decision, the decisions become a plan.
 * Entries that are known as they are cost one comparison in the database and are not decoded.
 */
import type { RawEntry, ReadEvidence } from "../model/entry.ts";
import { RollcallError } from "../model/errors.ts";
import { mapAhead } from "../lib/ahead.ts";
import { IdSet } from "../lib/id-set.ts";
import { uuidV7 } from "../lib/uuid.ts";
import { decideSighting, type Sighting } from "../reconciler/decide.ts";
import { claimsLogin } from "../reconciler/writes.ts";
import { changedEntries, countPresent, isUnknownDirectory } from "../store/app-users.ts";
import { Census } from "./census.ts";
import type { RunContext } from "./context.ts";
import { loadKnown, type KnownPeople } from "./known.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import { planRemovals, planReplacements, planUnusable } from "./plan-leavers.ts";

/** Batches whose look-ups are under way at the same time. */
const IN_FLIGHT = 2;

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
  await planUnusable(context, plan, census);
  const replaced = await planReplacements(context, plan, census, linked);
  if (census.known < before.own) await planRemovals(context, plan, census, replaced, before.own);
  await plan.finish();
  return { evidence, read, before };
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
    if (known.replaces !== null) {
      census.deferred.push({ sighting, refused: known, replaces: known.replaces });
      continue;
    }
    const planned = decideSighting({ rules: engine.rules, directory }, sighting, known, uuidV7());
    const nothing =
      planned.appUser === null && planned.user === null && planned.action === "ignored";
    if (nothing) plan.count(planned.action);
    else await plan.add(planned, claimsLogin(planned, known.user));
  }
  for (const { id, dn, problem } of batch.unusable) {
    if (problem !== null) census.unusable.push({ id, dn, problem });
  }
}
