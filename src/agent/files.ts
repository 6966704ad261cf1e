/** What directories in files have in common: reading them, filters, and who is in them after all. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { IdSet } from "../lib/id-set.ts";
import { RollcallError, type ErrorCode } from "../model/errors.ts";
import type { AbsenceFinder, DirectorySession } from "./directory.ts";
import { parseFilter, type Filter } from "./filter.ts";
import { usesMatchingRule } from "./match-filter.ts";

const CHUNK_BYTES = 256 * 1024;

/** A file's bytes. @throws RollcallError with this code if it cannot be read */
export async function* fileChunks(
  path: string,
  code: ErrorCode,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  try {
    // A pipe may never come to its end, and can be read only once.
    if (!(await stat(path)).isFile()) throw new Error("it is no file");
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
      signal.throwIfAborted();
      yield chunk as Buffer;
    }
  } catch (error) {
    if (signal.aborted || error instanceof RollcallError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new RollcallError(code, `${path} cannot be read: ${reason}`, { cause: error });
  }
}

/**
 * @param kind what the file is called: LDIF
 * @throws RollcallError `ldap.filterInvalid`
 */
export function fileFilter(text: string, kind: string): Filter {
  const filter = parseFilter(text);
  if (!usesMatchingRule(filter)) return filter;
  const message = `The filter ${text} asks for a matching rule (:=), which ${kind} file cannot answer.`;
  throw new RollcallError("ldap.filterInvalid", message);
}

/** A file that is open: it is read whole, and nobody in it can be asked for, or tells what changed. */
export function fileSession(
  parts: Pick<DirectorySession, "server" | "people" | "evidence" | "absence" | "objects">,
): DirectorySession {
  return {
    ...parts,
    changes: null,
    lookup: null,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** A person whom the read of the file did not show is in it all the same, or is not. */
export class FileAbsence implements AbsenceFinder {
  readonly #identifiers: () => AsyncGenerator<string>;
  #all: IdSet | null = null;

  /** @param identifiers of all that is in the file, whatever the filter says */
  constructor(identifiers: () => AsyncGenerator<string>) {
    this.#identifiers = identifiers;
  }

  async of(ids: readonly string[]): Promise<ReadonlyMap<string, "gone" | "outOfFilter">> {
    if (this.#all === null) {
      const all = new IdSet();
      for await (const id of this.#identifiers()) all.add(id);
      this.#all = all;
    }
    const all = this.#all;
    return new Map(ids.map((id) => [id, all.has(id) ? "outOfFilter" : "gone"]));
  }
}
