/**
 * What others bring of people over HTTP, for a directory of type `identity-source`: in sessions, each of
 * which is taken up as a whole or not at all. The words and limits are Okta's (Identity Sources API).
 */

/** One session takes so many requests; an idle one ends by itself. */
export const MOST_UPLOADS = 50;
export const IDLE_HOURS = 24;
/** What positions of imports are called in their marks. */
export const POSITION = "entries";
/** Of one request. */
export const MOST_PEOPLE = 200;
export const MOST_BYTES = 200 * 1024;

/**
 * CREATED: nothing is in it yet. IN_PROGRESS: something is. TRIGGERED: it is taken up, and an import is to
 * bring it to people. COMPLETED: an import did. CLOSED: it was dropped. EXPIRED: nobody went on with it.
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

/** The entries of one identity source, as its agent reads them. */
export interface BroughtEntries {
  /** In order of their ids, behind one; `after` null: from the beginning. */
  page(after: string | null, limit: number): Promise<BroughtEntry[]>;
  /** Those of these that are there. */
  byIds(ids: readonly string[]): Promise<BroughtEntry[]>;
  /** How far it has come: a number that grows with every session that is taken up. */
  position(): Promise<bigint>;
  /** @returns null if so far back is not known any more @param limit of how many at most */
  changesSince(position: bigint, limit: number): Promise<readonly BroughtChange[] | null>;
}
