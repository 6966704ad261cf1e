/**
 * One search at a time on a connection: asks, and tells what each answer is. It exists because
 * general clients buffer whole answers, hide response controls and break at intermediate responses
 * (RFC 4511 section 4.13).
 *
 * A search that does not end by itself is abandoned, and the connection closed: answers to it that
 * are still on the wire must not be read as answers to something else.
 */
import { RollcallError } from "../../model/errors.ts";
import { NOBODY_THERE } from "../referral.ts";
import { BerError, type BerCursor } from "./ber.ts";
import type { LdapConnection } from "./connection.ts";
import { readControls, readResult, type ResponseControls, type Result } from "./result.ts";
import { encodeAbandon, encodeSearch, type SearchRequest } from "./search-request.ts";
import { NOT_ASKED, nextMessageId, type Message, type Receiver, type Wire } from "./wire.ts";

export interface SearchResult extends Result {
  readonly controls: ResponseControls;
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
const INTERMEDIATE_RESPONSE = 0x79;
/** Bytes of the largest answer about people; before that, of what a server tells about itself. */
const MAX_MESSAGE = 64 * 1024 * 1024;
const MAX_ABOUT_SERVER = 4 * 1024 * 1024;
/** Answers in a row that bring nothing; a server that sends nothing else will never end. */
const MAX_IDLE_ANSWERS = 10_000;
/** … and how often the time that it may be silent. */
const MAX_IDLE_TIMES = 10;

export class SearchChannel implements Receiver {
  readonly patience: number | null;
  readonly #connection: LdapConnection;
  readonly #wire: Wire;
  readonly #listener: SearchListener;
  #messageId = 0;
  #request: SearchRequest | null = null;
  #entries = 0;
  #idle = 0;
  #usefulAt = Date.now();
  #ended = false;
  #detach: () => void = () => undefined;

  /** @param patience seconds of silence until the server counts as dead; null where silence is normal */
  constructor(connection: LdapConnection, listener: SearchListener, patience: number | null) {
    this.#connection = connection;
    this.#wire = connection.wire;
    this.#listener = listener;
    this.patience = patience;
  }

  get doing(): string {
    const base = this.#request?.base ?? "";
    return base === "" ? "telling about itself" : `searching ${base}`;
  }

  get maxMessage(): number {
    const { base = "", scope = "base" } = this.#request ?? {};
    return base === "" && scope === "base" ? MAX_ABOUT_SERVER : MAX_MESSAGE;
  }

  get paused(): boolean {
    return this.#wire.paused;
  }

  /** Sends the first search, and takes the connection for its answers. */
  open(request: SearchRequest, signal: AbortSignal): void {
    this.#request = request;
    this.#wire.begin(this);
    const onAbort = (): void => this.#listener.failed(null);
    signal.addEventListener("abort", onAbort);
    this.#detach = () => signal.removeEventListener("abort", onAbort);
    this.ask(request, Buffer.alloc(0));
  }

  /** Sends the search, or asks for its next page. */
  ask(request: SearchRequest, cookie: Buffer): void {
    this.#messageId = nextMessageId();
    this.#request = request;
    this.#entries = 0;
    this.#usefulAt = Date.now();
    this.#wire.send(encodeSearch(this.#messageId, request, cookie));
  }

  pause(): void {
    this.#wire.pause();
  }

  resume(): void {
    // For whoever waits because of us, time stands still.
    this.#usefulAt = Date.now();
    this.#wire.resume();
  }

  /** Nothing more is expected. */
  finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#wire.end();
  }

  /** Ends the search; one that did not finish is abandoned with its connection. */
  close(): void {
    this.#detach();
    if (this.#ended) return;
    this.#ended = true;
    this.#wire.end();
    this.#wire.send(encodeAbandon(nextMessageId(), this.#messageId));
    this.#connection.destroy();
  }

  message({ id, tag, cursor }: Message): void {
    if (this.#ended) return;
    if (id !== this.#messageId) throw new BerError(NOT_ASKED);
    const { bytes, at, end } = cursor;
    const operation = cursor.enter(tag);
    const controls = (): ResponseControls => readControls(cursor);
    this.#idle = tag === SEARCH_RESULT_ENTRY ? 0 : this.#idle + 1;
    if (this.#idle === 0) this.#usefulAt = Date.now();
    if (tag === SEARCH_RESULT_ENTRY) {
      if (++this.#entries > 1 && this.#request?.scope === "base")
        throw new BerError("several entries came where one was asked for");
      this.#listener.entry(bytes, at, end, controls);
    } else if (tag === SEARCH_RESULT_DONE)
      this.#listener.done({ ...readResult(operation), controls: controls() });
    else if (tag === INTERMEDIATE_RESPONSE) this.#intermediate(operation);
    else if (tag === SEARCH_RESULT_REFERENCE) this.#reference(operation);
    else throw new BerError(`unexpected answer 0x${tag.toString(16)}`);
  }

  failed(error: Error): void {
    if (!this.#ended) this.#listener.failed(error);
  }

  #intermediate(operation: BerCursor): void {
    this.#refuseEndless();
    const oid = operation.peek() === 0x80 ? operation.text(0x80) : "";
    const value = operation.peek() === 0x81 ? operation.octets(0x81) : Buffer.alloc(0);
    this.#listener.intermediate(oid, value);
  }

  #reference(operation: BerCursor): void {
    this.#refuseEndless();
    const urls: string[] = [];
    while (!operation.done) urls.push(operation.text());
    // At least one (RFC 4511 section 4.5.3); without, nobody knows where the rest is.
    if (urls.length === 0) throw new BerError("a reference to nowhere");
    if (this.#listener.reference !== undefined || urls.every((one) => NOBODY_THERE.test(one))) {
      this.#listener.reference?.();
      return;
    }
    const { url, quote } = this.#connection;
    const base = this.#request?.base ?? "";
    const text = `${url} refers to another server for a part of ${base}: ${quote(urls.join(" "))}`;
    throw new RollcallError("ldap.referral", text);
  }

  /** Whoever listens waits for ever, and hears of nothing most of the time. */
  #refuseEndless(): void {
    if (this.patience === null) return;
    const idleFor = (Date.now() - this.#usefulAt) / 1000;
    if (this.#idle > MAX_IDLE_ANSWERS || idleFor > MAX_IDLE_TIMES * this.patience)
      throw new BerError(`${this.#idle} answers in a row were of no use`);
  }
}
