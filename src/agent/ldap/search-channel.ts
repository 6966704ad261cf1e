/**
 * One search at a time on a connection that ldapts has bound: takes the socket over while the
 * search lasts, cuts its bytes into messages and hands on what each one is. It exists because the
 * general client buffers whole answers, hides response controls and breaks at intermediate
 * responses (RFC 4511 section 4.13).
 *
 * A search that does not end by itself is abandoned, and the connection closed: answers to it that
 * are still on the wire must not be read as answers to something else.
 */
import type { Socket } from "node:net";
import { RollcallError } from "../../model/errors.ts";
import { MustReadAll } from "../../model/incremental.ts";
import { BerCursor, BerError, TAG } from "./ber.ts";
import type { LdapConnection } from "./connection.ts";
import { MessageStream } from "./message-stream.ts";
import { resultError } from "./result-codes.ts";
import { encodeAbandon, encodeSearch, type SearchRequest } from "./search-request.ts";

export interface SearchResult {
  readonly code: number;
  readonly matched: string;
  readonly diagnostic: string;
  readonly controls: ResponseControls;
}

/** The controls behind an answer. */
export class ResponseControls {
  readonly #values = new Map<string, Buffer>();
  readonly #doubled = new Set<string>();

  add(oid: string, value: Buffer): void {
    if (this.#values.has(oid)) this.#doubled.add(oid);
    this.#values.set(oid, value);
  }

  /**
   * The value of a control; undefined if it did not come.
   * @throws BerError if it came twice: which of them counts is anybody's guess, and the last of two
   * paging cookies ended reads early
   */
  get(oid: string): Buffer | undefined {
    if (this.#doubled.has(oid)) throw new BerError(`the control ${oid} came twice`);
    return this.#values.get(oid);
  }
}

/** Who reads a search's answers. Whatever these throw fails the search. */
export interface SearchListener {
  /** @param at where the SearchResultEntry begins in the bytes, which are reused afterwards */
  entry(bytes: Buffer, at: number, end: number, controls: () => ResponseControls): void;
  intermediate(oid: string, value: Buffer): void;
  /** A part of the tree lies elsewhere. Absent: that fails the search, as people may be there. */
  reference?(): void;
  done(result: SearchResult): void;
  /** Something failed, or the signal was aborted. */
  failed(error: Error | null): void;
}

const SEARCH_RESULT_ENTRY = 0x64;
const SEARCH_RESULT_DONE = 0x65;
const SEARCH_RESULT_REFERENCE = 0x73;
const EXTENDED_RESPONSE = 0x78;
const INTERMEDIATE_RESPONSE = 0x79;
const CONTROLS = 0xa0;
/** Parts of every forest of Active Directory in which no people are. */
const NOBODY_THERE =
  /^ldaps?:\/\/[^/]*\/(?:DC=(?:Domain|Forest)DnsZones|(?:CN=Schema,)?CN=Configuration),DC=/i;
const NO_CONTROLS = new ResponseControls();
/** ldapts counts its messages from 1; ours must not meet them. */
const FIRST_MESSAGE_ID = 0x40000000;
const MAX_MESSAGE_ID = 0x7fffffff;

let lastMessageId = FIRST_MESSAGE_ID;

/** Different for every page of every search, so that a late answer cannot be taken for another. */
function nextMessageId(): number {
  lastMessageId = lastMessageId >= MAX_MESSAGE_ID ? FIRST_MESSAGE_ID : lastMessageId + 1;
  return lastMessageId;
}

export class SearchChannel {
  readonly #connection: LdapConnection;
  readonly #socket: Socket;
  readonly #listener: SearchListener;
  readonly #stream: MessageStream;
  /** Seconds of silence until the server counts as dead; null where silence is normal. */
  readonly #patience: number | null;
  #messageId = 0;
  #base = "";
  #ended = false;
  #watchdog: NodeJS.Timeout | undefined;
  #detach: () => void = () => undefined;

  constructor(connection: LdapConnection, listener: SearchListener, patience: number | null) {
    this.#connection = connection;
    this.#socket = connection.socket();
    this.#listener = listener;
    this.#patience = patience;
    this.#stream = new MessageStream((bytes, start, end) => {
      if (!this.#ended) this.#message(bytes, start, end);
    });
  }

  get paused(): boolean {
    return this.#socket.isPaused();
  }

  /** Takes the socket over. */
  open(signal: AbortSignal): void {
    const socket = this.#socket;
    const previous = socket.listeners("data");
    socket.removeAllListeners("data");
    const onData = (chunk: Buffer): void => this.#onData(chunk);
    const onClose = (): void => this.#lost("the connection was closed by the server");
    const onError = (error: Error): void => this.#lost(error.message);
    const onAbort = (): void => this.#listener.failed(null);
    socket.on("data", onData).on("close", onClose).on("end", onClose).on("error", onError);
    signal.addEventListener("abort", onAbort);
    this.#watch();
    this.#detach = () => {
      clearTimeout(this.#watchdog);
      socket.off("data", onData).off("close", onClose).off("end", onClose).off("error", onError);
      signal.removeEventListener("abort", onAbort);
      // An error after the end has no reader any more; without a listener it would end the process.
      if (socket.listenerCount("error") === 0) socket.on("error", () => undefined);
      for (const listener of previous) socket.on("data", listener as (chunk: Buffer) => void);
    };
  }

  /** Sends the search, or asks for its next page. */
  ask(request: SearchRequest, cookie: Buffer): void {
    this.#messageId = nextMessageId();
    this.#base = request.base;
    this.#socket.write(encodeSearch(this.#messageId, request, cookie));
    this.#watchdog?.refresh();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#watchdog?.refresh();
    this.#socket.resume();
  }

  /** Nothing more is expected. */
  finish(): void {
    this.#ended = true;
    clearTimeout(this.#watchdog);
  }

  /** Gives the socket back; a search that did not finish is abandoned with its connection. */
  close(): void {
    this.#detach();
    if (this.#ended) return;
    this.#ended = true;
    if (this.#socket.writable) this.#socket.write(encodeAbandon(nextMessageId(), this.#messageId));
    this.#connection.destroy();
  }

  #watch(): void {
    const seconds = this.#patience;
    if (seconds === null) return;
    this.#watchdog = setTimeout(() => {
      // Silence that we asked for by pausing is not the server's.
      if (this.#socket.isPaused()) this.#watchdog?.refresh();
      else this.#fail("ldap.timeout", `no answer for ${seconds} seconds`);
    }, seconds * 1000);
  }

  #onData(chunk: Buffer): void {
    this.#watchdog?.refresh();
    try {
      this.#stream.push(chunk);
    } catch (error) {
      if (error instanceof RollcallError || error instanceof MustReadAll)
        this.#listener.failed(error);
      else if (error instanceof BerError) this.#fail("ldap.protocol", error.message);
      else throw error;
    }
  }

  #message(bytes: Buffer, start: number, end: number): void {
    const message = new BerCursor(bytes, start, end).enter(TAG.sequence);
    const id = message.integer();
    const tag = message.peek();
    if (id === 0 && tag === EXTENDED_RESPONSE) {
      // Notice of disconnection (RFC 4511 section 4.4.1); the reason may be one that stays.
      const notice = resultOf(message.enter(tag), NO_CONTROLS);
      throw resultError(
        this.#connection,
        `ending the connection while ${this.#base} was searched`,
        notice,
      );
    }
    if (id !== this.#messageId) throw new BerError("an answer to a question that was not asked");
    const at = message.at;
    const operation = message.enter(tag);
    const controls = (): ResponseControls => controlsOf(message);
    if (tag === SEARCH_RESULT_ENTRY) this.#listener.entry(bytes, at, end, controls);
    else if (tag === SEARCH_RESULT_DONE) this.#listener.done(resultOf(operation, controls()));
    else if (tag === INTERMEDIATE_RESPONSE) this.#intermediate(operation);
    else if (tag === SEARCH_RESULT_REFERENCE) this.#reference(operation);
    else throw new BerError(`unexpected answer 0x${tag.toString(16)}`);
  }

  #intermediate(operation: BerCursor): void {
    const oid = operation.peek() === 0x80 ? operation.text(0x80) : "";
    const value = operation.peek() === 0x81 ? operation.octets(0x81) : Buffer.alloc(0);
    this.#listener.intermediate(oid, value);
  }

  #reference(operation: BerCursor): void {
    const urls: string[] = [];
    while (!operation.done) urls.push(operation.text());
    if (this.#listener.reference !== undefined || urls.every((one) => NOBODY_THERE.test(one))) {
      this.#listener.reference?.();
      return;
    }
    const { url, quote } = this.#connection;
    const text = `${url} refers to another server for a part of ${this.#base}: ${quote(urls.join(" "))}`;
    throw new RollcallError("ldap.referral", text);
  }

  #lost(message: string): void {
    this.#fail("ldap.connectionLost", message);
  }

  #fail(code: "ldap.connectionLost" | "ldap.timeout" | "ldap.protocol", message: string): void {
    if (this.#ended) return;
    const text = `${this.#connection.url}: ${message} before the answer was complete.`;
    this.#listener.failed(new RollcallError(code, text));
  }
}

function resultOf(result: BerCursor, controls: ResponseControls): SearchResult {
  const code = result.integer(TAG.enumerated);
  return { code, matched: result.text(), diagnostic: result.text(), controls };
}

/** The controls behind an operation that the cursor has stepped over. */
function controlsOf(message: BerCursor): ResponseControls {
  const found = new ResponseControls();
  if (message.peek() !== CONTROLS) return found;
  const list = message.enter(CONTROLS);
  while (!list.done) {
    const one = list.enter(TAG.sequence);
    const oid = one.text();
    if (one.peek() === TAG.boolean) one.take(TAG.boolean);
    found.add(oid, one.done ? Buffer.alloc(0) : one.octets());
  }
  return found;
}
