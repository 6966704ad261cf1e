/** API tokens: made, shown once, revoked, and recognised. */
import { unknownDirectory } from "../engine/directories.ts";
import type { Engine } from "../engine/engine.ts";
import { uuidV7 } from "../lib/uuid.ts";
import type { ApiToken } from "../model/api-token.ts";
import type { AskedBy } from "../model/asked-by.ts";
import { RollcallError } from "../model/errors.ts";
import type { EventDraft } from "../model/event.ts";
import type { EventType } from "../model/event-messages.ts";
import { ROLE_NAMES, isRole, type Role } from "../model/role.ts";
import { oneOf } from "../lib/lines.ts";
import { deleteToken, insertToken, noteTokenUse, tokenByHash } from "../store/api-tokens.ts";
import { transact } from "../store/database.ts";
import { appendEvents } from "../store/system-log.ts";
import { isTokenText, newTokenText, tokenHash } from "./token-text.ts";

/** A token as it is made; the secret is never seen again. */
export interface MadeToken extends ApiToken {
  readonly token: string;
}

export interface TokenRequest {
  readonly name: string;
  readonly role: string;
  /** Null: it stays good until it is revoked. */
  readonly expiresAt: Date | null;
  /** Identity sources that a token of the role `source` is for; null: all of them. */
  readonly sources: readonly string[] | null;
}

/** In lists and in the System Log, where it stands for whoever holds it. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9 ._@-]{0,98}[A-Za-z0-9._@-])?$/;

/** @throws RollcallError `usage.invalid`, `token.exists` */
export async function createToken(
  engine: Engine,
  { name, role, expiresAt, sources }: TokenRequest,
  { actor }: AskedBy,
): Promise<MadeToken> {
  if (!NAME.test(name)) {
    const form = "up to 100 letters, digits, blanks and . _ @ -, and begins with a letter or digit";
    throw new RollcallError("usage.invalid", `A token's name has ${form}, unlike ${quoted(name)}.`);
  }
  if (!isRole(role)) {
    const message = `There is no role ${quoted(role)}; it is ${oneOf(ROLE_NAMES)}.`;
    throw new RollcallError("usage.invalid", message);
  }
  if (expiresAt !== null && expiresAt.getTime() <= Date.now())
    throw new RollcallError("usage.invalid", "The token would have expired already.");
  refuseWrongSources(engine, role, sources);
  const token = newTokenText();
  return await transact(engine.store, async (trx) => {
    const createdBy = actor.displayName;
    const id = uuidV7();
    const made = await insertToken(trx, {
      id,
      name,
      role,
      hash: tokenHash(token),
      createdBy,
      expiresAt,
      sources,
    });
    if (made === null)
      throw new RollcallError("token.exists", `There is a token named ${name} already.`);
    await appendEvents(trx, null, actor, [eventOf("system.api_token.create", made)]);
    return { ...made, token };
  });
}

/** @throws RollcallError `usage.invalid`, `config.unknownDirectory` */
function refuseWrongSources(
  { directories }: Engine,
  role: Role,
  sources: readonly string[] | null,
): void {
  if (sources === null) return;
  if (role !== "source") {
    const message = `A token of the role ${role} is for no identity source in particular; that is the role source.`;
    throw new RollcallError("usage.invalid", message);
  }
  if (sources.length === 0)
    throw new RollcallError("usage.invalid", "A token for no identity source opens nothing.");
  for (const name of sources) {
    const directory = directories.get(name);
    if (directory === undefined) throw unknownDirectory(directories, name);
    if (directory.source.type !== "identity-source")
      throw new RollcallError("usage.invalid", `${name} is no identity source.`);
  }
}

/** From now on it opens nothing. @throws RollcallError `token.notFound` */
export async function revokeToken(
  engine: Engine,
  name: string,
  { actor }: AskedBy,
): Promise<ApiToken> {
  return await transact(engine.store, async (trx) => {
    const token = await deleteToken(trx, name);
    if (token === null)
      throw new RollcallError("token.notFound", `There is no token named ${quoted(name)}.`);
    await appendEvents(trx, null, actor, [eventOf("system.api_token.revoke", token)]);
    return token;
  });
}

/** Whose secret it is; null: nobody's, revoked, or expired. */
export async function tokenOf(engine: Engine, text: string): Promise<ApiToken | null> {
  if (!isTokenText(text)) return null;
  const { db } = engine.store;
  const token = await tokenByHash(db, tokenHash(text));
  if (token !== null && !isFresh(token)) await noteTokenUse(db, token.id);
  return token;
}

/** The last use is kept to the minute, so that a busy client does not write all the time. */
function isFresh({ lastUsedAt }: ApiToken): boolean {
  return lastUsedAt !== null && Date.parse(lastUsedAt) > Date.now() - 60_000;
}

function eventOf(
  eventType: EventType,
  { id, name, role, expiresAt, sources }: ApiToken,
): EventDraft {
  const target = [{ id, type: "Token", alternateId: name, displayName: name }];
  const debugData = { role, expiresAt, ...(sources === null ? {} : { sources }) };
  return { eventType, severity: "INFO", outcome: { result: "SUCCESS" }, target, debugData };
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 120));
}
