/** How many users and attributes each directory gives. */
import type { Engine } from "../engine/engine.ts";
import { countUsers, sourcedAttributes, sourcedUsers } from "../store/sourced.ts";

export interface SourceReport {
  /** A directory, or "okta" for what is edited here. */
  readonly source: string;
  /** Its place in profile.sources, from 1; null if it is not among them. */
  readonly priority: number | null;
  readonly configured: boolean;
  /** Users with an entry in its scope. */
  readonly linked: number;
  /** Users whose profile source it is. */
  readonly users: number;
  /** How many users have each attribute from it. */
  readonly attributes: Readonly<Record<string, number>>;
}

export async function reportSources(engine: Engine): Promise<SourceReport[]> {
  const { rules, store, directories } = engine;
  const users = new Map(
    (await sourcedUsers(store.db, rules.sources)).map((one) => [one.directory, one]),
  );
  const attributes = Map.groupBy(await sourcedAttributes(store.db), (one) => one.source);
  const { unlinked } = await countUsers(store.db);
  const named = new Set([
    ...rules.sources,
    ...directories.keys(),
    ...users.keys(),
    ...attributes.keys(),
  ]);
  named.delete("okta");
  return [...named, "okta"].map((source) => {
    const place = rules.sources.indexOf(source);
    const given = (attributes.get(source) ?? []).map((one) => [one.attribute, one.users] as const);
    const { linked = 0, sourced = 0 } = users.get(source) ?? {};
    return {
      source,
      priority: place === -1 ? null : place + 1,
      configured: source === "okta" || directories.has(source),
      linked,
      users: source === "okta" ? unlinked : sourced,
      attributes: Object.fromEntries(given),
    };
  });
}
