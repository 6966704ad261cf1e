/** How many users and attributes each directory gives. */
import { oldestOf } from "../engine/counts.ts";
import type { Engine } from "../engine/engine.ts";
import {
  countUsers,
  sourcedAttributes,
  sourcedUsers,
  type SourcedAttribute,
  type SourcedUsers,
} from "../store/sourced.ts";

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
  /** When that was counted, if something may have changed since; null: it is as of now. */
  readonly countedAt: string | null;
}

export async function reportSources(engine: Engine): Promise<SourceReport[]> {
  const { rules, directories } = engine;
  const sourced = await countSourced(engine);
  const users = new Map(sourced.users.map((one) => [one.directory, one]));
  const attributes = Map.groupBy(sourced.attributes, (one) => one.source);
  const { unlinked } = sourced.all;
  const countedAt = sourced.since?.toISOString() ?? null;
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
      countedAt,
    };
  });
}

/** What each directory gives, and since when that is known; see `Counts`. */
export interface Sourced {
  readonly attributes: readonly SourcedAttribute[];
  readonly users: readonly SourcedUsers[];
  readonly all: { readonly all: number; readonly unlinked: number };
  readonly since: Date | null;
}

export async function countSourced({ counts, store, rules }: Engine): Promise<Sourced> {
  const { db } = store;
  const { sources } = rules;
  const attributes = await counts.of("attributes by source", () => sourcedAttributes(db));
  const users = await counts.of(`people by source of ${sources.join(" ")}`, () =>
    sourcedUsers(db, sources),
  );
  const all = await counts.of("users without a directory", () => countUsers(db));
  const since = oldestOf([attributes.since, users.since, all.since]);
  return { attributes: attributes.value, users: users.value, all: all.value, since };
}
