/**
 * A bound connection to the first server of a list that answers. ldapts makes the requests; what
 * comes back is read by our own reader from the first byte on, which is bounded.
 */
import { connect as netConnect, isIP, type Socket } from "node:net";
import { connect as tlsConnect, type ConnectionOptions } from "node:tls";
import { BindRequest, ExtendedRequest, PasswordPolicyControl } from "ldapts";
import type { Bind, LdapTarget } from "../../model/directory.ts";
import { RollcallError, type ErrorCode } from "../../model/errors.ts";
import { exchange, type Answer, type Question } from "./exchange.ts";
import { loginError } from "./result-codes.ts";
import { isCertificateFault } from "../../lib/certificate-fault.ts";
import { speakerAt, type Speaker } from "../../lib/speaker.ts";
import { untilReady } from "./until-ready.ts";
import { nextMessageId, Wire } from "./wire.ts";

const CONNECT_SECONDS = 10;

export interface LdapConnection extends AsyncDisposable, Speaker {
  readonly wire: Wire;
  /** Seconds of silence until the server counts as dead; it depends on what the server turns out to be. */
  patience: number;
  /** How many entries may be asked for in a second; null: as many as come. */
  readonly entriesPerSecond: number | null;
  /** Ends the connection at once. */
  destroy(): void;
}

/** Connects and binds. @throws RollcallError with one of the `ldap.` codes */
export async function openConnection(
  target: LdapTarget,
  signal: AbortSignal,
): Promise<LdapConnection> {
  return await openAndAsk(target, signal, (connection) => Promise.resolve(connection));
}

/**
 * Connects, binds and asks the first question. Servers are tried in order until one answers; a
 * refused password is final, because trying it on every server would lock the account.
 * @param ask whatever has to be known before anything is read; where it fails, the connection is closed
 * @throws RollcallError with one of the `ldap.` codes
 */
export async function openAndAsk<Opened>(
  target: LdapTarget,
  signal: AbortSignal,
  ask: (connection: LdapConnection) => Promise<Opened>,
): Promise<Opened> {
  refuseEmptyPassword(target);
  const failures: RollcallError[] = [];
  for (const url of target.urls) {
    signal.throwIfAborted();
    const opened = await attemptAt(url, target, { signal, ask });
    if (!(opened instanceof RollcallError)) return opened;
    if (!TRY_NEXT.has(opened.code)) throw opened;
    failures.push(opened);
  }
  const [first] = failures;
  if (first !== undefined && failures.length === 1) throw first;
  const reasons = failures.map((failure) => failure.message).join(" ");
  const message = `None of ${failures.length} servers can be used. ${reasons}`;
  throw new RollcallError("ldap.unreachable", message);
}

/**
 * One server. A connection that is reset before the server said anything, as load balancers and full
 * queues do it, is tried once more.
 */
async function attemptAt<Opened>(
  url: string,
  target: LdapTarget,
  { signal, ask }: { signal: AbortSignal; ask: (connection: LdapConnection) => Promise<Opened> },
): Promise<Opened | RollcallError> {
  for (let tries = 1; ; tries++) {
    const attempt = new Attempt(url, target, signal);
    let hasLoggedIn = false;
    try {
      const connection = await attempt.open();
      hasLoggedIn = true;
      return await ask(connection);
    } catch (error) {
      attempt.destroy();
      // What was asked says by itself what went wrong; anything else is our own fault.
      if (signal.aborted || (hasLoggedIn && !(error instanceof RollcallError))) throw error;
      const failure = connectError(attempt.speaker, error);
      if (tries > 1 || !attempt.wasReset(failure)) return failure;
    }
  }
}

const TRY_NEXT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "ldap.unreachable",
  "ldap.certificate",
  "ldap.startTls",
  "ldap.busy",
  "ldap.timeout",
  "ldap.connectionLost",
  "ldap.protocol",
]);

/** An empty password makes a simple bind anonymous on many servers (RFC 4513 section 5.1.2). */
function refuseEmptyPassword({ bind }: LdapTarget): void {
  if (bind?.mechanism === "simple" && bind.password.reveal() === "") {
    const message = `The password for ${bind.dn} is empty; it was not sent.`;
    throw new RollcallError("ldap.emptyPassword", message);
  }
}

class Attempt {
  readonly #url: URL;
  readonly #target: LdapTarget;
  readonly #signal: AbortSignal;
  readonly speaker: Speaker;
  #socket: Socket | undefined;
  #wire: Wire | undefined;

  constructor(url: string, target: LdapTarget, signal: AbortSignal) {
    this.#url = new URL(url);
    this.#target = target;
    this.#signal = signal;
    this.speaker = speakerAt(url, target.bind === null ? [] : secretsOf(target.bind));
  }

  async open(): Promise<LdapConnection> {
    const wire = new Wire(await this.#connect(), this.speaker);
    this.#wire = wire;
    if (this.#target.startTls) await this.#startTls(wire);
    await this.#login(wire);
    return {
      ...this.speaker,
      wire,
      patience: this.#target.timeoutSeconds,
      entriesPerSecond: this.#target.entriesPerSecond,
      destroy: () => {
        wire.destroy();
      },
      [Symbol.asyncDispose]: () => {
        wire.destroy();
        return Promise.resolve();
      },
    };
  }

  /**
   * Whether the connection was reset before the server said anything: then it has read nothing, no
   * password either, which an orderly end does not tell.
   */
  wasReset({ cause }: RollcallError): boolean {
    return codeOf(cause) === "ECONNRESET" && this.#wire?.hasHeard !== true;
  }

  destroy(): void {
    this.#wire?.destroy();
    this.#socket?.destroy();
  }

  get #seconds(): number {
    return Math.min(CONNECT_SECONDS, this.#target.timeoutSeconds);
  }

  async #connect(): Promise<Socket> {
    const { protocol, port } = this.#url;
    const secure = protocol === "ldaps:";
    const address = { host: this.#host(), port: Number(port || (secure ? 636 : 389)) };
    const socket = secure ? tlsConnect({ ...this.#tlsOptions(), ...address }) : netConnect(address);
    this.#socket = socket;
    const event = secure ? "secureConnect" : "connect";
    await untilReady(socket, event, this.#seconds, this.#signal);
    socket.setKeepAlive(true, 30_000);
    return socket;
  }

  async #startTls(wire: Wire): Promise<void> {
    const messageId = nextMessageId();
    const request = new ExtendedRequest({ messageId, oid: START_TLS }).write();
    const doing = "starting TLS";
    const answer = await this.#exchange(wire, { messageId, request, doing, answer: 0x78 });
    if (answer.code !== 0) {
      const said = this.speaker.quote(answer.diagnostic);
      const message = `${this.speaker.url} refused StartTLS (result ${answer.code}): ${said}`;
      throw new RollcallError("ldap.startTls", message);
    }
    await wire.secure(this.#tlsOptions(), this.#seconds, this.#signal);
  }

  async #login(wire: Wire): Promise<void> {
    const messageId = nextMessageId();
    const request = bindRequest(messageId, this.#target.bind).write();
    const doing = "logging in";
    const answer = await this.#exchange(wire, { messageId, request, doing, answer: 0x61 });
    if (answer.code !== 0 || answer.unusable !== null)
      throw loginError(this.speaker, answer, answer.unusable);
  }

  #exchange(wire: Wire, question: Question): Promise<Answer> {
    return exchange(wire, { ...question, patience: this.#target.timeoutSeconds }, this.#signal);
  }

  #host(): string {
    return this.#url.hostname.replaceAll(/^\[|\]$/g, "");
  }

  /** The name to check the certificate against is given expressly: StartTLS would use localhost. */
  #tlsOptions(): ConnectionOptions {
    const { ca, rejectUnauthorized, client, minVersion } = this.#target.tls;
    const host = this.#host();
    return {
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      rejectUnauthorized,
      minVersion,
      ...(ca === null ? {} : { ca }),
      ...(client === null ? {} : { cert: client.cert, key: client.key.reveal() }),
    };
  }
}

/** StartTLS (RFC 4511 section 4.14.1). */
const START_TLS = "1.3.6.1.4.1.1466.20037";

function secretsOf(bind: Bind): string[] {
  return bind.mechanism === "simple" ? [bind.password.reveal()] : [];
}

function bindRequest(messageId: number, bind: Bind | null): BindRequest {
  if (bind === null) return new BindRequest({ messageId, dn: "", password: "" });
  // Who knows nothing of password policies passes over the question.
  const controls = [new PasswordPolicyControl()];
  if (bind.mechanism === "external")
    return new BindRequest({ messageId, dn: "", mechanism: "EXTERNAL", controls });
  return new BindRequest({ messageId, dn: bind.dn, password: bind.password.reveal(), controls });
}

function connectError(speaker: Speaker, error: unknown): RollcallError {
  if (error instanceof RollcallError) return error;
  const { url } = speaker;
  // A certificate has names in it, which are the server's words, too.
  const message = speaker.name(messageOf(error));
  if (isCertificateFault(codeOf(error) ?? "")) {
    const text = `The certificate of ${url} is not accepted: ${message}`;
    return new RollcallError("ldap.certificate", text, { cause: error });
  }
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return new RollcallError("ldap.timeout", `${url} did not answer in time.`, { cause: error });
  }
  const text = `${url} cannot be reached: ${message === "" ? (codeOf(error) ?? "no answer") : message}`;
  return new RollcallError("ldap.unreachable", text, { cause: error });
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
