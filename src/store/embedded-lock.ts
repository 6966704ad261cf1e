import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { RollcallError } from "../model/errors.ts";

/**
 * The embedded database has no lock of its own: two processes on one folder lose data silently.
 * So a file beside the folder names the process that has it; O_EXCL decides who was first. A lock
 * of a process that no longer lives is taken over. Liveness is asked of the operating system, not
 * told by a heartbeat, because long statements block the process that would beat.
 *
 * @returns a function that releases the lock
 * @throws RollcallError `database.inUse`
 */
export function lockFolder(folder: string): () => void {
  const file = `${folder.replace(/[/\\]+$/, "")}.lock`;
  mkdirSync(dirname(file), { recursive: true });
  for (let attempt = 0; attempt < 5; attempt++) {
    if (create(file)) return () => rmSync(file, { force: true });
    const pid = ownerOf(file);
    if (pid !== null && isAlive(pid)) {
      const message = `The embedded database in ${folder} is in use by process ${pid}. Stop that process first, or set DATABASE_URL to a Postgres server, which many processes can use at once.`;
      throw new RollcallError("database.inUse", message);
    }
    rmSync(file, { force: true });
  }
  throw new RollcallError(
    "database.inUse",
    `The lock ${file} cannot be taken; other processes compete for it.`,
  );
}

function create(file: string): boolean {
  try {
    const descriptor = openSync(file, "wx");
    writeSync(descriptor, String(process.pid));
    closeSync(descriptor);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

function ownerOf(file: string): number | null {
  try {
    const pid = Number(readFileSync(file, "utf8"));
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

/** Signal 0 asks only; EPERM means that it lives and belongs to somebody else. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
