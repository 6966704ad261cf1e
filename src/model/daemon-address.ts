import { trimEndOf } from "../lib/trim.ts";

/** Where a daemon that has the embedded database is asked, and with what. */
export interface DaemonAddress {
  readonly url: string;
  readonly token: string;
  /** What the lock of the database says while this daemon has it. */
  readonly lock: string;
}

/** The file that says which process has the embedded database. */
export function lockFile(directory: string): string {
  return `${trimEndOf(directory, "/\\")}.lock`;
}

/** The file beside the database's folder that says so; only its owner can read it. */
export function daemonFile(directory: string): string {
  return `${trimEndOf(directory, "/\\")}.daemon`;
}
