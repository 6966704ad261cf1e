/**
 * The bulk reader: the entries of a search, page by page, in batches.
 *
 * - Messages are cut out of the byte stream without copying; only one that spans chunks is joined.
 * - Entries leave in batches, bounded in number and bytes. While more than `MAX_QUEUED` batches
 *   wait, the socket is paused, so memory does not grow with the directory.
 * - The next page is asked for as soon as one ends, while the consumer still works on the last; or
 *   later, where the directory is to be spared.
 * - The read is complete only after result code 0 and an empty cookie (RFC 2696). An empty page
 *   that carries a cookie goes on. Everything else throws.
 */
import { IdSet } from "../../lib/id-set.ts";
import type { Entry } from "../../model/entry.ts";
import { RollcallError } from "../../model/errors.ts";
import { BerCursor, BerError, TAG } from "./ber.ts";
import type { LdapConnection } from "./connection.ts";
import { scanEntry, type EntryRules, type LdapEntry } from "./decode-entry.ts";
import { resultError } from "./result-codes.ts";
import { PAGED_RESULTS } from "./oids.ts";
import type { ResponseControls } from "./result.ts";
import { SearchChannel, type SearchListener, type SearchResult } from "./search-channel.ts";
import { canBeSmaller, withSmallerPages, type SearchRequest } from "./search-request.ts";
import { hasDroppedSearch } from "./windows-words.ts";

const BATCH_ENTRIES = 500;
const BATCH_BYTES = 4 * 1024 * 1024;
const MAX_QUEUED = 2;
/** Active Directory forgets a connection, and the search with it, after 900 idle seconds. */
const LONGEST_PAUSE_MS = 600_000;
/** Empty pages are allowed; a server that sends nothing else will never end. */
export const MAX_EMPTY_PAGES = 1000;

const MAX_RESTARTS = 2;
const MAX_SAME_PAGES = 3;
/** Some servers send all at once whatever is asked for, but none sends without end. */
const MOST_OF_A_PAGE = 20_000_000;

/** One search, read batch by batch. After the last batch, `pages` tells how many pages there were. */
export class SearchReader implements SearchListener {
  readonly #connection: LdapConnection;
  readonly #channel: SearchChannel;
  #request: SearchRequest;
  readonly #rules: EntryRules;
  readonly #queue: LdapEntry[][] = [];
  #batch: LdapEntry[] = [];
  #batchBytes = 0;
  #failure: Error | null = null;
  #finished = false;
  /** Who was read: by the first page, and where a search that is dropped is begun anew, by all. */
  readonly #seen = new IdSet();
  readonly #mayBeginAnew: boolean;
  #isToldAnew = false;
  #restarts = 0;
  #emptyPages = 0;
  #samePages = 0;
  /** Of the last page: what it was, by its first entry and its cookie. */
  #lastPage = "";
  #firstHash = "";
  #pageEntries = 0;
  #pageStarted = 0;
  #delay: NodeJS.Timeout | undefined;
  #wake: (() => void) | null = null;
  pages = 0;

  /** @param again whether a search that the server drops between two pages is begun anew */
  constructor(
    connection: LdapConnection,
    request: SearchRequest,
    rules: EntryRules,
    again = false,
  ) {
    this.#mayBeginAnew = again;
    this.#connection = connection;
    this.#request = request;
    this.#rules = rules;
    this.#channel = new SearchChannel(connection, this, connection.patience);
  }

  /**
   * The entries, in batches. Ends normally only if the server proved the end.
   * @throws RollcallError; then the connection is closed
   */
  async *batches(signal: AbortSignal): AsyncGenerator<LdapEntry[]> {
    try {
      this.#pageStarted = Date.now();
      this.#channel.open(this.#request, signal);
      for (;;) {
        const batch = this.#queue.shift();
        if (batch !== undefined) {
          this.#resume();
          yield batch;
        } else if (this.#failure !== null) {
          throw this.#failure;
        } else if (this.#finished) {
          return;
        } else {
          await new Promise<void>((resolve) => (this.#wake = resolve));
        }
        signal.throwIfAborted();
      }
    } finally {
      clearTimeout(this.#delay);
      this.#channel.close();
    }
  }

  entry(bytes: Buffer, at: number, end: number): void {
    if (this.#failure !== null) return;
    const entry = scanEntry(bytes, at, end, this.#rules);
    this.#emptyPages = 0;
    const { pageSize } = this.#request;
    if (pageSize !== null && this.#pageEntries > MOST_OF_A_PAGE)
      throw new BerError("a page has many more entries than were asked for");
    if (this.#pageEntries++ === 0) this.#firstHash = entry.hash;
    // Whoever came before the search was begun anew is not read twice.
    // Another entry with the same identifier is: who is meant is decided elsewhere.
    if (this.#isRepeated(`${entry.id ?? ""} ${entry.dn}`)) return;
    this.#batch.push({ ...entry, decode: () => this.#decode(entry) });
    this.#batchBytes += entry.size;
    if (this.#batch.length >= BATCH_ENTRIES || this.#batchBytes >= BATCH_BYTES) this.#flush();
    if (this.#queue.length > MAX_QUEUED) this.#channel.pause();
  }

  /** Whether an entry came before the search was begun anew. */
  #isRepeated(entry: string): boolean {
    const notes = this.#mayBeginAnew || (this.pages === 0 && canBeSmaller(this.#request));
    if (!notes && !this.#isToldAnew) return false;
    const isKnown = notes ? !this.#seen.add(entry) : this.#seen.has(entry);
    return isKnown && this.#isToldAnew;
  }

  /** Most entries of a page, as the server allows; null: it does not page. */
  get pageSize(): number | null {
    return this.#request.pageSize;
  }

  intermediate(): void {
    // Servers may tell of their progress; nothing in it concerns an ordinary search.
  }

  done(result: SearchResult): void {
    if (this.#beginsAnew(result) || this.#asksForLess(result)) return;
    if (result.code !== 0)
      throw resultError(this.#connection, `searching ${this.#request.base}`, result);
    this.pages++;
    if (++this.#emptyPages > MAX_EMPTY_PAGES)
      throw new BerError(`${MAX_EMPTY_PAGES} pages in a row were empty`);
    const cookie = pagingCookie(result.controls);
    if (cookie !== null && cookie.length > 0) {
      if (this.#request.pageSize === null) throw new BerError("a page came that was not asked for");
      this.#refuseSamePage(cookie);
      // Also after a page without entries: only the empty cookie is the end.
      this.#nextPage(Buffer.from(cookie));
      return;
    }
    if (this.#request.pageSize !== null && cookie === null && this.pages > 1) {
      throw new BerError("a page came without the paging control");
    }
    this.#flush();
    this.#finished = true;
    this.#channel.finish();
    this.#wakeUp();
  }

  #beginsAnew({ code, diagnostic }: SearchResult): boolean {
    if (!this.#mayBeginAnew || this.pages === 0 || this.#restarts >= MAX_RESTARTS) return false;
    if (!hasDroppedSearch(code, diagnostic)) return false;
    this.#restarts++;
    this.#isToldAnew = true;
    this.#lastPage = "";
    this.#nextPage(Buffer.alloc(0));
    return true;
  }

  #asksForLess({ code }: SearchResult): boolean {
    if (this.pages > 0) return false;
    const smaller = withSmallerPages(this.#request, code);
    if (smaller === null) return false;
    this.#request = smaller;
    this.#isToldAnew = true;
    this.#nextPage(Buffer.alloc(0));
    return true;
  }

  /** A server that sends one page for ever never comes to its end. */
  #refuseSamePage(cookie: Buffer): void {
    const page = `${this.#pageEntries} ${this.#firstHash} ${cookie.toString("base64")}`;
    this.#samePages = this.#pageEntries > 0 && page === this.#lastPage ? this.#samePages + 1 : 0;
    this.#lastPage = page;
    if (this.#samePages >= MAX_SAME_PAGES) throw new BerError("the same page came again and again");
  }

  failed(error: Error | null): void {
    if (error !== null && !this.#finished) this.#failure ??= error;
    this.#wakeUp();
  }

  /** At once, or when the directory has had as much time as the rate limit gives it. */
  #nextPage(cookie: Buffer): void {
    const rate = this.#connection.entriesPerSecond;
    const due = rate === null ? 0 : this.#pageStarted + (this.#pageEntries / rate) * 1000;
    const wait = Math.min(due - Date.now(), LONGEST_PAUSE_MS);
    if (wait <= 0) this.#askPage(cookie);
    else {
      // Paused, so that the silence that we ask for is not taken for the server's.
      this.#flush();
      this.#channel.pause();
      this.#delay = setTimeout(() => {
        this.#delay = undefined;
        this.#resume();
        this.#askPage(cookie);
      }, wait);
    }
  }

  #resume(): void {
    if (this.#delay === undefined && this.#channel.paused && this.#queue.length <= MAX_QUEUED)
      this.#channel.resume();
  }

  #askPage(cookie: Buffer): void {
    this.#pageEntries = 0;
    this.#pageStarted = Date.now();
    this.#channel.ask(this.#request, cookie);
  }

  /** Entries are decoded when they are looked at; bytes that are wrong inside show only then. */
  #decode(entry: LdapEntry): Entry {
    try {
      return entry.decode();
    } catch (error) {
      if (!(error instanceof BerError)) throw error;
      const message = `${this.#connection.url} sent ${entry.dn} in a form that is not valid: ${error.message}.`;
      throw new RollcallError("ldap.protocol", message, { cause: error });
    }
  }

  #flush(): void {
    if (this.#batch.length === 0) return;
    this.#queue.push(this.#batch);
    this.#batch = [];
    this.#batchBytes = 0;
    this.#wakeUp();
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = null;
  }
}

/**
 * The cookie of the paged-results response control (RFC 2696), in the message's own bytes: empty at
 * the end, null if the server did not page.
 */
export function pagingCookie(controls: ResponseControls): Buffer | null {
  const value = controls.get(PAGED_RESULTS);
  if (value === undefined) return null;
  const cursor = new BerCursor(value).enter(TAG.sequence);
  cursor.integer();
  return cursor.octets();
}
