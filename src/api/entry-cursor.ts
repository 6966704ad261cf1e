/** Where a page of a directory's entries begins: behind one of them. Opaque to clients. */

export interface EntryCursor {
  readonly directory: string;
  readonly externalId: string;
}

export function cursorOfEntry({ directory, externalId }: EntryCursor): string {
  return Buffer.from(JSON.stringify([directory, externalId])).toString("base64url");
}

/** What a cursor of ours says. @returns null if it is none */
export function readEntryCursor(cursor: string): EntryCursor | null {
  let said: unknown;
  try {
    said = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    return null;
  }
  if (!Array.isArray(said) || said.length !== 2) return null;
  const [directory, externalId] = said as unknown[];
  return isText(directory) && isText(externalId) ? { directory, externalId } : null;
}

/** A text that a database takes. */
function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed() && !value.includes("\0");
}
