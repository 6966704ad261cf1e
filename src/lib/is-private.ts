import { lstatSync, readFileSync } from "node:fs";

/** Whether a file is there that has this text, and that nobody but its owner can read. */
export function isPrivate(path: string, text: string): boolean {
  try {
    const there = lstatSync(path);
    return there.isFile() && (there.mode & 0o077) === 0 && readFileSync(path, "utf8") === text;
  } catch {
    return false;
  }
}
