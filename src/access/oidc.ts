/**
 * Signing in by an identity provider: the code flow of OpenID Connect Core 1.0 with PKCE (RFC 7636).
 * A person is whom the issuer names (`iss` and `sub`), never who has an address; a role comes from groups.
 */
import type { Configuration } from "openid-client";
import type { Engine } from "../engine/engine.ts";
import { cleanText } from "../lib/clean-text.ts";
import { RollcallError } from "../model/errors.ts";
import { SYSTEM_ACTOR, type EventClient } from "../model/event.ts";
import { SIGN_IN_ROLES, type Role } from "../model/role.ts";
import { LONGEST_HOURS } from "../model/session.ts";
import type { OidcSettings } from "../model/settings.ts";
import { transact } from "../store/database.ts";
import { appendEvents } from "../store/system-log.ts";
import { openSession, type MadeSession } from "./sessions.ts";

/** What the browser keeps between going to the provider and coming back. */
interface Memory {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export interface OidcBegun {
  /** Where the browser goes. */
  readonly url: string;
  /** For a cookie of this browser; who comes back without it did not begin here. */
  readonly memory: string;
}

const PROVIDER_SECONDS = 10;
const MOST_OF_A_NAME = 200;

/** What is known of a provider; asked for once, and again if that failed. */
const known = new WeakMap<OidcSettings, Promise<Configuration>>();

/**
 * @param redirect where the provider sends the browser back to
 * @param again whether somebody who is known there already has to show once more who they are
 * @throws RollcallError `signIn.provider`
 */
export async function beginOidc(
  settings: OidcSettings,
  redirect: string,
  again: boolean,
): Promise<OidcBegun> {
  const library = await import("openid-client");
  const provider = await providerOf(settings);
  const memory: Memory = {
    state: library.randomState(),
    nonce: library.randomNonce(),
    verifier: library.randomPKCECodeVerifier(),
  };
  const url = library.buildAuthorizationUrl(provider, {
    redirect_uri: redirect,
    scope: settings.scope,
    state: memory.state,
    nonce: memory.nonce,
    code_challenge: await library.calculatePKCECodeChallenge(memory.verifier),
    code_challenge_method: "S256",
    // Whoever is asked for this says when they were last asked who they are (Core 1.0, 3.1.2.1).
    max_age: again ? "0" : String(LONGEST_HOURS * 3600),
    ...(again ? { prompt: "login" } : {}),
  });
  const written = Buffer.from(JSON.stringify(memory)).toString("base64url");
  return { url: url.href, memory: written };
}

export interface OidcBack {
  /** The whole address that the browser came back to. */
  readonly url: URL;
  readonly memory: string;
  readonly client: EventClient;
}

/** @throws RollcallError `signIn.provider`, `signIn.unknown`, `signIn.noRole` */
export async function finishOidc(
  engine: Engine,
  settings: OidcSettings,
  { url, memory, client }: OidcBack,
): Promise<MadeSession> {
  const claims = await claimsOf(settings, url, memoryOf(memory));
  const role = roleOf(settings, claims[settings.groupsClaim]);
  const subject = `${claims.iss} ${claims.sub}`;
  const name = nameOf(claims);
  if (role === null) {
    const message = `${name} is in no group that has a role here.`;
    await transact(engine.store, async (trx) => {
      const outcome = { result: "FAILURE", reason: message } as const;
      const actor = { ...SYSTEM_ACTOR, client };
      const debugData = { subject };
      await appendEvents(trx, null, actor, [
        { eventType: "user.session.start", severity: "WARN", outcome, target: [], debugData },
      ]);
    });
    throw new RollcallError("signIn.noRole", message);
  }
  const { auth_time: time } = claims;
  const authenticatedAt = typeof time === "number" ? new Date(time * 1000) : null;
  const who = { subject, name, role, authenticatedAt };
  return await transact(engine.store, (trx) => openSession(trx, who, client));
}

interface Claims {
  readonly iss: string;
  readonly sub: string;
  readonly [claim: string]: unknown;
}

async function claimsOf(settings: OidcSettings, url: URL, memory: Memory): Promise<Claims> {
  const library = await import("openid-client");
  const provider = await providerOf(settings);
  try {
    const tokens = await library.authorizationCodeGrant(provider, url, {
      expectedState: memory.state,
      expectedNonce: memory.nonce,
      pkceCodeVerifier: memory.verifier,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (claims === undefined) throw new Error("it named nobody");
    // Of providers for many organisations, libraries take any of them for the one that is meant.
    if (claims.iss !== settings.issuer) throw new Error(`${claims.iss} named somebody`);
    if (claims[settings.groupsClaim] !== undefined) return claims;
    // Some tell groups only to who asks for them (Core 1.0, 5.3).
    if (provider.serverMetadata().userinfo_endpoint === undefined) return claims;
    const more = await library.fetchUserInfo(provider, tokens.access_token, claims.sub);
    return { ...more, ...claims };
  } catch (cause) {
    throw failed(settings, cause);
  }
}

async function providerOf(settings: OidcSettings): Promise<Configuration> {
  const asked = known.get(settings) ?? discover(settings);
  known.set(settings, asked);
  try {
    return await asked;
  } catch (cause) {
    known.delete(settings);
    throw failed(settings, cause);
  }
}

async function discover(settings: OidcSettings): Promise<Configuration> {
  const library = await import("openid-client");
  const issuer = new URL(settings.issuer);
  const secret = settings.clientSecret.reveal();
  const provider = await library.discovery(
    issuer,
    settings.clientId,
    undefined,
    // What clients do unless they registered for another way (Core 1.0, 9).
    library.ClientSecretBasic(secret),
    // The check of the configuration lets plain HTTP be on loopback only.
    {
      timeout: PROVIDER_SECONDS,
      ...(issuer.protocol === "http:" ? { execute: [library.allowInsecureRequests] } : {}),
    },
  );
  const { issuer: own } = provider.serverMetadata();
  if (own === settings.issuer) return provider;
  throw new Error(`it calls itself ${own}, which http.oidc.issuer has to be, to the last sign`);
}

function memoryOf(written: string): Memory {
  try {
    const read = JSON.parse(Buffer.from(written, "base64url").toString()) as Memory;
    if ([read.state, read.nonce, read.verifier].every((one) => typeof one === "string"))
      return read;
  } catch {
    // Somebody else's, or cut.
  }
  const message = "This browser did not begin to sign in here, or too long ago.";
  throw new RollcallError("signIn.unknown", message);
}

/** The greatest role of all groups; null: none. */
function roleOf({ roles }: OidcSettings, claim: unknown): Role | null {
  const groups = (Array.isArray(claim) ? (claim as unknown[]) : [claim]).map(String);
  const own = groups.flatMap((group) => (Object.hasOwn(roles, group) ? [roles[group]] : []));
  return SIGN_IN_ROLES.findLast((role) => own.includes(role)) ?? null;
}

function nameOf({ sub, preferred_username: user, email, name }: Claims): string {
  const found = [user, email, name, sub].find((one) => typeof one === "string" && one !== "");
  return cleanText(String(found)).slice(0, MOST_OF_A_NAME);
}

function failed({ issuer }: OidcSettings, cause: unknown): RollcallError {
  if (cause instanceof RollcallError) return cause;
  const reason = cleanText(cause instanceof Error ? cause.message : String(cause));
  const message = `${issuer} did not sign anybody in: ${reason.slice(0, MOST_OF_A_NAME)}`;
  return new RollcallError("signIn.provider", message, { cause });
}
