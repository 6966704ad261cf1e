/**
 * A connection's bytes, from the first to the last: cut into messages, bounded, and handed to who
 * asked. Nothing that a server sends is read by anybody else, also not before the login.
 */
import type { Socket } from "node:net";
import { connect as tlsConnect, TLSSocket, type ConnectionOptions } from "node:tls";
import { MustReadAll } from "../../model/incremental.ts";
import { asRollcallError, RollcallError, type ErrorCode } from "../../model/errors.ts";
import { BerCursor, BerError, TAG } from "./ber.ts";
import { MessageStream } from "./message-stream.ts";
import { resultError } from "./result-codes.ts";
import { readResult } from "./result.ts";
import type { Speaker } from "../../lib/speaker.ts";
import { untilReady } from "./until-ready.ts";

/** Who is waiting for answers. */
export interface Receiver {
  /** What is being done, as in "searching dc=example,dc=org". */
  readonly doing: string;
  /** Bytes of the largest message that may come. */
  readonly maxMessage: number;
  /** Seconds without progress until the server counts as dead; null where silence is normal. */
  readonly patience: number | null;
  /** Whatever this throws fails what is being done. */
  message(message: Message): void;
  /** Nothing more will come. */
  failed(error: Error): void;
}

/** An LDAP message (RFC 4511 section 4.1.1), whose bytes are used again afterwards. */
export interface Message {
  readonly id: number;
  /** Of the operation, which the cursor has not stepped over yet. */
  readonly tag: number;
  readonly cursor: BerCursor;
}

const EXTENDED_RESPONSE = 0x78;
/** So much of an unfinished message counts as progress; less is waiting drop by drop. */
const PROGRESS_BYTES = 16 * 1024;
const MAX_MESSAGE_ID = 0x7fffffff;

let lastMessageId = 0;

/** Different for every question, so that a late answer cannot be taken for another. */
export function nextMessageId(): number {
  lastMessageId = lastMessageId >= MAX_MESSAGE_ID ? 1 : lastMessageId + 1;
  return lastMessageId;
}

export class Wire {
  readonly #speaker: Speaker;
  readonly #stream: MessageStream;
  #socket: Socket;
  #receiver: Receiver | null = null;
  /** What came while nobody had asked; tells whoever asks next. */
  #fault: Error | null = null;
  #watchdog: NodeJS.Timeout | undefined;
  /** Bytes of the unfinished message since the last progress. */
  #fresh = 0;
  /** Whether a whole message came since. */
  #moved = false;
  /** Whether the server has sent anything. */
  hasHeard = false;
  #detach: () => void;

  /** @param socket that is connected */
  constructor(socket: Socket, speaker: Speaker) {
    this.#speaker = speaker;
    this.#socket = socket;
    this.#stream = new MessageStream((bytes, start, end) => this.#message(bytes, start, end));
    this.#detach = this.#attach();
  }

  get paused(): boolean {
    return this.#socket.isPaused();
  }

  /** Until when the server's certificate is good; null without TLS. */
  get certificateUntil(): Date | null {
    if (!(this.#socket instanceof TLSSocket)) return null;
    const until = new Date(this.#socket.getPeerCertificate().valid_to);
    return Number.isNaN(until.getTime()) ? null : until;
  }

  /**
   * Whatever comes from now on is for this one.
   * @throws RollcallError `ldap.protocol` or `ldap.connectionLost` if the connection is of no use any more
   */
  begin(receiver: Receiver): void {
    if (this.#receiver !== null) throw new Error("two questions at a time on one connection");
    if (this.#fault !== null) throw this.#fault;
    if (this.#socket.destroyed) throw this.#error("ldap.connectionLost", "was closed", receiver);
    this.#receiver = receiver;
    this.#stream.limit = receiver.maxMessage;
    this.#watch(receiver.patience);
    this.#socket.resume();
  }

  /** Nothing more is expected. */
  end(): void {
    this.#watch(null);
    this.#receiver = null;
    this.#socket.pause();
  }

  send(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes);
    this.#progress();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#progress();
    this.#socket.resume();
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#watch(null);
    this.#socket.destroy();
  }

  /**
   * TLS from here on. Whatever was sent in clear behind the consent to it may come from anybody on
   * the way, and would count as said by the server.
   * @throws RollcallError `ldap.protocol` if something was
   */
  async secure(options: ConnectionOptions, seconds: number, signal: AbortSignal): Promise<void> {
    if (this.#fault !== null || !this.#stream.isEmpty || this.#socket.readableLength > 0) {
      const text = `${this.#speaker.url} sent something in clear behind its consent to StartTLS; it may come from somebody else.`;
      throw new RollcallError("ldap.protocol", text);
    }
    this.#detach();
    const secure = tlsConnect({ ...options, socket: this.#socket });
    this.#socket = secure;
    await untilReady(secure, "secureConnect", seconds, signal);
    this.#detach = this.#attach();
  }

  #attach(): () => void {
    const socket = this.#socket;
    const onData = (chunk: Buffer): void => this.#data(chunk);
    const onClose = (): void => this.#lost("the connection was closed by the server");
    const onError = (error: Error): void => this.#lost(error.message, error);
    socket.pause();
    socket.on("data", onData).on("close", onClose).on("end", onClose).on("error", onError);
    // Listening makes it flow; nobody has asked yet.
    socket.pause();
    return () => {
      socket.off("data", onData).off("close", onClose).off("end", onClose);
    };
  }

  #data(chunk: Buffer): void {
    this.#fresh += chunk.length;
    this.hasHeard = true;
    try {
      this.#stream.push(chunk);
    } catch (error) {
      this.#fail(this.#errorOf(error));
    }
    if (this.#moved || this.#fresh >= PROGRESS_BYTES) this.#progress();
  }

  /** A fault in what reads is this directory's failure, never the process's. */
  #errorOf(thrown: unknown): Error {
    if (thrown instanceof BerError)
      return this.#error("ldap.protocol", thrown.message, this.#receiver);
    if (thrown instanceof RollcallError || thrown instanceof MustReadAll) return thrown;
    return asRollcallError(thrown);
  }

  #message(bytes: Buffer, start: number, end: number): void {
    const cursor = new BerCursor(bytes, start, end).enter(TAG.sequence);
    const id = cursor.integer();
    const tag = cursor.peek();
    this.#moved = true;
    if (id === 0 && tag === EXTENDED_RESPONSE) {
      // Notice of disconnection (RFC 4511 section 4.4.1); the reason may be one that stays.
      const while_ = this.#receiver === null ? "" : ` while ${this.#receiver.doing}`;
      const notice = readResult(cursor.enter(tag));
      throw resultError(this.#speaker, `ending the connection${while_}`, notice);
    }
    if (this.#receiver === null) throw new BerError(NOT_ASKED);
    this.#receiver.message({ id, tag, cursor });
  }

  #progress(): void {
    this.#fresh = 0;
    this.#moved = false;
    this.#watchdog?.refresh();
  }

  #watch(seconds: number | null): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = undefined;
    this.#fresh = 0;
    if (seconds === null) return;
    this.#watchdog = setTimeout(() => {
      // Silence that we asked for by pausing is not the server's.
      if (this.#socket.isPaused()) this.#watchdog?.refresh();
      else
        this.#fail(this.#error("ldap.timeout", `no answer for ${seconds} seconds`, this.#receiver));
    }, seconds * 1000);
  }

  #lost(message: string, cause?: Error): void {
    this.#fail(this.#error("ldap.connectionLost", message, this.#receiver, cause));
  }

  #fail(error: Error): void {
    this.#fault ??= error;
    this.#receiver?.failed(error);
  }

  #error(code: ErrorCode, what: string, receiver: Receiver | null, cause?: Error): RollcallError {
    const { url } = this.#speaker;
    const text =
      receiver === null
        ? `${url}: ${what}.`
        : `${url}: ${what} before the answer was complete (${receiver.doing}).`;
    return new RollcallError(code, text, { cause });
  }
}

export const NOT_ASKED = "an answer to a question that was not asked";
