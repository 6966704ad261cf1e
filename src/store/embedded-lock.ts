import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { lockFile } from "../model/daemon-address.ts";
import { RollcallError } from "../model/errors.ts";

/**
 * The embedded database has no lock of its own: two processes on one folder lose data silently.
 * So a file beside the folder names the process that has it; a hard link, made whole, decides who
 * was first. A lock of a process that no longer lives is taken over. Liveness is asked of the
 * operating system, not told by a heartbeat, because long statements block the process that would
 * beat.
 *
 * @returns a function that releases the lock
 * @throws RollcallError `database.inUse`
 */
export function lockFolder(folder: string): () => void {
  const file = lockFile(folder);
  mkdirSync(dirname(file), { recursive: true });
  const own = ownMark();
  marks.add(own.split(" ")[2] ?? "");
  for (let attempt = 0; attempt < 5; attempt++) {
    if (create(file, own)) return () => release(file, own);
    const other = read(file);
    if (other !== null && isAlive(other)) {
      const pid = other.split(" ")[0];
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

/** Marks that this process made: a lock with its number and another mark is a predecessor's. */
const marks = new Set<string>();

/** The process id alone is not enough: in a container every start has the same small number. */
function ownMark(): string {
  return `${process.pid} ${startOf(process.pid) ?? "?"} ${randomUUID()}`;
}

/** When a process began, in the system's ticks (proc(5), field 22); null where that is not told. */
function startOf(pid: number): string | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return ticks === undefined ? null : `${boot}:${ticks}`;
  } catch {
    return null;
  }
}

/** A link to a file that is already written, so that nobody ever reads half a lock. */
function create(file: string, mark: string): boolean {
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, mark);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

function release(file: string, mark: string): void {
  if (read(file) === mark) rmSync(file, { force: true });
}

/** Whether the process of a mark lives: the same number, and begun at the same time. */
function isAlive(mark: string): boolean {
  const [pidText = "", start = "?", id] = mark.split(" ");
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  if (pid === process.pid && id !== undefined && !marks.has(id)) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  const now = startOf(pid);
  return start === "?" || now === null || now === start;
}
