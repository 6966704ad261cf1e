/**
 * What all ways of reading changes have in common.
 *
 * A way only tells *who* changed. What these people are now is then read by the same search as in
 * a full import, narrowed to their identifiers. So a value that was cleared and one that was not
 * sent are never confused, whoever left the filter is simply not found, and the hash of an entry is
 * the same by whichever way it was noticed.
 */
import type { IdSet } from "../../../lib/id-set.ts";
import type { SearchScope } from "../../../model/directory.ts";
import { MustReadAll, type ChangeListener, type Mark } from "../../../model/incremental.ts";
import type { Filter } from "../../filter.ts";
import type { LdapConnection } from "../connection.ts";
import type { ServerInfo } from "../root-dse.ts";
import { searchAll } from "../search-all.ts";
import type { SearchRequest } from "../search-request.ts";

export interface WayContext {
  readonly connection: LdapConnection;
  readonly server: ServerInfo;
  /** Where people, groups and containers are looked for; none lies below another. */
  readonly bases: readonly string[];
  /** The searches that find people, groups and containers. */
  readonly scans: readonly Scan[];
  readonly idAttribute: string;
  readonly timeAttribute: string;
  readonly overlapSeconds: number;
  readonly signal: AbortSignal;
  request(base: string, filter: Filter, attributes: readonly string[]): SearchRequest;
}

export interface Scan {
  readonly base: string;
  readonly scope: SearchScope;
  readonly filter: Filter;
  /** By what its entries are identified. */
  readonly idAttribute: string;
  /** Whether it finds people, and not groups or containers. */
  readonly ofPeople: boolean;
}

export type Positions = Mark["positions"];

/** A way of reading changes. What can be said of it without a server stands in `WAY_FACTS`. */
export interface IncrementalWay {
  /** Whether the server offers it, and the identifiers are such that it can be used. */
  offered(server: ServerInfo, idAttribute: string): boolean;
  /**
   * Where a next read may go on. Called before everybody is read.
   * @throws MustReadAll if the account may not use this way, or the server has it only by name
   */
  begin(context: WayContext, before: Positions | null): Promise<Positions>;
  /** Notes what changed since, and tells where the next read goes on. @throws MustReadAll */
  changes(context: WayContext, since: Positions, notes: ChangeNotes): Promise<Positions>;
  /** Notes the times of entries that pass, for a way whose position is a time; absent elsewhere. */
  clock?(server: string): EntryClock;
  /** Why the account sees less by it than it should; null if nothing is missing. */
  blindness?(context: WayContext): Promise<string | null>;
  /** Listens from a position until the connection or the signal ends; absent where nothing tells. */
  listen?(
    context: WayContext,
    base: string,
    since: Positions | null,
    listener: ChangeListener,
  ): Promise<void>;
}

/** Finds the position of a way while everybody is being read. */
export interface EntryClock {
  note(value: Buffer): void;
  /** @throws MustReadAll if no entry had a time */
  positions(): Positions;
}

/** What a way tells: identifiers only. */
export class ChangeNotes {
  readonly touched = new Set<string>();
  readonly gone = new Set<string>();
  /** Somebody who certainly is a person in the scope; null if there is nobody to be named. */
  somebody: string | null = null;
  /** Everybody who is still there, if the way told so: whoever is not in it is gone. */
  present: IdSet | null = null;
  /** Whether the way told of deletions; where not, identifiers have to be compared at times. */
  sawDeletions = true;
  readonly #limit: number;

  /** @param limit from how many changes on it is cheaper to read everybody */
  constructor(limit: number) {
    this.#limit = limit;
  }

  touch(id: string): void {
    this.gone.delete(id);
    this.touched.add(id);
    this.#check();
  }

  remove(id: string): void {
    this.touched.delete(id);
    this.gone.add(id);
    this.#check();
  }

  #check(): void {
    if (this.touched.size + this.gone.size <= this.#limit) return;
    const reason = `More than ${this.#limit} entries changed; reading everybody is cheaper.`;
    throw new MustReadAll("too_many_changes", reason);
  }
}

/**
 * Servers tell of changes only to those who may read the attribute that stamps them.
 * @throws MustReadAll if it cannot be read of the bases
 */
export async function requireStamps(context: WayContext, attribute: string): Promise<void> {
  const { connection, signal } = context;
  for (const base of context.bases) {
    let found = false;
    const request = context.request(base, { kind: "present", attribute }, ["1.1"]);
    const look = { ...request, scope: "base", pageSize: null } as const;
    const result = await searchAll(connection, look, { entry: () => (found = true) }, signal);
    if (found || result.code !== 0) continue;
    const reason = `${attribute} of ${base} cannot be read, and without it changes are not told.`;
    throw new MustReadAll("agent_unable_to_perform_incremental_import", reason);
  }
}

/** A position that must be there. @throws MustReadAll */
export function positionAt(since: Positions, key: string): string {
  const position = since[key];
  if (position === undefined || position === "") {
    throw new MustReadAll("server_changed", `Nothing was read from ${key} before.`);
  }
  return position;
}

/** A position that is a number. @throws MustReadAll */
export function numberAt(since: Positions, key: string): number {
  const position = positionAt(since, key);
  if (/^\d{1,15}$/.test(position)) return Number(position);
  throw new MustReadAll("checkpoint_refused", `${position} is no position of ${key}.`);
}
