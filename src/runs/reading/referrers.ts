/**
 * People who name others by their DN, as reports name their manager. Where a server keeps references
 * whole by itself, they change when the one they name is renamed, moved or deleted, and nobody tells
 * of them as changed.
 */
import type { PersonLookup } from "../../agent/directory.ts";
import { peopleNaming } from "../../store/app-users.ts";
import type { RunContext } from "../record/context.ts";
import type { LeftPlace } from "./census.ts";
import { planEntries, type Planning } from "./entries.ts";

/** What of a person names others, besides whatever mappings follow (RFC 4519, RFC 4524, MS-ADA). */
const REFERENCES = ["manager", "secretary", "assistant", "owner", "seeAlso"];

/** Reads those again who name somebody who is not where they say. @returns how many there were */
export async function readReferrers(
  context: RunContext,
  lookup: PersonLookup,
  planning: Planning,
  left: readonly LeftPlace[],
): Promise<number> {
  if (left.length === 0) return 0;
  const { engine, directory } = context;
  const followed = engine.rules.needs.related.filter((one) => one.directory === directory.name);
  const attributes = [...REFERENCES, ...followed.map((one) => one.attribute)];
  const dns = left.map(({ dn }) => dn);
  const found = await peopleNaming(engine.store.db, directory.name, attributes, dns);
  const ids = found.filter((id) => !planning.census.isSeen(id));
  if (ids.length === 0) return 0;
  const again = { ...planning, isLate: true, total: null };
  return await planEntries(context, lookup.people(ids), again);
}
