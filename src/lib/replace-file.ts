import { randomUUID } from "node:crypto";
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

/**
 * Writes a file whole, or not at all. One that is there keeps its rights, is refused where it must not be
 * written, and is the one that a link leads to.
 * @param mode of a file that is not there yet
 * @throws Error of the file system
 */
export function replaceFile(file: string, text: string, mode = 0o640): void {
  const isThere = existsSync(file);
  if (!isThere && lstatSync(file, { throwIfNoEntry: false }) !== undefined)
    throw new Error("it is a link that leads nowhere");
  const place = isThere ? realpathSync(file) : file;
  if (isThere) refuseReadOnly(place);
  else mkdirSync(dirname(place), { recursive: true });
  const fresh = `${place}.${randomUUID()}`;
  try {
    writeFileSync(fresh, text, { flag: "wx", mode });
    if (isThere) asBefore(fresh, place);
    else chmodSync(fresh, mode);
    renameSync(fresh, place);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

/** Whoever could read it before can read it now. */
function asBefore(fresh: string, place: string): void {
  const { uid, gid, mode } = statSync(place);
  const own = statSync(fresh);
  if (own.uid !== uid || own.gid !== gid) chownSync(fresh, uid, gid);
  chmodSync(fresh, mode & 0o7777);
}

/** Also the system's administrator is meant by it, who could write. */
function refuseReadOnly(place: string): void {
  accessSync(place, constants.W_OK);
  if ((statSync(place).mode & 0o222) === 0) throw new Error("it may not be written");
}
