/**
 * Sessions of identity sources: people are brought in parts, and taken up all at once or not at all, by the
 * next import (`reading/brought.ts`). `serve` begins it by itself.
 */
import type { Engine } from "../engine/engine.ts";
import { uuidV7 } from "../lib/uuid.ts";
import type { AskedBy } from "../model/asked-by.ts";
import { RollcallError } from "../model/errors.ts";
import type { EventDraft } from "../model/event.ts";
import type { EventType } from "../model/event-messages.ts";
import { Withheld } from "../model/credentials.ts";
import type { IdentitySource } from "../model/directory.ts";
import {
  MOST_OPEN,
  MOST_UPLOADS,
  type Brought,
  type BroughtProfile,
  type SourceSession,
} from "../model/identity-source.ts";
import type { Connection } from "../store/connection.ts";
import { transact } from "../store/database.ts";
import {
  addUploads,
  countUpload,
  dropUploads,
  endIdleSessions,
  insertSourceSession,
  listSourceSessions,
  lockSource,
  setSourceSession,
  sourceSession,
} from "../store/source-sessions.ts";
import { appendEvents } from "../store/system-log.ts";

/** Those that are still to come to people; the newest first. */
export async function activeSessions(engine: Engine, source: string): Promise<SourceSession[]> {
  requireSource(engine, source);
  const all = await listSourceSessions(engine.store.db, source);
  return all.filter(({ status }) => ACTIVE.has(status));
}

const ACTIVE: ReadonlySet<string> = new Set(["CREATED", "IN_PROGRESS", "TRIGGERED"]);

/** @throws RollcallError `source.sessionNotFound` */
export async function sessionOfSource(
  engine: Engine,
  source: string,
  id: string,
): Promise<SourceSession> {
  requireSource(engine, source);
  return await requireSession(engine.store.db, source, id);
}

/** @throws RollcallError `source.sessionOpen` if there is one that nothing was brought to yet */
export async function beginSession(
  engine: Engine,
  source: string,
  { actor }: AskedBy,
): Promise<SourceSession> {
  requireSource(engine, source);
  return await transact(engine.store, async (trx) => {
    await lockSource(trx, source);
    const expired = await endIdleSessions(trx, source);
    refuseMore(source, await listSourceSessions(trx, source));
    const session = await insertSourceSession(trx, { id: uuidV7(), directory: source });
    await appendEvents(trx, null, actor, [
      ...expired.map((id) => sourceEvent("system.import.session.expired", source, id)),
      sourceEvent("system.import.session.created", source, session.id),
    ]);
    return session;
  });
}

export interface SessionName {
  readonly source: string;
  readonly id: string;
}

/** One request of a session. */
export interface Upload {
  readonly what: "bulk_upsert" | "bulk_delete";
  /** Each once. */
  readonly people: readonly Brought[];
}

function refuseMore(source: string, sessions: readonly SourceSession[]): void {
  const created = sessions.find(({ status }) => status === "CREATED");
  if (created !== undefined) {
    const message = `The session ${created.id} of ${source} is there already, and nothing was brought to it yet.`;
    throw new RollcallError("source.sessionOpen", message);
  }
  const open = sessions.filter(({ status }) => status === "IN_PROGRESS");
  if (open.length < MOST_OPEN) return;
  const message = `${source} has ${open.length} open sessions already: ${open.map(({ id }) => id).join(", ")}.`;
  throw new RollcallError("source.sessionOpen", message);
}

/**
 * Puts people into a session. Nobody is changed by it.
 * @returns names of attributes that were not kept, because they hold credentials
 * @throws RollcallError `source.sessionNotFound`, `source.sessionEnded`, `source.sessionFull`
 */
export async function bringPeople(
  engine: Engine,
  { source, id }: SessionName,
  { what, people }: Upload,
  { actor }: AskedBy,
): Promise<readonly string[]> {
  const withheld = new Withheld(requireSource(engine, source).users.attributes);
  const kept = people.map((one) => ({
    ...one,
    profile: withoutCredentials(one.profile, withheld),
  }));
  await transact(engine.store, async (trx) => {
    await lockSource(trx, source);
    const own = await requireSession(trx, source, id);
    const uploads = await countUpload(trx, own.id);
    if (uploads === null) throw ended(own);
    if (uploads > MOST_UPLOADS) {
      const message = `The session ${id} had its ${MOST_UPLOADS} requests; start its import, and begin another one.`;
      throw new RollcallError("source.sessionFull", message);
    }
    await addUploads(trx, own.id, kept);
    const data = { people: people.length };
    await appendEvents(trx, null, actor, [
      sourceEvent(`system.identity_sources.${what}`, source, own.id, data),
    ]);
  });
  return withheld.told;
}

function withoutCredentials(
  profile: BroughtProfile | null,
  withheld: Withheld,
): BroughtProfile | null {
  if (profile === null) return null;
  return Object.fromEntries(Object.entries(profile).filter(([name]) => !withheld.has(name)));
}

/**
 * Has the next import of the source take up what is in a session.
 * @throws RollcallError `source.sessionNotFound`, `source.sessionEnded`, `source.sessionEmpty`
 */
export async function startSession(
  engine: Engine,
  source: string,
  id: string,
  { actor }: AskedBy,
): Promise<SourceSession> {
  requireSource(engine, source);
  return await transact(engine.store, async (trx) => {
    await lockSource(trx, source);
    const own = await requireSession(trx, source, id);
    if (own.status === "CREATED") {
      const message = `Nothing was brought to the session ${id}, so there is nothing to import.`;
      throw new RollcallError("source.sessionEmpty", message);
    }
    if (own.status !== "IN_PROGRESS") throw ended(own);
    await setSourceSession(trx, own.id, "TRIGGERED");
    await appendEvents(trx, null, actor, [
      sourceEvent("system.import.session.triggered", source, own.id),
    ]);
    return await requireSession(trx, source, id);
  });
}

/** Drops what is in a session. @throws RollcallError `source.sessionNotFound`, `source.sessionEnded` */
export async function closeSession(
  engine: Engine,
  source: string,
  id: string,
  { actor }: AskedBy,
): Promise<void> {
  requireSource(engine, source);
  await transact(engine.store, async (trx) => {
    await lockSource(trx, source);
    const own = await requireSession(trx, source, id);
    if (own.status !== "CREATED" && own.status !== "IN_PROGRESS") throw ended(own);
    await dropUploads(trx, own.id);
    await setSourceSession(trx, own.id, "CLOSED");
    await appendEvents(trx, null, actor, [
      sourceEvent("system.import.session.cancelled", source, own.id),
    ]);
  });
}

/** Whoever only brings people is told nothing of other directories. @throws RollcallError `source.notOne` */
function requireSource({ directories }: Engine, name: string): IdentitySource {
  const source = directories.get(name)?.source;
  if (source?.type === "identity-source") return source;
  throw new RollcallError("source.notOne", `There is no identity source ${name}.`);
}

async function requireSession(db: Connection, source: string, id: string): Promise<SourceSession> {
  const session = await sourceSession(db, source, id);
  if (session !== null) return session;
  throw new RollcallError("source.sessionNotFound", `${source} has no session ${id}.`);
}

function ended({ id, status }: SourceSession): RollcallError {
  const message = `The session ${id} is ${status}; nothing can be brought to it, started or cancelled any more.`;
  return new RollcallError("source.sessionEnded", message);
}

/** What happened to a session. */
export function sourceEvent(
  eventType: EventType,
  source: string,
  session: string,
  debugData: Readonly<Record<string, unknown>> = {},
): EventDraft {
  const target = [
    { id: source, type: "AppInstance", alternateId: source, displayName: source },
    { id: session, type: "ImportSession", alternateId: source, displayName: source },
  ];
  return { eventType, severity: "INFO", outcome: { result: "SUCCESS" }, target, debugData };
}
