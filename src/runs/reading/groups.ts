/** Groups and containers of a directory, staged for the end of the run. */
import type { DirectorySession } from "../../agent/directory.ts";
import { IdSet } from "../../lib/id-set.ts";
import type { DirectoryObject, ObjectKind } from "../../model/directory-object.ts";
import { dnKey } from "../../model/dn.ts";
import type { GroupCounts } from "../../model/run.ts";
import {
  knownObjects,
  objectIdsAfter,
  stageGone,
  stageObjects,
  type KnownObject,
} from "../../store/objects.ts";
import type { RunContext } from "../record/context.ts";

const PAGE = 5000;

export interface ReadObjects {
  readonly counts: GroupCounts;
  readonly gone: readonly KnownObject[];
  /** Of the containers that are gone, those in whose place there is no other one either. */
  readonly vanished: readonly string[];
}

/**
 * Reads all of them; what is not there any more is staged as gone.
 * @param differing receives those that are new or changed; null: they are only counted
 */
export async function readAllObjects(
  context: RunContext,
  session: DirectorySession,
  differing: ChangedObject[] | null,
): Promise<ReadObjects> {
  const { engine, directory, run } = context;
  const { db } = engine.store;
  const seen = new IdSet();
  const places = new Set<string>();
  let changed = 0;
  for await (const batch of session.objects?.read(null) ?? []) {
    for (const { id, kind, dn } of batch) {
      seen.add(id);
      if (kind === "container") places.add(dnKey(dn));
    }
    const found = await stageChanged(context, batch);
    changed += countGroups(found);
    differing?.push(...found);
  }
  const gone: KnownObject[] = [];
  for (let after = ""; ;) {
    const ids = await objectIdsAfter(db, directory.name, after, PAGE);
    const last = ids.at(-1);
    if (last === undefined) {
      const containers = gone.filter(
        ({ kind, dn }) => kind === "container" && !places.has(dnKey(dn)),
      );
      const vanished = containers.map(({ dn }) => dn);
      return { counts: { changed, removed: groupsOf(gone) }, gone, vanished };
    }
    const absent = ids.filter((id) => !seen.has(id));
    await stageGone(db, run.id, absent);
    gone.push(...(await knownObjects(db, directory.name, absent)).values());
    after = last;
  }
}

/** How many of these are groups; containers are no news to anybody. */
export function countGroups(objects: readonly ChangedObject[]): number {
  return groupsOf(objects.map(({ now }) => now));
}

export function groupsOf(objects: readonly { readonly kind: ObjectKind }[]): number {
  return objects.filter(({ kind }) => kind === "group").length;
}

export interface ChangedObject {
  readonly now: DirectoryObject;
  /** As it was at the last import; undefined if it was not there. */
  readonly before: KnownObject | undefined;
}

/** Stages those that differ from what is known. */
export async function stageChanged(
  context: RunContext,
  objects: readonly DirectoryObject[],
): Promise<ChangedObject[]> {
  const { engine, directory, run } = context;
  const { db } = engine.store;
  const ids = objects.map((object) => object.id);
  const known = await knownObjects(db, directory.name, ids);
  const differing = objects.filter(({ id, hash }) => known.get(id)?.hash !== hash);
  // Bases may overlap; a statement must not write one row twice.
  const changed = [...new Map(differing.map((object) => [object.id, object])).values()];
  const rows = changed.map((object) => ({ ...object, dnKey: dnKey(object.dn) }));
  await stageObjects(db, run.id, rows);
  return changed.map((now) => ({ now, before: known.get(now.id) }));
}
