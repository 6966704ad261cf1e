/**
 * Who may come in: a token's role decides, for every route by itself. Whatever is not found out
 * counts as a stranger. A test walks all routes, so that none forgets to ask.
 */
import type { MiddlewareHandler } from "hono";
import type { Networks } from "../lib/networks.ts";
import { tokenActor } from "../model/event.ts";
import { may, type Permission } from "../model/role.ts";
import type { Service } from "../service.ts";
import { clientAddress } from "./client-address.ts";
import type { ApiCall, ApiEnv, Caller } from "./context.ts";
import { ApiLimits } from "./limits.ts";
import type { Allowance } from "./rate-limit.ts";

export type Refusal = "noCredential" | "badCredential" | "forbidden" | "tooMany";

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

export class Gate {
  readonly #tokens: Pick<Service["tokens"], "of">;
  readonly #limits: ApiLimits;
  readonly #isProxy: Networks;

  constructor(
    tokens: Pick<Service["tokens"], "of">,
    limits: ApiLimits = new ApiLimits(),
    isProxy: Networks = () => false,
  ) {
    this.#tokens = tokens;
    this.#limits = limits;
    this.#isProxy = isProxy;
  }

  /** Lets in whoever has the permission. @throws AccessRefused */
  allow(permission: Permission): Guard {
    const guard: MiddlewareHandler<ApiEnv> = async (c, next) => {
      const caller = await this.#callerOf(c);
      if (!caller.may(permission)) {
        const message = `The role ${caller.role} may not do this; it needs the permission "${permission}".`;
        throw new AccessRefused("forbidden", message);
      }
      c.set("caller", caller);
      await next();
    };
    return Object.assign(guard, { permission });
  }

  /** Whether whoever was let in before would be let in now. */
  async isStillGood(c: ApiCall): Promise<boolean> {
    const [, secret] = SCHEME.exec((c.req.header("authorization") ?? "").trim()) ?? [];
    return secret !== undefined && (await this.#tokens.of(secret)) !== null;
  }

  async #callerOf(c: ApiCall): Promise<Caller> {
    const header = c.req.header("authorization");
    const remote = c.env?.incoming?.socket.remoteAddress ?? "unknown";
    const ipAddress = clientAddress(remote, c.req.header("x-forwarded-for"), this.#isProxy);
    // RFC 9110 section 11.6.1: whoever is refused is told how to come in.
    c.header("WWW-Authenticate", 'Bearer realm="Rollcall"');
    if (header === undefined)
      throw new AccessRefused("noCredential", "Send Authorization: SSWS TOKEN, or Bearer TOKEN.");
    const [, secret] = SCHEME.exec(header.trim()) ?? [];
    const token = secret === undefined ? null : await this.#tokens.of(secret);
    if (token === null) {
      const allowance = this.#limits.mistakes.take(ipAddress, Date.now());
      if (!allowance.granted) {
        tell(c, allowance);
        throw new AccessRefused("tooMany", "Too many requests with a wrong credential.");
      }
      const message = "The token is none of ours, was revoked, or has expired.";
      throw new AccessRefused("badCredential", message);
    }
    const allowance = this.#limits.requests.take(token.id, Date.now());
    tell(c, allowance);
    if (!allowance.granted) throw new AccessRefused("tooMany", "Too many requests.");
    c.header("WWW-Authenticate", undefined);
    const userAgent = c.req.header("user-agent") ?? null;
    return {
      id: token.id,
      name: token.name,
      role: token.role,
      actor: tokenActor(token, { ipAddress, userAgent: userAgent?.slice(0, 300) ?? null }),
      may: (permission) => may(token.role, permission),
    };
  }
}

/** Clients wait for the reset, which they read as seconds since 1970. */
function tell(c: ApiCall, { limit, remaining, resetAt, granted }: Allowance): void {
  c.header("X-Rate-Limit-Limit", String(limit));
  c.header("X-Rate-Limit-Remaining", String(remaining));
  c.header("X-Rate-Limit-Reset", String(Math.ceil(resetAt / 1000)));
  if (!granted)
    c.header("Retry-After", String(Math.max(1, Math.ceil((resetAt - Date.now()) / 1000))));
}
