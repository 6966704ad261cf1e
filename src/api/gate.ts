/**
 * Who may come in: the role of a token, or of a browser's session, decides, for every route by
 * itself. Whatever is not found out counts as a stranger. A test walks all routes, so that none
 * forgets to ask.
 */
import type { MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import type { Networks } from "../lib/networks.ts";
import { sessionActor, tokenActor, type EventClient } from "../model/event.ts";
import { isLoopback } from "../model/loopback.ts";
import { FRESH_ONLY, may, type Permission } from "../model/role.ts";
import { FRESH_MINUTES, LONGEST_HOURS } from "../model/session.ts";
import type { Service } from "../service.ts";
import { clientAddress } from "./client-address.ts";
import type { ApiCall, ApiEnv, Caller } from "./context.ts";
import type { ApiLimits } from "./limits.ts";
import type { Allowance } from "./rate-limit.ts";

export type Refusal = "noCredential" | "badCredential" | "forbidden" | "notFresh" | "tooMany";

/** Why somebody is not let in; each API says it in its own form. */
export class AccessRefused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal, message: string) {
    super(message);
    this.name = "AccessRefused";
    this.refusal = refusal;
  }
}

const SCHEME = /^(?:SSWS|Bearer) +(\S+)$/i;

/** What stands before a route, and which permission it asks for. */
export type Guard = MiddlewareHandler<ApiEnv> & { readonly permission: Permission };

/** The browser sends it back to nobody but us, and shows it to no script (RFC 6265bis, 4.1.3.2). */
const COOKIE = ["rollcall", "host"] as const;
/** Of requests that nobody made. */
const UNATTENDED = "rollcall-unattended";
/** What changes nothing; everything else a foreign page must not be able to ask for. */
const READING: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** What a gate knows of the house that it stands before. */
export interface Surroundings {
  readonly limits: ApiLimits;
  readonly isProxy: Networks;
  /** How browsers reach it. */
  readonly baseUrl: () => string;
}

export class Gate {
  readonly #service: { readonly [Of in "tokens" | "sessions"]: Pick<Service[Of], "of"> };
  readonly #around: Surroundings;

  constructor(service: Pick<Service, "tokens" | "sessions">, around: Surroundings) {
    this.#service = service;
    this.#around = around;
  }

  /** Lets in whoever has the permission. @throws AccessRefused */
  allow(permission: Permission): Guard {
    const guard: MiddlewareHandler<ApiEnv> = async (c, next) => {
      const caller = await this.#callerOf(c);
      if (!caller.may(permission)) {
        const message = `The role ${caller.role} may not do this; it needs the permission "${permission}".`;
        throw new AccessRefused("forbidden", message);
      }
      if (FRESH_ONLY.has(permission) && !READING.has(c.req.method)) requireFresh(caller);
      c.set("caller", caller);
      await next();
    };
    return Object.assign(guard, { permission });
  }

  /** Whether whoever was let in before would be let in now. */
  async isStillGood(c: ApiCall): Promise<boolean> {
    const client = this.clientOf(c);
    if ((await this.#byToken(c, client)) !== null) return true;
    return (await this.#bySession(c, client, false)) !== null;
  }

  /** From where somebody asks. */
  clientOf(c: ApiCall): EventClient {
    const remote = c.env?.incoming?.socket.remoteAddress ?? "unknown";
    const forwarded = c.req.header("x-forwarded-for");
    const ipAddress = clientAddress(remote, forwarded, this.#around.isProxy);
    const userAgent = c.req.header("user-agent")?.slice(0, 300) ?? null;
    return { ipAddress, userAgent };
  }

  /** Somebody tries to sign in. @throws AccessRefused if they do it too often */
  noteSigningIn(c: ApiCall, { ipAddress }: EventClient): void {
    this.#grant(c, this.#around.limits.signIns.take(ipAddress, Date.now()));
  }

  #grant(c: ApiCall, allowance: Allowance): void {
    if (allowance.granted) return;
    tell(c, allowance);
    throw new AccessRefused("tooMany", "Too many requests with a wrong credential.");
  }

  /**
   * Whether a request comes from a page of our own, as far as the browser says from which.
   * @throws AccessRefused
   */
  refuseForeign(c: ApiCall, origin = c.req.header("origin")): void {
    const own = new URL(this.#around.baseUrl()).origin;
    const site = c.req.header("sec-fetch-site");
    const isForeign = site !== undefined && site !== "same-origin" && site !== "none";
    if (!isForeign && (origin === undefined || isSameHouse(origin, own))) return;
    throw new AccessRefused("forbidden", `Only pages of ${own} may ask for this by a cookie.`);
  }

  async #callerOf(c: ApiCall): Promise<Caller> {
    const client = this.clientOf(c);
    const isToken = c.req.header("authorization") !== undefined;
    // RFC 9110 section 11.6.1: whoever is refused is told how to come in.
    c.header("WWW-Authenticate", 'Bearer realm="Rollcall"');
    if (!isToken && getCookie(c, ...COOKIE) === undefined)
      throw new AccessRefused("noCredential", "Send Authorization: SSWS TOKEN, or Bearer TOKEN.");
    // A page that is open asks by itself, too, and says so; a stream is nobody's use.
    const isUse = c.req.header(UNATTENDED) === undefined && !c.req.path.endsWith("/events");
    const caller = isToken
      ? await this.#byToken(c, client)
      : await this.#bySession(c, client, isUse);
    if (caller === null) {
      // Too many of them are refused before anything else is said.
      this.#grant(c, this.#around.limits.mistakes.take(client.ipAddress, Date.now()));
      const message = isToken
        ? "The token is none of ours, was revoked, or has expired."
        : "The session has ended; sign in again.";
      throw new AccessRefused("badCredential", message);
    }
    const allowance = this.#around.limits.requests.take(caller.id, Date.now());
    tell(c, allowance);
    if (!allowance.granted) throw new AccessRefused("tooMany", "Too many requests.");
    c.header("WWW-Authenticate", undefined);
    // A browser sends the cookie whichever page asks, and says which it was.
    if (!isToken && !READING.has(c.req.method)) this.refuseForeign(c, c.req.header("origin") ?? "");
    return caller;
  }

  async #byToken(c: ApiCall, client: EventClient): Promise<Caller | null> {
    const [, secret] = SCHEME.exec((c.req.header("authorization") ?? "").trim()) ?? [];
    const token = secret === undefined ? null : await this.#service.tokens.of(secret);
    return (
      token && { ...callerOf("token", token, tokenActor(token, client)), sources: token.sources }
    );
  }

  async #bySession(c: ApiCall, client: EventClient, isUse: boolean): Promise<Caller | null> {
    if (c.req.header("authorization") !== undefined) return null;
    const session = await this.#service.sessions.of(getCookie(c, ...COOKIE) ?? "", isUse);
    if (session === null) return null;
    const caller = callerOf("session", session, sessionActor(session, client));
    return { ...caller, isFresh: session.isFresh };
  }
}

/** @throws AccessRefused where somebody signed in too long ago for what is asked */
export function requireFresh({ isFresh }: Caller): void {
  if (isFresh) return;
  const message = `This needs a sign-in of the last ${FRESH_MINUTES} minutes; yours is older, or its provider does not say when it was.`;
  throw new AccessRefused("notFresh", message);
}

/** The same origin; of one on loopback, its names are the same machine. */
function isSameHouse(origin: string, own: string): boolean {
  if (origin === own) return true;
  const [given, wanted] = [URL.parse(origin), new URL(own)];
  return (
    given !== null &&
    given.origin === origin &&
    isLoopback(given.hostname) &&
    isLoopback(wanted.hostname) &&
    given.protocol === wanted.protocol &&
    given.port === wanted.port
  );
}

function callerOf(
  kind: Caller["kind"],
  { id, name, role, expiresAt }: Pick<Caller, "id" | "name" | "role" | "expiresAt">,
  actor: Caller["actor"],
): Caller {
  const own = (permission: Permission): boolean => may(role, permission);
  return { kind, id, name, role, actor, expiresAt, sources: null, may: own, isFresh: true };
}

/** Of this host only, by TLS or on loopback, for no script, and not sent by what other pages ask for. */
export const COOKIE_SHAPE = { path: "/", secure: true, httpOnly: true, sameSite: "Lax" } as const;

/** Gives a browser the session that it made, or takes it away. */
export function setSessionCookie(c: ApiCall, secret: string | null): void {
  const [name, prefix] = COOKIE;
  const maxAge = secret === null ? 0 : LONGEST_HOURS * 3600;
  setCookie(c, name, secret ?? "", { ...COOKIE_SHAPE, prefix, maxAge });
}

/** Clients wait for the reset, which they read as seconds since 1970. */
function tell(c: ApiCall, { limit, remaining, resetAt, granted }: Allowance): void {
  c.header("X-Rate-Limit-Limit", String(limit));
  c.header("X-Rate-Limit-Remaining", String(remaining));
  c.header("X-Rate-Limit-Reset", String(Math.ceil(resetAt / 1000)));
  if (!granted)
    c.header("Retry-After", String(Math.max(1, Math.ceil((resetAt - Date.now()) / 1000))));
}
