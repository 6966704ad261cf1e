/**
 * What others bring of people over HTTP, for a directory of type `identity-source`: in sessions, each of
 * which is taken up as a whole or not at all. The words and limits are Okta's (Identity Sources API).
 */

/** One session takes so many requests; an idle one ends by itself. */
export const MOST_UPLOADS = 50;
export const IDLE_HOURS = 24;
/** So many sessions of a source may be open at once. */
export const MOST_OPEN = 10;
/** What positions of imports are called in their marks. */
export const POSITION = "entries";
/** Of one request. */
export const MOST_PEOPLE = 200;
export const MOST_BYTES = 200 * 1024;

/**
 * CREATED: nothing is in it yet. IN_PROGRESS: something is. TRIGGERED: the next import is to take it up, and
 * bring it to people. COMPLETED: one did. CLOSED: it was dropped. EXPIRED: nobody went on with it.
 */
export type SourceSessionStatus =
  | "CREATED"
  | "IN_PROGRESS"
  | "TRIGGERED"
  | "COMPLETED"
  | "CLOSED"
  | "EXPIRED";

export interface SourceSession {
  readonly id: string;
  readonly directory: string;
  readonly status: SourceSessionStatus;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Texts, or lists of them; null: the person has no such attribute any more. */
export type BroughtProfile = Readonly<Record<string, string | readonly string[] | null>>;

/** Of one person: attributes that are not named stay as they were. Null: the person is gone. */
export interface Brought {
  readonly externalId: string;
  readonly profile: BroughtProfile | null;
}

/** What is kept of a person. */
export interface BroughtEntry {
  readonly externalId: string;
  readonly profile: Readonly<Record<string, string | readonly string[]>>;
}

/** Who changed since a position, in the order of what was taken up. */
export interface BroughtChange {
  readonly externalId: string;
  readonly isGone: boolean;
}

/** What there is to import from an identity source. */
export interface BroughtNews {
  /** How far it has come: a number that grows with every session that is taken up. */
  readonly position: bigint;
  /** Which sessions wait to be taken up; empty: none. */
  readonly waiting: string;
  /** Whether something was taken up that no import has brought to people yet. */
  readonly isBehind: boolean;
  /** Whether nobody ever brought anything: then nothing is known of anybody. */
  readonly isEmpty: boolean;
}

/**
 * The entries of one identity source, as its agent reads them. They change only when an import takes up what
 * waits, so an import reads one state of them.
 */
export interface BroughtEntries {
  /**
   * In order of their ids, as many as may be held at once, at least one of those that are there.
   * @param after behind this one; null: from the beginning
   * @param ids only these; null: all
   */
  page(after: string | null, ids: readonly string[] | null): Promise<BroughtEntry[]>;
  news(): Promise<BroughtNews>;
  /** @returns null if so far back is not known any more @param limit of how many at most */
  changesSince(position: bigint, limit: number): Promise<readonly BroughtChange[] | null>;
}
