/**
 * Before a held plan is applied, the directory is asked once more about everybody from whom it
 * takes something: whoever came back, or was enabled again, is left out.
 */
import type { DirectorySession, PersonLookup } from "../../agent/directory.ts";
import { loadKnown } from "../../engine/people/known.ts";
import { sightingOf } from "../../engine/people/sightings.ts";
import { IdSet } from "../../lib/id-set.ts";
import type { RawEntry } from "../../model/entry.ts";
import { RollcallError } from "../../model/errors.ts";
import { momentOf } from "../../model/expiry.ts";
import type { Sighting } from "../../reconciler/decide.ts";
import {
  activeRows,
  creationsAfter,
  keptPeople,
  lostAfter,
  lostAmong,
  type LostRow,
} from "../../store/held-plan.ts";
import { planRows } from "../../store/plan.ts";
import type { RunContext } from "../record/context.ts";

const PAGE = 1000;
/** From so many people on, reading everybody is cheaper than asking for each. */
const MANY = 5000;
/** Some of them may have left by now; one who is there is enough. */
const WITNESSES = 50;

/**
 * @returns the rows to leave out
 * @throws RollcallError if the directory cannot be asked, or does not show people either of whom
 * the plan says nothing: then nobody knows whether the others came back
 */
export async function returnedSince(context: RunContext, lost: number): Promise<number[]> {
  if (lost === 0) return [];
  const { engine, run, directory, signal } = context;
  const { db } = engine.store;
  const kept = await keptPeople(db, directory.name, run.id, WITNESSES);
  await using session = await (await engine.openDirectory(directory.name)).open(signal);
  const witnesses = new Witnesses(kept);
  const { lookup } = session;
  const found =
    lookup !== null && lookup.isSure && lost <= MANY
      ? await askForEach(context, lookup, witnesses)
      : await readEverybody(context, session, lost, witnesses);
  witnesses.require(directory.name);
  return found;
}

/** @returns the rows that would give access to accounts that have expired since the plan was made */
export async function expiredSince({ engine, run, directory }: RunContext): Promise<number[]> {
  const rules = directory.settings?.source.users.disabled ?? [];
  const now = Date.now();
  const seqs: number[] = [];
  for (const { attribute, expires } of rules) {
    if (expires !== true) continue;
    const rows = await activeRows(engine.store.db, run.id, attribute);
    for (const { seq, value } of rows) {
      const at = momentOf(attribute, value);
      if (at !== null && at <= now) seqs.push(seq);
    }
  }
  return seqs;
}

/** People who must be there, so that an answer without others is worth something. */
class Witnesses {
  readonly ids: readonly string[];
  #seen = false;

  constructor(ids: readonly string[]) {
    this.ids = ids;
  }

  note(batch: readonly RawEntry[]): void {
    this.#seen ||= batch.some(({ id }) => id !== null && this.ids.includes(id));
  }

  require(directory: string): void {
    if (this.#seen || this.ids.length === 0) return;
    const message = `${directory} does not show any of ${this.ids.length} people either of whom the plan says nothing. So it cannot be told whether somebody came back; the run is still held.`;
    throw new RollcallError("run.unverified", message);
  }
}

/**
 * Entries that were new when the plan was made may belong to a user by now whom somebody else
 * created. @returns the rows that would make a second one
 */
export async function matchedSince(context: RunContext): Promise<number[]> {
  const { engine, run, directory } = context;
  const { db } = engine.store;
  const seqs: number[] = [];
  for (let after = -1; ;) {
    const page = await creationsAfter(db, run.id, after, PAGE);
    const last = page.at(-1);
    if (last === undefined) return seqs;
    const rows = await planRows(db, "held_plan", run.id, page);
    const sightings = rows.map(({ planned: { externalId, dn, appUser } }): Sighting => {
      const profile = appUser?.profile ?? {};
      return { id: externalId ?? "", dn, hash: "", disabled: false, profile };
    });
    const known = await loadKnown(engine, run.now, { directory: directory.rules, sightings });
    for (const [i, sighting] of sightings.entries()) {
      const { user, matchProblem } = known.of(sighting);
      if (user !== null || matchProblem !== null) seqs.push(rows[i]?.seq ?? -1);
    }
    after = last;
  }
}

async function askForEach(
  context: RunContext,
  lookup: PersonLookup,
  witnesses: Witnesses,
): Promise<number[]> {
  const { db } = context.engine.store;
  const seqs: number[] = [];
  for await (const batch of lookup.people(witnesses.ids)) witnesses.note(batch);
  for (let after = -1; ;) {
    const page = await lostAfter(db, context.run.id, after, PAGE);
    const last = page.at(-1);
    if (last === undefined) return seqs;
    const ids = page.map((row) => row.externalId);
    for await (const batch of lookup.people(ids)) seqs.push(...returned(page, batch));
    after = last.seq;
    context.signal.throwIfAborted();
  }
}

async function readEverybody(
  context: RunContext,
  session: DirectorySession,
  lost: number,
  witnesses: Witnesses,
): Promise<number[]> {
  const { engine, run, directory, signal, progress } = context;
  const { db } = engine.store;
  const wanted = new IdSet();
  for (let after = -1; ;) {
    const page = await lostAfter(db, run.id, after, PAGE);
    const last = page.at(-1);
    if (last === undefined) break;
    for (const { externalId } of page) wanted.add(externalId);
    after = last.seq;
  }
  const seqs: number[] = [];
  let done = 0;
  for await (const batch of session.people()) {
    signal.throwIfAborted();
    witnesses.note(batch);
    const there = batch.filter(({ id }) => id !== null && wanted.has(id));
    const ids = there.flatMap(({ id }) => id ?? []);
    seqs.push(...returned(await lostAmong(db, run.id, ids), there));
    done += batch.length;
    progress({ directory: directory.name, phase: "judging", done, total: null });
  }
  if (session.evidence().complete) return seqs;
  const message = `${lost} people could not be looked for: the read of ${directory.name} ended early.`;
  throw new RollcallError("ldap.connectionLost", message);
}

function returned(rows: readonly LostRow[], entries: readonly RawEntry[]): number[] {
  const there = new Map(entries.map((entry) => [entry.id, entry]));
  return rows.flatMap(({ seq, externalId, reason }) => {
    const entry = there.get(externalId);
    if (entry === undefined) return [];
    if (reason === "disabled") return isDisabled(entry) ? [] : [seq];
    return reason === "accessLost" ? [] : [seq];
  });
}

/** Of an entry whose state cannot be told now, it is not known any more. */
function isDisabled(entry: RawEntry): boolean {
  const seen = sightingOf(entry);
  return !("problem" in seen) && seen.disabled;
}
