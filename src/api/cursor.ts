/** Where a page begins, as an opaque text. */

/** A cursor: what the next page needs to know, opaque to clients. */
export function cursorOf(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** What a cursor of ours says; undefined if it is none. */
export function readCursor(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString());
  } catch {
    return undefined;
  }
}

/** A page of a directory's entries begins behind one of them. */
export interface EntryCursor {
  readonly directory: string;
  readonly externalId: string;
}

export function cursorOfEntry({ directory, externalId }: EntryCursor): string {
  return cursorOf([directory, externalId]);
}

/** What such a cursor says. @returns null if it is none */
export function readEntryCursor(cursor: string): EntryCursor | null {
  const said = readCursor(cursor);
  if (!Array.isArray(said) || said.length !== 2) return null;
  const [directory, externalId] = said as unknown[];
  return isText(directory) && isText(externalId) ? { directory, externalId } : null;
}

/** A text that a database takes. */
function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed() && !value.includes("\0");
}
