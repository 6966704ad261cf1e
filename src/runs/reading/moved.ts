/**
 * People who moved while everybody was being read: from a base, or a page, that came later into one
 * that had been read before. They were never shown, and are in the scope all the same. So whoever
 * was not shown is asked for by identifier before anybody is taken for gone.
 */
import type { DirectorySession } from "../../agent/directory.ts";
import { RollcallError } from "../../model/errors.ts";
import { presentIdsAfter } from "../../store/app-users.ts";
import type { RunContext } from "../record/context.ts";
import { planEntries, type Planning } from "./entries.ts";

const PAGE = 5000;
/** Where searching by identifier may mean a walk through everybody, many are not asked for. */
const MOST_UNSURE = 1000;

/** Known people of the directory whom a read did not show, in pages. */
export async function* unseen(
  { engine, directory, signal }: RunContext,
  isSeen: (id: string) => boolean,
): AsyncGenerator<string[]> {
  for (let after = ""; ;) {
    signal.throwIfAborted();
    const ids = await presentIdsAfter(engine.store.db, directory.name, after, PAGE);
    const last = ids.at(-1);
    if (last === undefined) return;
    const missing = ids.filter((id) => !isSeen(id));
    if (missing.length > 0) yield missing;
    after = last;
  }
}

/** Reads those whom a full read did not show and who are there. @returns how many there were */
export async function readMoved(
  context: RunContext,
  { lookup }: DirectorySession,
  planning: Planning,
): Promise<number> {
  if (lookup === null) return 0;
  const late = { ...planning, nobodyKnown: false, total: null, isLate: true };
  let read = 0;
  let asked = 0;
  for await (const ids of unseen(context, (id) => planning.census.isSeen(id))) {
    asked += ids.length;
    if (lookup.isSure) {
      read += await planEntries(context, lookup.people(ids), late);
      continue;
    }
    const found = asked > MOST_UNSURE ? null : await readUnsure(context, ids, late);
    if (found === null) return read;
    read += found;
  }
  return read;
}

/**
 * Over a connection of its own: not every directory can be searched by such an identifier, and one
 * that gives the search up has shown everybody all the same.
 * @returns null if it cannot be searched
 */
async function readUnsure(
  context: RunContext,
  ids: readonly string[],
  late: Planning,
): Promise<number | null> {
  const { engine, directory, signal } = context;
  try {
    await using session = await (await engine.openDirectory(directory.name)).open(signal);
    return session.lookup === null
      ? null
      : await planEntries(context, session.lookup.people(ids), late);
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof RollcallError) || !thrown.code.startsWith("ldap."))
      throw thrown;
    return null;
  }
}
