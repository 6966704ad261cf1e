/** Small searches with controls: everything is handed to callbacks while it arrives. */
import { BerCursor, BerError, TAG } from "./ber.ts";
import type { LdapConnection } from "./connection.ts";
import type { ResponseControls } from "./result.ts";
import { SearchChannel, type SearchListener, type SearchResult } from "./search-channel.ts";
import { MAX_EMPTY_PAGES, pagingCookie } from "./search-reader.ts";
import { withSmallerPages, type SearchRequest } from "./search-request.ts";

/** An entry of a small search, with only the values that are asked for. */
export interface SmallEntry {
  readonly dn: Buffer;
  /** Attributes as the server named them, with options; each once. */
  readonly names: readonly string[];
  /** Values of an attribute, by its name as the server wrote it, without regard to case. */
  values(name: string): Buffer[];
}

export interface SmallSearch {
  readonly entry: (entry: SmallEntry, controls: ResponseControls) => void;
  readonly intermediate?: (oid: string, value: Buffer) => void;
  /** Whether references to other servers lose nobody, because it only asks what changed here. */
  readonly ignoreReferences?: boolean;
  /** Seconds without a byte until the server counts as dead; null: it may be silent for ever. */
  readonly patience?: number | null;
}

/**
 * Runs a search to its end, over all its pages.
 * @returns the result of the last page, whatever its code
 * @throws RollcallError if the connection or the protocol fails
 */
export async function searchAll(
  connection: LdapConnection,
  request: SearchRequest,
  search: SmallSearch,
  signal: AbortSignal,
): Promise<SearchResult> {
  signal.throwIfAborted();
  const { patience = connection.patience } = search;
  const { promise, resolve, reject } = Promise.withResolvers<SearchResult>();
  let asked = inSmallPages(request);
  let isUnheard = true;
  let pages = 0;
  let emptyPages = 0;
  const listener: SearchListener = {
    entry: (bytes, at, end, controls) => {
      emptyPages = 0;
      isUnheard = false;
      search.entry(smallEntry(bytes, at, end), controls());
    },
    intermediate: (oid, value) => search.intermediate?.(oid, value),
    done: (result) => {
      const smaller = isUnheard ? withSmallerPages(asked, result.code) : null;
      if (smaller !== null) {
        asked = smaller;
        channel.ask(asked, Buffer.alloc(0));
        return;
      }
      isUnheard = false;
      const found = result.code === 0 ? pagingCookie(result.controls) : null;
      const cookie = found === null ? null : Buffer.from(found);
      if (result.code === 0 && cookie === null && ++pages > 1)
        throw new BerError("a page came without the paging control");
      if (cookie !== null && cookie.length > 0) {
        if (asked.pageSize === null) throw new BerError("a page came that was not asked for");
        pages++;
        if (++emptyPages > MAX_EMPTY_PAGES)
          throw new BerError(`${MAX_EMPTY_PAGES} pages in a row were empty`);
        channel.ask(asked, cookie);
      } else {
        channel.finish();
        resolve(result);
      }
    },
    failed: (error) => reject(error ?? signal.reason),
    ...(search.ignoreReferences === true ? { reference: () => undefined } : {}),
  };
  const channel = new SearchChannel(connection, listener, patience);
  try {
    channel.open(asked, signal);
    return await promise;
  } finally {
    channel.close();
  }
}

/** What was told of cannot be told of anew, so pages are as large as nearly every server allows. */
const LARGEST_PAGE = 1000;

function inSmallPages(request: SearchRequest): SearchRequest {
  const { pageSize } = request;
  return pageSize === null ? request : { ...request, pageSize: Math.min(pageSize, LARGEST_PAGE) };
}

function smallEntry(bytes: Buffer, at: number, end: number): SmallEntry {
  const entry = new BerCursor(bytes, at, end).enter(0x64);
  const dn = Buffer.from(entry.octets());
  const list = entry.enter(TAG.sequence);
  const found = new Map<string, Buffer[]>();
  const names: string[] = [];
  while (!list.done) {
    const one = list.enter(TAG.sequence);
    const name = one.text();
    const key = name.toLowerCase();
    const set = one.enter(TAG.set);
    const values = found.get(key) ?? [];
    while (!set.done) values.push(Buffer.from(set.octets()));
    if (found.has(key)) continue;
    names.push(name);
    found.set(key, values);
  }
  return { dn, names, values: (name) => found.get(name.toLowerCase()) ?? [] };
}
