/**
 * A bound connection to the first server of a list that answers. ldapts connects, negotiates TLS
 * and binds; the socket is kept at hand (ldapts lets its caller make it), so that the bulk reader
 * can take over the same connection when ldapts has nothing more to do on it.
 */
import { connect as netConnect, isIP, type Socket } from "node:net";
import { connect as tlsConnect, TLSSocket, type ConnectionOptions } from "node:tls";
import { Client, ResultCodeError } from "ldapts";
import type { LdapTarget } from "../../model/directory.ts";
import { RollcallError, type ErrorCode } from "../../model/errors.ts";
import { loginError } from "./result-codes.ts";
import { speakerAt, type Speaker } from "./speaker.ts";

const CONNECT_SECONDS = 10;

export interface LdapConnection extends AsyncDisposable, Speaker {
  readonly client: Client;
  /** Seconds of silence until the server counts as dead; it depends on what the server turns out to be. */
  patience: number;
  /** How many entries may be asked for in a second; null: as many as come. */
  readonly entriesPerSecond: number | null;
  /** The socket that carries the LDAP messages: TCP, or TLS on top of it. */
  socket(): Socket;
  /** Until when the server's certificate is good; null without TLS. */
  certificateUntil(): Date | null;
  /** Ends the connection at once. */
  destroy(): void;
}

/**
 * Connects and binds. Servers are tried in order until one answers; a refused password is final,
 * because trying it on every server would lock the account.
 * @throws RollcallError with one of the `ldap.` codes
 */
export async function openConnection(
  target: LdapTarget,
  signal: AbortSignal,
): Promise<LdapConnection> {
  refuseEmptyPassword(target);
  const failures: RollcallError[] = [];
  for (const url of target.urls) {
    signal.throwIfAborted();
    const attempt = new Attempt(url, target);
    try {
      return await attempt.open();
    } catch (error) {
      attempt.destroy();
      const failure = connectError(attempt.speaker, error);
      if (!TRY_NEXT.has(failure.code)) throw failure;
      failures.push(failure);
    }
  }
  const [first] = failures;
  if (first !== undefined && failures.length === 1) throw first;
  const reasons = failures.map((failure) => failure.message).join(" ");
  const message = `None of ${failures.length} servers can be used. ${reasons}`;
  throw new RollcallError("ldap.unreachable", message);
}

const TRY_NEXT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "ldap.unreachable",
  "ldap.certificate",
  "ldap.startTls",
  "ldap.busy",
  "ldap.timeout",
  "ldap.connectionLost",
]);

/** An empty password makes a simple bind anonymous on many servers (RFC 4513 section 5.1.2). */
function refuseEmptyPassword(target: LdapTarget): void {
  if (target.bind !== null && target.bind.password.reveal() === "") {
    const message = `The password for ${target.bind.dn} is empty; it was not sent.`;
    throw new RollcallError("ldap.emptyPassword", message);
  }
}

class Attempt {
  readonly #url: string;
  readonly #target: LdapTarget;
  readonly #client: Client;
  readonly speaker: Speaker;
  #socket: Socket | undefined;

  constructor(url: string, target: LdapTarget) {
    this.#url = url;
    this.#target = target;
    this.speaker = speakerAt(url, target.bind === null ? [] : [target.bind.password.reveal()]);
    const secure = url.startsWith("ldaps:");
    this.#client = new Client({
      url,
      strictDN: false,
      connectTimeout: CONNECT_SECONDS * 1000,
      timeout: target.timeoutSeconds * 1000,
      createConnection: ((port: number, host: string) =>
        this.#keep(netConnect(port, host))) as never,
      createSecureConnection: ((...args: Parameters<typeof tlsConnect>) =>
        this.#keep(tlsConnect(...args))) as never,
      // Only for ldaps: with an ldap url, ldapts would take TLS options as "TLS from the first byte".
      ...(secure ? { tlsOptions: this.#tlsOptions() } : {}),
    });
  }

  async open(): Promise<LdapConnection> {
    const { bind, startTls } = this.#target;
    if (startTls) await this.#startTls();
    if (bind === null) await this.#client.bind("", "");
    else await this.#client.bind(bind.dn, bind.password.reveal());
    return {
      ...this.speaker,
      client: this.#client,
      patience: this.#target.timeoutSeconds,
      entriesPerSecond: this.#target.entriesPerSecond,
      socket: () => this.#liveSocket(),
      certificateUntil: () => this.#certificateUntil(),
      destroy: () => {
        this.destroy();
      },
      [Symbol.asyncDispose]: () => {
        this.destroy();
        return Promise.resolve();
      },
    };
  }

  destroy(): void {
    this.#socket?.destroy();
  }

  async #startTls(): Promise<void> {
    try {
      await this.#client.startTLS(this.#tlsOptions());
    } catch (error) {
      if (certificateFault(error) || isNetworkFault(error)) throw error;
      const said = this.speaker.quote(messageOf(error));
      const message = `${this.#url} refused StartTLS: ${said}`;
      throw new RollcallError("ldap.startTls", message, { cause: error });
    }
  }

  /** The name to check the certificate against is given expressly: StartTLS would use localhost. */
  #tlsOptions(): ConnectionOptions {
    const { ca, rejectUnauthorized } = this.#target.tls;
    const host = new URL(this.#url).hostname.replace(/^\[|\]$/g, "");
    return {
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      rejectUnauthorized,
      ...(ca === null ? {} : { ca }),
    };
  }

  #keep<S extends Socket>(socket: S): S {
    socket.setKeepAlive(true, 30_000);
    this.#socket = socket;
    return socket;
  }

  #certificateUntil(): Date | null {
    if (!(this.#socket instanceof TLSSocket)) return null;
    const until = new Date(this.#socket.getPeerCertificate().valid_to);
    return Number.isNaN(until.getTime()) ? null : until;
  }

  #liveSocket(): Socket {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed) {
      throw new RollcallError("ldap.connectionLost", `The connection to ${this.#url} was closed.`);
    }
    return socket;
  }
}

const NETWORK = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EPIPE",
]);

function connectError(speaker: Speaker, error: unknown): RollcallError {
  if (error instanceof RollcallError) return error;
  if (error instanceof ResultCodeError)
    return loginError(speaker, { code: error.code, diagnostic: error.message });
  const { url } = speaker;
  // A certificate has names in it, which are the server's words, too.
  const message = speaker.name(messageOf(error));
  if (certificateFault(error)) {
    const text = `The certificate of ${url} is not accepted: ${message}`;
    return new RollcallError("ldap.certificate", text, { cause: error });
  }
  if (/timed? ?out/i.test(message)) {
    return new RollcallError("ldap.timeout", `${url} did not answer in time.`, { cause: error });
  }
  const text = `${url} cannot be reached: ${message === "" ? (codeOf(error) ?? "no answer") : message}`;
  return new RollcallError("ldap.unreachable", text, { cause: error });
}

/** OpenSSL's verification errors, and Node's own check of the name. */
function certificateFault(error: unknown): boolean {
  const code = codeOf(error) ?? "";
  return /CERT|^UNABLE_TO_|^SELF_SIGNED|^HOSTNAME_MISMATCH|_TOO_(?:WEAK|SMALL)$/.test(code);
}

function isNetworkFault(error: unknown): boolean {
  return NETWORK.has(codeOf(error) ?? "");
}

function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (error instanceof Error && "code" in error) return String(error.code);
  return undefined;
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return messageOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
