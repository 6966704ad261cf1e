import type { DirectorySource } from "../model/directory.ts";
import type { RawEntry, ReadEvidence } from "../model/entry.ts";
import { LdapDirectory } from "./ldap-directory.ts";
import { LdifDirectory } from "./ldif-directory.ts";

/** One read of all people in a directory's scope. */
export interface DirectoryRead {
  /**
   * The entries, in batches. Ends normally only if the read was proven complete.
   * @throws RollcallError with the cause, if anything less than all was read
   */
  batches(signal: AbortSignal): AsyncGenerator<RawEntry[]>;
  /** How the read ended; `complete` only after the last batch. */
  evidence(): ReadEvidence;
}

/** What a look at a directory finds without importing. */
export interface Probe {
  /** The kind of server or file, for people. */
  readonly server: string;
  readonly idAttribute: string;
  /** Whether at least one person is in the scope. */
  readonly hasPeople: boolean;
}

/** A directory as the runs see it: a server, or a file. */
export interface Directory {
  read(): DirectoryRead;
  /** Connects, logs in and looks for the first person. @throws RollcallError */
  probe(signal: AbortSignal): Promise<Probe>;
}

/** The agent of a configured directory. Opens nothing yet. */
export function createDirectory(source: DirectorySource): Directory {
  return source.type === "ldif" ? new LdifDirectory(source) : new LdapDirectory(source);
}
