/**
 * Requests to one SCIM server: with its credential, within limits of size and time, without ever
 * following a redirect. Whatever is no success is thrown as an `AppFailure`.
 */
import { lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { Pool, type Dispatcher } from "undici";
import { sleep } from "../../lib/sleep.ts";
import { trimEndOf } from "../../lib/trim.ts";
import { speakerAt, type Speaker } from "../../lib/speaker.ts";
import type { AppAuth, AppTarget } from "../../model/app.ts";
import { AppFailure, untried } from "../failure.ts";
import { jsonOf, retryAfterOf, type Answer, type JsonObject } from "./answer.ts";
import { Limiter } from "./limiter.ts";
import { failureOf, networkFailure } from "./refusal.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface Question {
  readonly method: Method;
  /** Below the app's url, with its query; parts that come from outside are encoded. */
  readonly path: string;
  readonly body?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
}

const MOST_BYTES = 1_000_000;
/** How long a person is kept waiting because an app asks for patience. */
const SHORT_PAUSE_MS = 60_000;
const ATTEMPTS = 5;
const FIRST_WAIT_MS = 1000;

export class Transport implements AsyncDisposable {
  readonly speaker: Speaker;
  readonly #pool: Pool;
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #limiter: Limiter;
  readonly #timeout: number;
  /** Requests that are on their way, to end them when nobody waits for them any more. */
  readonly #onTheirWay = new Set<AbortController>();
  readonly #ended = new AbortController();
  readonly #onPause: (until: number) => void;

  /**
   * @param atOnce how many requests may be on their way
   * @param onPause is told of every pause that the app asks for
   * @throws AppFailure `app.address` for an address that must not be asked
   */
  constructor(target: AppTarget, atOnce: number, onPause: (until: number) => void) {
    const url = new URL(target.url);
    refuseLinkLocal(url);
    this.speaker = speakerAt(url.origin, secretsOf(target.auth));
    this.#base = trimEndOf(url.pathname, "/");
    this.#headers = {
      accept: "application/scim+json, application/json",
      "user-agent": "Rollcall SCIM client",
      ...authorization(target.auth),
    };
    this.#limiter = new Limiter({ atOnce, perSecond: target.requestsPerSecond });
    this.#timeout = target.timeoutSeconds * 1000;
    this.#onPause = onPause;
    const { ca, rejectUnauthorized } = target.tls;
    this.#pool = new Pool(url.origin, {
      connections: atOnce,
      headersTimeout: this.#timeout,
      bodyTimeout: this.#timeout,
      connect: {
        timeout: Math.min(this.#timeout, 15_000),
        rejectUnauthorized,
        lookup: lookupGuarded,
        ...(ca === null ? {} : { ca }),
      },
    });
  }

  /** Leaves the app alone until then; milliseconds since 1970. */
  pauseUntil(at: number): void {
    this.#limiter.pause(at - Date.now());
  }

  /** Sends nothing any more; what waits fails for the same reason, untried. */
  stop(reason: AppFailure): void {
    this.#limiter.stop(untried(reason));
  }

  /** Sends nothing any more, and waits for no answer longer than that. */
  endIn(milliseconds: number): void {
    setTimeout(() => this.#endAll(), milliseconds).unref();
  }

  /**
   * Asks, and asks again where that is safe: after 429, and after a failure of something that only
   * reads. @throws AppFailure
   */
  async ask(question: Question): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#limiter.run(() => this.#once(question));
      } catch (thrown) {
        if (!(thrown instanceof AppFailure)) throw thrown;
        if (thrown.kind === "credential") this.stop(thrown);
        if (thrown.kind !== "later" || thrown.untried) throw thrown;
        this.#limiter.slow();
        const patience = FIRST_WAIT_MS * 2 ** (attempt - 1);
        // Whoever says "at once" is asked more and more slowly all the same.
        const wait = Math.max(thrown.retryAfter ?? 0, patience);
        if (wait > SHORT_PAUSE_MS) this.stop(thrown);
        else this.#limiter.pause(wait);
        if (thrown.retryAfter !== null) this.#onPause(Date.now() + wait);
        const isSafe = thrown.status === 429 || question.method === "GET";
        if (!isSafe || attempt >= ATTEMPTS || wait > SHORT_PAUSE_MS || this.#ended.signal.aborted)
          throw thrown;
        // Not in step with others who were refused.
        await sleep(wait + Math.random() * Math.min(wait, FIRST_WAIT_MS), this.#ended.signal);
      }
    }
  }

  async #once({ method, path, body, headers = {} }: Question): Promise<Answer> {
    const what = `${method} ${path.split("?", 1)[0] ?? ""}`;
    // One of its own each, because what many requests share remembers all of them.
    const limit = new AbortController();
    const late = setTimeout(() => limit.abort(new Late()), this.#timeout);
    this.#onTheirWay.add(limit);
    let answer: Answer;
    try {
      const response = await this.#pool.request({
        method,
        path: `${this.#base}${path}`,
        headers: {
          ...this.#headers,
          ...(body === undefined ? {} : { "content-type": "application/scim+json" }),
          ...headers,
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: limit.signal,
      });
      answer = await read(response, method);
    } catch (error) {
      throw networkFailure(error, { what, method, speaker: this.speaker });
    } finally {
      clearTimeout(late);
      this.#onTheirWay.delete(limit);
    }
    if (answer.status >= 200 && answer.status < 300) return answer;
    const retryAfter = retryAfterOf(answer.headers, Date.now());
    throw failureOf(answer, { what, method, speaker: this.speaker, retryAfter });
  }

  #endAll(): void {
    this.#ended.abort();
    for (const one of this.#onTheirWay) one.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#endAll();
    await this.#pool.destroy();
  }
}

/** An answer that does not come. */
class Late extends Error {
  override readonly name = "TimeoutError";
}

/** An answer that is longer than any answer may be. */
class TooLarge extends Error {
  override readonly name = "TooLarge";
}

async function read(
  { statusCode: status, headers: raw, body }: Dispatcher.ResponseData,
  method: Method,
): Promise<Answer> {
  const headers = Object.fromEntries(
    Object.entries(raw).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  ) as Answer["headers"];
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) {
      body.destroy();
      // It was done; that the app tells all of it (a group with its members) is no fault.
      if (method !== "GET" && status < 300) return { status: 204, headers, json: null, text: "" };
      throw new TooLarge(`more than ${MOST_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  return { status, headers, json: jsonOf(text), text };
}

function authorization(auth: AppAuth): Record<string, string> {
  switch (auth.kind) {
    case "none":
      return {};
    case "bearer":
      return { authorization: `Bearer ${auth.token.reveal()}` };
    case "basic": {
      const pair = `${auth.user}:${auth.password.reveal()}`;
      return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
    }
    case "header":
      return { [auth.name.toLowerCase()]: auth.value.reveal() };
  }
}

function secretsOf(auth: AppAuth): string[] {
  switch (auth.kind) {
    case "none":
      return [];
    case "bearer":
      return [auth.token.reveal()];
    case "basic":
      return [auth.password.reveal(), `${auth.user}:${auth.password.reveal()}`];
    case "header": {
      // A scheme may stand before it.
      const value = auth.value.reveal();
      const behind = value.slice(value.indexOf(" ") + 1).trim();
      return [value, behind];
    }
  }
}

/** Addresses of the link itself, where clouds answer machines with their credentials. */
const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet("169.254.0.0", 16, "ipv4");
LINK_LOCAL.addSubnet("fe80::", 10, "ipv6");
// The same behind a translator (RFC 6052).
LINK_LOCAL.addSubnet("64:ff9b::a9fe:0", 112, "ipv6");

function isLinkLocal(address: string): boolean {
  const version = isIP(address);
  return version !== 0 && LINK_LOCAL.check(address, version === 6 ? "ipv6" : "ipv4");
}

function refuseLinkLocal({ hostname }: URL): void {
  const host = hostname.replace(/^\[|\]$/g, "");
  if (isLinkLocal(host)) throw linkLocal(host);
}

function linkLocal(host: string): AppFailure {
  const message = `${host} is an address of the link itself (link-local), which no app has.`;
  return new AppFailure("unreachable", "app.address", message);
}

/** Names may lead to such addresses, too. */
const lookupGuarded: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, "", 0);
    const [first] = addresses;
    const bad = addresses.find(({ address }) => isLinkLocal(address));
    if (bad !== undefined) return callback(linkLocal(`${hostname} (${bad.address})`), "", 0);
    if (options.all === true) return callback(null, addresses);
    callback(null, first?.address ?? "", first?.family);
  });
};
