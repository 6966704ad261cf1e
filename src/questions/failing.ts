/** Who fails, why, since when, and what to do about it. */
import { configuredDirectory } from "../engine/directories.ts";
import type { Engine } from "../engine/engine.ts";
import { cureOf } from "../model/errors.ts";
import { readCheckpoint } from "../store/checkpoints.ts";
import {
  failingCauses,
  failingEntries,
  failingPeople,
  type FailingCause,
  type FailingPerson,
  type FailingQuery,
} from "../store/failing.ts";

export interface FailingGroup {
  readonly code: string;
  readonly field: string;
  readonly people: number;
  readonly since: string | null;
  readonly cure: string;
  /** The first ones. */
  readonly examples: readonly (Omit<FailingPerson, "since"> & { readonly since: string | null })[];
}

/** @param limit of examples for each cause. @throws RollcallError `config.unknownDirectory` */
export async function listFailing(
  engine: Engine,
  query: FailingQuery,
  limit: number,
): Promise<FailingGroup[]> {
  const { db } = engine.store;
  if (query.directory !== null) configuredDirectory(engine, query.directory);
  const groups: FailingGroup[] = [];
  for (const cause of await failingCauses(db, query)) {
    const people = await failingPeople(db, query, cause, limit);
    groups.push(groupOf(cause, people));
  }
  return [...groups, ...(await nameless(engine, query, limit))];
}

function groupOf(
  { code, field, people, since }: FailingCause,
  examples: readonly FailingPerson[],
): FailingGroup {
  return {
    code,
    field,
    people,
    since: since?.toISOString() ?? null,
    cure: cureOf(code),
    examples: examples.map((one) => ({ ...one, since: one.since?.toISOString() ?? null })),
  };
}

const MOST = 100_000;

/** Of entries without an identifier nothing can be kept; the last full import named them. */
async function nameless(
  { store: { db }, directories }: Engine,
  { directory, code }: FailingQuery,
  limit: number,
): Promise<FailingGroup[]> {
  const groups: FailingGroup[] = [];
  for (const name of directory === null ? directories.keys() : [directory]) {
    const checkpoint = await readCheckpoint(db, name);
    if (checkpoint === null) continue;
    const entries = await failingEntries(db, name, checkpoint.runId, MOST);
    const since = checkpoint.fullAt;
    for (const [key, found] of Map.groupBy(
      entries,
      (one) => `${one.error.code} ${one.error.field}`,
    )) {
      const [first] = found;
      if (first === undefined || key === "" || (code !== null && first.error.code !== code))
        continue;
      const examples = found.slice(0, limit).map((one) => {
        return { ...one, directory: name, login: null, since };
      });
      const { code: failure, field } = first.error;
      groups.push(groupOf({ code: failure, field, people: found.length, since }, examples));
    }
  }
  return groups;
}
