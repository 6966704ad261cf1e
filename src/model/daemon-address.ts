/** Where a daemon that has the embedded database is asked, and with what. */
export interface DaemonAddress {
  readonly url: string;
  readonly token: string;
}

/** The file beside the database's folder that says so; only its owner can read it. */
export function daemonFile(directory: string): string {
  return `${directory.replace(/[\\/]$/, "")}.daemon`;
}
