/**
 * Before a held plan is applied, the directory is asked once more about everybody from whom it
 * takes something: whoever came back, or was enabled again, is left out.
 */
import type { DirectorySession } from "../agent/agent.ts";
import type { RawEntry } from "../model/entry.ts";
import { RollcallError } from "../model/errors.ts";
import { IdSet } from "../lib/id-set.ts";
import { lostAfter, lostAmong, type LostRow } from "../store/held-plan.ts";
import type { RunContext } from "./context.ts";

const PAGE = 1000;
/** From so many people on, reading everybody is cheaper than asking for each. */
const MANY = 5000;

/** @returns the rows to leave out. @throws RollcallError if the directory cannot be asked */
export async function returnedSince(context: RunContext, lost: number): Promise<number[]> {
  if (lost === 0) return [];
  const { engine, settings, signal } = context;
  await using session = await engine.openDirectory(settings.name).open(signal);
  const found =
    session.findsByIdSurely && lost <= MANY
      ? await askForEach(context, session)
      : await readEverybody(context, session, lost);
  return found;
}

async function askForEach(context: RunContext, session: DirectorySession): Promise<number[]> {
  const { db } = context.engine.store;
  const seqs: number[] = [];
  for (let after = -1; ;) {
    const page = await lostAfter(db, context.runId, after, PAGE);
    const last = page.at(-1);
    if (last === undefined) return seqs;
    const ids = page.map((row) => row.externalId);
    for await (const batch of session.peopleByIds(ids)) seqs.push(...returned(page, batch));
    after = last.seq;
    context.signal.throwIfAborted();
  }
}

async function readEverybody(
  context: RunContext,
  session: DirectorySession,
  lost: number,
): Promise<number[]> {
  const { engine, runId, settings, signal, progress } = context;
  const { db } = engine.store;
  const wanted = new IdSet(Date.now());
  for (let after = -1; ;) {
    const page = await lostAfter(db, runId, after, PAGE);
    const last = page.at(-1);
    if (last === undefined) break;
    for (const { externalId } of page) wanted.add(externalId);
    after = last.seq;
  }
  const seqs: number[] = [];
  let done = 0;
  for await (const batch of session.people()) {
    signal.throwIfAborted();
    const there = batch.filter(({ id }) => id !== null && wanted.has(id));
    const ids = there.flatMap(({ id }) => id ?? []);
    seqs.push(...returned(await lostAmong(db, runId, ids), there));
    done += batch.length;
    progress({ directory: settings.name, phase: "comparing", done, total: null });
  }
  if (session.evidence().complete) return seqs;
  const message = `${lost} people could not be looked for: the read of ${settings.name} ended early.`;
  throw new RollcallError("ldap.connectionLost", message);
}

function returned(rows: readonly LostRow[], entries: readonly RawEntry[]): number[] {
  const there = new Map(entries.map((entry) => [entry.id, entry]));
  return rows.flatMap(({ seq, externalId, reason }) => {
    const entry = there.get(externalId);
    if (entry === undefined) return [];
    if (reason === "disabled") return entry.problem === null && !isDisabled(entry) ? [seq] : [];
    return reason === "accessLost" ? [] : [seq];
  });
}

/** An entry that cannot be decoded says nothing; the plan stands. */
function isDisabled(entry: RawEntry): boolean {
  try {
    return entry.decode().disabled;
  } catch (error) {
    if (error instanceof RollcallError) return true;
    throw error;
  }
}
