/** Who signs in with a browser: by a link that works once, which makes a session. */
import { createHash, randomBytes } from "node:crypto";
import type { Engine } from "../engine/engine.ts";
import { oneOf } from "../lib/lines.ts";
import { uuidV7 } from "../lib/uuid.ts";
import type { AskedBy } from "../model/asked-by.ts";
import { RollcallError } from "../model/errors.ts";
import { sessionActor, SYSTEM_ACTOR, type EventClient, type EventDraft } from "../model/event.ts";
import type { EventType } from "../model/event-messages.ts";
import { isLoopback } from "../model/loopback.ts";
import { isRole, SIGN_IN_ROLES } from "../model/role.ts";
import type { Session } from "../model/session.ts";
import type { Settings } from "../model/settings.ts";
import type { Trx } from "../store/connection.ts";
import { transact } from "../store/database.ts";
import {
  deleteSession,
  insertLink,
  insertSession,
  noteSessionUse,
  sessionByHash,
  takeLink,
  type LinkTaken,
} from "../store/sessions.ts";
import { appendEvents } from "../store/system-log.ts";

/** 256 random bits in base64url. */
const SECRET = /^[A-Za-z0-9_-]{43}$/;

export interface SignInLink {
  /** Where a browser opens it; the secret is behind the `#`, which no server and no log ever sees. */
  readonly url: string;
  readonly role: string;
  readonly expiresAt: string;
}

export interface MadeSession extends Session {
  /** For the browser's cookie, and nowhere else. */
  readonly secret: string;
}

/**
 * @param at where the console is
 * @throws RollcallError `usage.invalid` for a role that is none
 */
export async function createSignInLink(
  engine: Engine,
  { role, at }: { readonly role: string; readonly at: string },
  { actor }: AskedBy,
): Promise<SignInLink> {
  if (!isRole(role) || !SIGN_IN_ROLES.includes(role)) {
    const message = `Nobody signs in as ${JSON.stringify(role.slice(0, 120))}; the role is ${oneOf(SIGN_IN_ROLES)}.`;
    throw new RollcallError("usage.invalid", message);
  }
  const secret = newSecret();
  const by = actor.displayName;
  const expiresAt = await transact(engine.store, async (trx) => {
    const id = uuidV7();
    const until = await insertLink(trx, { id, hash: hashOf(secret), role, by });
    const target = [{ id, type: "SignInLink", alternateId: role, displayName: role }];
    await appendEvents(trx, null, actor, [
      eventOf("user.session.create_sign_in_link", target, { role }),
    ]);
    return until;
  });
  return { url: `${at}#sign-in=${secret}`, role, expiresAt: expiresAt.toISOString() };
}

/** Where the console is. @throws RollcallError `usage.invalid` where `serve` does not offer it */
export function consoleUrl({ http, file }: Pick<Settings, "http" | "file">): string {
  if (http === null || !http.api || !http.console) {
    const off = http === null ? "http" : http.api ? "http.console" : "http.api";
    const message = `${off} is off in ${file}: there is nothing to sign in to.`;
    throw new RollcallError("usage.invalid", message);
  }
  if (http.publicUrl === null && http.port === 0) {
    const message =
      "With http.port: 0 nobody knows the address before: set the port, or http.publicUrl.";
    throw new RollcallError("usage.invalid", message);
  }
  const at = http.publicUrl === null ? null : new URL(http.publicUrl);
  if (at?.protocol === "http:" && !isLoopback(at.hostname)) {
    const message = `Browsers keep no session of ${http.publicUrl}: signing in needs https:// there.`;
    throw new RollcallError("usage.invalid", message);
  }
  const host = http.host.includes(":") ? `[${http.host}]` : http.host;
  return `${http.publicUrl ?? `http://${host}:${http.port}`}/console/`;
}

/** Uses a link up. @throws RollcallError `signIn.used`, `signIn.expired`, `signIn.unknown` */
export async function signIn(
  engine: Engine,
  secret: string,
  client: EventClient,
): Promise<MadeSession> {
  const outcome = await transact(engine.store, async (trx) => {
    const taken = SECRET.test(secret) ? await takeLink(trx, hashOf(secret)) : "unknown";
    if (typeof taken === "string") {
      // Nobody is known who tried it; what is no link at all is noise.
      if (taken !== "unknown")
        await appendEvents(trx, null, { ...SYSTEM_ACTOR, client }, [refused(taken)]);
      return taken;
    }
    const who = { subject: null, name: taken.by, role: taken.role };
    return await openSession(trx, { ...who, authenticatedAt: "now" }, client);
  });
  if (typeof outcome !== "string") return outcome;
  throw new RollcallError(`signIn.${outcome}`, WHY[outcome]);
}

const WHY = {
  used: "This link was used already; each works once.",
  expired: "This link is too old; each works for ten minutes.",
  unknown: "This is no link that signs in, or one that was forgotten long ago.",
} as const;

/** Somebody is who they say, and may come in. */
export async function openSession(
  trx: Trx,
  who: Pick<Session, "subject" | "name" | "role"> & {
    readonly authenticatedAt: Date | "now" | null;
  },
  client: EventClient,
): Promise<MadeSession> {
  const secret = newSecret();
  const session = await insertSession(trx, {
    ...who,
    id: uuidV7(),
    hash: hashOf(secret),
    ipAddress: client.ipAddress,
    userAgent: client.userAgent,
  });
  const { role, subject } = session;
  await appendEvents(trx, null, sessionActor(session, client), [
    eventOf("user.session.start", targetOf(session), { role, ...(subject && { subject }) }),
  ]);
  return { ...session, secret };
}

/**
 * Whose secret it is; null: nobody's, or of a session that has ended.
 * @param isUse false for a look that nobody made: it does not keep the session from ending
 */
export async function sessionOf(
  engine: Engine,
  secret: string,
  isUse: boolean,
): Promise<Session | null> {
  if (!SECRET.test(secret)) return null;
  const { db } = engine.store;
  const session = await sessionByHash(db, hashOf(secret));
  if (isUse && session !== null && Date.parse(session.lastUsedAt) < Date.now() - 60_000)
    await noteSessionUse(db, session.id);
  return session;
}

/** From now on it opens nothing. @throws RollcallError `session.notFound` */
export async function endSession(
  engine: Engine,
  id: string,
  { actor }: Pick<AskedBy, "actor">,
): Promise<Session> {
  return await transact(engine.store, async (trx) => {
    const session = await deleteSession(trx, id);
    if (session === null)
      throw new RollcallError("session.notFound", `There is no session ${id.slice(0, 120)}.`);
    const { role } = session;
    const event = eventOf("user.session.end", targetOf(session), { role });
    await appendEvents(trx, null, actor, [event]);
    return session;
  });
}

function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** Its 256 random bits need no slow hash. */
function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

function targetOf({ id, name }: Session): EventDraft["target"] {
  return [{ id, type: "Session", alternateId: name, displayName: name }];
}

function eventOf(
  eventType: EventType,
  target: EventDraft["target"],
  debugData: EventDraft["debugData"],
): EventDraft {
  return { eventType, severity: "INFO", outcome: { result: "SUCCESS" }, target, debugData };
}

function refused(why: Exclude<LinkTaken, object | "unknown">): EventDraft {
  const outcome = { result: "FAILURE", reason: WHY[why] } as const;
  const debugData = {};
  return { eventType: "user.session.start", severity: "WARN", outcome, target: [], debugData };
}
