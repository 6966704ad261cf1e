/**
 * The bulk reader: one search on a connection that ldapts has bound, decoded from the socket as it
 * arrives. It exists because of what the general client does with large answers: it buffers whole
 * pages, and it stops silently at an empty page that carries a cookie, which RFC 2696 allows.
 *
 * - Messages are cut out of the byte stream without copying; only one that spans chunks is joined.
 * - Entries leave in batches, bounded in number and bytes. While more than `MAX_QUEUED` batches
 *   wait, the socket is paused, so memory does not grow with the directory.
 * - The next page is asked for as soon as one ends, while the consumer still works on the last.
 * - The read is complete only after result code 0 and an empty cookie. Everything else throws.
 */
import type { Socket } from "node:net";
import type { SearchScope } from "../model/directory.ts";
import type { Entry, RawEntry } from "../model/entry.ts";
import { RollcallError } from "../model/errors.ts";
import { BerCursor, BerError, boolean, integer, octetString, TAG, tlv } from "./ber.ts";
import type { LdapConnection } from "./connection.ts";
import { scanEntry, SEARCH_RESULT_ENTRY, type EntryRules } from "./decode-entry.ts";
import { encodeFilter, type Filter } from "./filter.ts";
import { MessageStream } from "./message-stream.ts";
import { resultError } from "./result-codes.ts";
import { DOMAIN_SCOPE, PAGED_RESULTS } from "./root-dse.ts";

export interface SearchRequest {
  readonly base: string;
  readonly scope: SearchScope;
  readonly filter: Filter;
  readonly attributes: readonly string[];
  /** Null: the server does not know paged results. */
  readonly pageSize: number | null;
  readonly domainScope: boolean;
}

const SCOPES: Readonly<Record<SearchScope, number>> = { base: 0, one: 1, sub: 2 };
const SEARCH_RESULT_DONE = 0x65;
const SEARCH_RESULT_REFERENCE = 0x73;
const EXTENDED_RESPONSE = 0x78;
const BATCH_ENTRIES = 500;
const BATCH_BYTES = 4 * 1024 * 1024;
const MAX_QUEUED = 2;
/** Empty pages are allowed; a server that sends nothing else will never end. */
const MAX_EMPTY_PAGES = 1000;
/** ldapts counts its messages from 1; ours must not meet them. */
const FIRST_MESSAGE_ID = 0x40000000;
const MAX_MESSAGE_ID = 0x7fffffff;

let lastMessageId = FIRST_MESSAGE_ID;

/** Different for every page of every search, so that a late answer cannot be taken for another. */
function nextMessageId(): number {
  lastMessageId = lastMessageId >= MAX_MESSAGE_ID ? FIRST_MESSAGE_ID : lastMessageId + 1;
  return lastMessageId;
}

/** One search, read batch by batch. After the last batch, `pages` tells how many pages there were. */
export class SearchReader {
  readonly #connection: LdapConnection;
  readonly #socket: Socket;
  readonly #request: SearchRequest;
  readonly #rules: EntryRules;
  readonly #queue: RawEntry[][] = [];
  #batch: RawEntry[] = [];
  #batchBytes = 0;
  readonly #stream: MessageStream;
  #messageId = nextMessageId();
  #failure: RollcallError | null = null;
  #finished = false;
  #emptyPages = 0;
  #wake: (() => void) | null = null;
  #watchdog: NodeJS.Timeout | undefined;
  pages = 0;

  constructor(connection: LdapConnection, request: SearchRequest, rules: EntryRules) {
    this.#connection = connection;
    this.#socket = connection.socket();
    this.#request = request;
    this.#rules = rules;
    this.#stream = new MessageStream((bytes, start, end) => {
      if (this.#failure === null && !this.#finished) this.#message(bytes, start, end);
    });
  }

  /**
   * The entries, in batches. Ends normally only if the server proved the end.
   * @throws RollcallError; then the connection is closed
   */
  async *batches(signal: AbortSignal): AsyncGenerator<RawEntry[]> {
    const detach = this.#attach(signal);
    try {
      this.#requestPage(Buffer.alloc(0));
      for (;;) {
        const batch = this.#queue.shift();
        if (batch !== undefined) {
          if (this.#socket.isPaused()) this.#resume();
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
      detach();
      // A search that did not end leaves answers on the wire; nobody may read them as others.
      if (!this.#finished) this.#connection.destroy();
    }
  }

  #attach(signal: AbortSignal): () => void {
    const socket = this.#socket;
    const previous = socket.listeners("data");
    socket.removeAllListeners("data");
    const onData = (chunk: Buffer): void => this.#onData(chunk);
    const onClose = (): void =>
      this.#fail("ldap.connectionLost", "the connection was closed by the server");
    const onError = (error: Error): void => this.#fail("ldap.connectionLost", error.message);
    const onAbort = (): void => this.#wakeUp();
    socket.on("data", onData).on("close", onClose).on("end", onClose).on("error", onError);
    signal.addEventListener("abort", onAbort);
    const seconds = this.#connection.timeoutSeconds;
    this.#watchdog = setTimeout(() => {
      // Silence that we asked for by pausing is not the server's.
      if (socket.isPaused()) this.#watchdog?.refresh();
      else this.#fail("ldap.timeout", `no answer for ${seconds} seconds`);
    }, seconds * 1000);
    return () => {
      clearTimeout(this.#watchdog);
      socket.off("data", onData).off("close", onClose).off("end", onClose).off("error", onError);
      signal.removeEventListener("abort", onAbort);
      // An error after the end has no reader any more; without a listener it would end the process.
      socket.on("error", () => undefined);
      for (const listener of previous) socket.on("data", listener as (chunk: Buffer) => void);
    };
  }

  #onData(chunk: Buffer): void {
    this.#watchdog?.refresh();
    try {
      this.#stream.push(chunk);
    } catch (error) {
      if (error instanceof RollcallError) this.#stop(error);
      else if (error instanceof BerError) this.#fail("ldap.protocol", error.message);
      else throw error;
    }
    if (this.#queue.length > MAX_QUEUED && !this.#finished) this.#socket.pause();
  }

  #message(bytes: Buffer, start: number, end: number): void {
    const message = new BerCursor(bytes, start, end).enter(TAG.sequence);
    const id = message.integer();
    const tag = message.peek();
    if (id === 0 && tag === EXTENDED_RESPONSE) {
      // Notice of disconnection (RFC 4511 section 4.4.1).
      throw new RollcallError(
        "ldap.busy",
        `${this.#where()} announced that it closes the connection.`,
      );
    }
    if (id !== this.#messageId) throw new BerError("an answer to a question that was not asked");
    if (tag === SEARCH_RESULT_ENTRY) this.#entry(bytes, message.at, end);
    else if (tag === SEARCH_RESULT_DONE) this.#done(message);
    else if (tag === SEARCH_RESULT_REFERENCE) this.#reference(message);
    else throw new BerError(`unexpected answer 0x${tag.toString(16)}`);
  }

  #entry(bytes: Buffer, at: number, end: number): void {
    const entry = scanEntry(bytes, at, end, this.#rules);
    this.#emptyPages = 0;
    this.#batch.push({ ...entry, decode: () => this.#decode(entry) });
    this.#batchBytes += entry.size;
    if (this.#batch.length >= BATCH_ENTRIES || this.#batchBytes >= BATCH_BYTES) this.#flush();
  }

  /** Entries are decoded when they are looked at; bytes that are wrong inside show only then. */
  #decode(entry: RawEntry): Entry {
    try {
      return entry.decode();
    } catch (error) {
      if (!(error instanceof BerError)) throw error;
      const message = `${this.#where()} sent ${entry.dn} in a form that is not valid: ${error.message}.`;
      throw new RollcallError("ldap.protocol", message, { cause: error });
    }
  }

  #reference(message: BerCursor): never {
    const url = message.enter(SEARCH_RESULT_REFERENCE).text();
    const text = `${this.#where()} refers to another server for a part of ${this.#request.base}: ${url}`;
    throw new RollcallError("ldap.referral", text);
  }

  #done(message: BerCursor): void {
    const result = message.enter(SEARCH_RESULT_DONE);
    const code = result.integer(TAG.enumerated);
    const matched = result.text();
    const diagnostic = result.text();
    if (code !== 0) {
      const said = [diagnostic, matched === "" ? "" : `exists only as far as ${matched}`];
      throw resultError(
        `${this.#where()}, searching ${this.#request.base}`,
        code,
        said.filter(Boolean).join("; "),
      );
    }
    this.pages++;
    if (++this.#emptyPages > MAX_EMPTY_PAGES)
      throw new BerError(`${MAX_EMPTY_PAGES} pages in a row were empty`);
    const cookie = message.peek() === 0xa0 ? pagingCookie(message.enter(0xa0)) : null;
    if (cookie !== null && cookie.length > 0) {
      // Also after a page without entries: only the empty cookie is the end.
      this.#messageId = nextMessageId();
      this.#requestPage(Buffer.from(cookie));
      return;
    }
    if (this.#request.pageSize !== null && cookie === null && this.pages > 1) {
      throw new BerError("a page came without the paging control");
    }
    this.#flush();
    this.#finished = true;
    clearTimeout(this.#watchdog);
    this.#wakeUp();
  }

  #requestPage(cookie: Buffer): void {
    const { base, scope, filter, attributes, pageSize, domainScope } = this.#request;
    const operation = tlv(
      0x63,
      octetString(base),
      integer(SCOPES[scope], TAG.enumerated),
      integer(0, TAG.enumerated), // never dereference aliases: who is found must not depend on them
      integer(0), // no size limit
      integer(0), // no time limit
      boolean(false),
      encodeFilter(filter),
      tlv(TAG.sequence, ...attributes.map((name) => octetString(name))),
    );
    const controls: Buffer[] = [];
    if (pageSize !== null) {
      const value = tlv(TAG.sequence, integer(pageSize), octetString(cookie));
      controls.push(
        tlv(TAG.sequence, octetString(PAGED_RESULTS), boolean(true), octetString(value)),
      );
    }
    if (domainScope) controls.push(tlv(TAG.sequence, octetString(DOMAIN_SCOPE)));
    const parts = controls.length > 0 ? [operation, tlv(0xa0, ...controls)] : [operation];
    this.#socket.write(tlv(TAG.sequence, integer(this.#messageId), ...parts));
  }

  #flush(): void {
    if (this.#batch.length === 0) return;
    this.#queue.push(this.#batch);
    this.#batch = [];
    this.#batchBytes = 0;
    this.#wakeUp();
  }

  #resume(): void {
    if (this.#queue.length > MAX_QUEUED) return;
    this.#watchdog?.refresh();
    this.#socket.resume();
  }

  #fail(code: "ldap.connectionLost" | "ldap.timeout" | "ldap.protocol", message: string): void {
    if (this.#finished) return;
    this.#stop(
      new RollcallError(code, `${this.#where()}: ${message} before the answer was complete.`),
    );
  }

  #stop(error: RollcallError): void {
    this.#failure ??= error;
    this.#wakeUp();
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = null;
  }

  #where(): string {
    return this.#connection.url;
  }
}

/** The cookie of the paged-results response control (RFC 2696); null if the control is missing. */
function pagingCookie(controls: BerCursor): Buffer | null {
  while (!controls.done) {
    const control = controls.enter(TAG.sequence);
    if (control.text() !== PAGED_RESULTS) continue;
    if (control.peek() === TAG.boolean) control.take(TAG.boolean);
    const value = new BerCursor(control.octets()).enter(TAG.sequence);
    value.integer();
    return value.octets();
  }
  return null;
}
