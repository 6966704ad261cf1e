import type { IdSet } from "../lib/id-set.ts";
import type { DirectoryObject } from "../model/directory-object.ts";
import type { RawEntry, ReadEvidence } from "../model/entry.ts";
import type { Problem } from "../model/errors.ts";
import type { ChangeListener, Mark, Way } from "../model/incremental.ts";
import type { FoundAbsence } from "../model/run.ts";

/** What a look at a directory finds without importing. */
export interface Probe {
  /** The kind of server or file, for people. */
  readonly server: string;
  readonly idAttribute: string;
  /** Whether at least one person is in the scope. */
  readonly hasPeople: boolean;
  /** Why the first people of the scope cannot be used, if that is so for all of them. */
  readonly problem: Problem | null;
  /** The way in which incremental imports will read; null if there is none. */
  readonly way: Way | null;
  /** What is configured. */
  readonly wanted: Way | "auto" | "off";
  /** Whether `watch` works. */
  readonly listens: boolean;
  /** Why better ways are not used, and what the chosen one lacks here. */
  readonly remarks: readonly string[];
  /** Until when the certificates of its servers are good; of those without TLS, nothing. */
  readonly certificates: readonly { readonly url: string; readonly until: Date }[];
  /** Servers of the list that cannot be used, each with the reason. */
  readonly silent: readonly string[];
  /** Names of all attributes that the directory's schema has, in lower case; null: not known. */
  readonly attributes: ReadonlySet<string> | null;
}

/** Who changed, by identifier; what they are now has to be read. */
export interface Changes {
  readonly touched: ReadonlySet<string>;
  readonly gone: ReadonlySet<string>;
  /** One of them who certainly is a person in the scope; null if nobody can be named. */
  readonly somebody: string | null;
  /** If not null, whoever is not in it is gone. */
  readonly present: IdSet | null;
  /** Whether identifiers have to be compared now, because nothing else shows who is gone. */
  readonly compare: boolean;
}

/** Looks for people who are not in the scope; by identifier, wherever the account may read. */
export interface AbsenceFinder {
  of(ids: readonly string[]): Promise<ReadonlyMap<string, FoundAbsence>>;
}

/** A directory that is open for one run: one connection, or one file. */
export interface DirectorySession extends AsyncDisposable {
  /** Which server answered: its kind, its own name where it tells, its address. */
  readonly server: string;
  /**
   * All people, in batches. Ends normally only if the read was proven complete.
   * @throws RollcallError with the cause, if anything less than all was read
   */
  people(): AsyncGenerator<RawEntry[]>;
  /** How the read ended; `complete` only after the last batch. */
  evidence(): ReadEvidence;
  /**
   * Where people are whom the search did not find.
   * @param expected how many will be asked for, in one call or more
   */
  absence(expected: number): AbsenceFinder;
  /** Null if the directory can only be read whole. */
  readonly changes: ChangeReader | null;
  /** Null if people cannot be asked for one by one. */
  readonly lookup: PersonLookup | null;
  /** Null if it has nothing but people. */
  readonly objects: ObjectReader | null;
}

/** A directory that can tell what changed. */
export interface ChangeReader {
  /**
   * Fixes from where the next incremental import goes on. Called before everybody is read.
   * @param before the last mark, which may spare work
   * @returns why better ways are not used
   */
  begin(before: Mark | null): Promise<readonly string[]>;
  /** The mark for the checkpoint; known when everybody, or all who changed, were read. Null if there is no way. */
  mark(): Mark | null;
  /**
   * Who changed since a mark.
   * @param limit from how many changes on everybody should be read instead
   * @param compareAlways compare identifiers also before it is due, where nothing else shows who is gone
   * @throws MustReadAll if that cannot be told
   */
  since(mark: Mark, limit: number, compareAlways: boolean): Promise<Changes>;
  /**
   * Identifiers of all people, in batches; ends normally only if complete.
   * @param below only of those below this container; null: of all
   */
  identifiers(below: string | null): AsyncGenerator<string[]>;
}

/** A directory that can be asked for single people. */
export interface PersonLookup {
  /** Those of the people who are in the scope now. */
  people(ids: readonly string[]): AsyncGenerator<RawEntry[]>;
  /** Whether a person who is asked for and not found certainly is not in the scope. */
  readonly isSure: boolean;
}

/** A directory that has groups and containers. */
export interface ObjectReader {
  /** All, or those of the identifiers that still are there. */
  read(ids: readonly string[] | null): AsyncGenerator<DirectoryObject[]>;
}

/** A directory as the runs see it: a server, or a file. */
export interface Directory {
  /** Connects and logs in. @throws RollcallError */
  open(signal: AbortSignal): Promise<DirectorySession>;
  /** Connects, logs in and looks for the first person. @throws RollcallError */
  probe(signal: AbortSignal): Promise<Probe>;
  /**
   * Listens for changes until the signal or the connection ends; absent if nothing can tell of them.
   * @throws RollcallError when the connection is lost
   */
  listen?(since: Mark | null, listener: ChangeListener, signal: AbortSignal): Promise<void>;
}
