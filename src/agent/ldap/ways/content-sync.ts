/**
 * LDAP Content Synchronization (RFC 4533): OpenLDAP with syncprov, 389 with its plugin.
 *
 * Everything below a base is watched, whatever the filter (389 does not tell who leaves a filter),
 * and no attributes are asked for. OpenLDAP either tells who was deleted (delete phase), or lists
 * everybody who is still there (present phase, section 3.3.2). 389 only does the former, and never
 * says so in its Sync Done; taking its silence for "not listed is gone" would delete everybody.
 */
import { IdSet } from "../../../lib/id-set.ts";
import { MustReadAll, type ChangeListener } from "../../../model/incremental.ts";
import { parseFilter } from "../../filter.ts";
import { uuidText } from "../../values.ts";
import { BerCursor, BerError, boolean, integer, octetString, TAG, tlv } from "../ber.ts";
import { resultError } from "../result-codes.ts";
import { CONTENT_SYNC } from "../oids.ts";
import type { ServerInfo } from "../root-dse.ts";
import { searchAll, type SmallEntry } from "../search-all.ts";
import type { ResponseControls } from "../result.ts";
import type { SearchResult } from "../search-channel.ts";
import { control, type SearchRequest } from "../search-request.ts";
import {
  positionAt,
  requireStamps,
  type ChangeNotes,
  type IncrementalWay,
  type Positions,
  type WayContext,
} from "./way.ts";

const SYNC_STATE = "1.3.6.1.4.1.4203.1.9.1.2";
const SYNC_DONE = "1.3.6.1.4.1.4203.1.9.1.3";
export const SYNC_INFO = "1.3.6.1.4.1.4203.1.9.1.4";
const MODE = { refreshOnly: 1, refreshAndPersist: 3 } as const;
const STATE = { present: 0, add: 1, modify: 2, delete: 3 } as const;
const EVERYTHING = parseFilter("(objectClass=*)");

export const contentSync: IncrementalWay = {
  offered: (server, idAttribute) =>
    server.controls.has(CONTENT_SYNC) && idAttribute.toLowerCase() === nativeId(server),
  begin: async (context, before) => {
    if (context.server.kind === "openldap") await requireStamps(context, "entryCSN");
    const positions: Record<string, string> = {};
    for (const base of context.bases) {
      positions[base] = await firstCookie(context, base, before?.[base] ?? null);
      // 389 ties its cookies to the search, and so has just answered for all of it.
      if (context.server.kind !== "389")
        positions[base] = await requireWatched(context, base, positions[base]);
    }
    return positions;
  },
  changes: async (context, since, notes) => {
    const positions: Record<string, string> = {};
    for (const base of context.bases) {
      positions[base] = await refresh(context, base, positionAt(since, base), notes);
      const { isWhole } = await told(context, base, positions[base]);
      if (!isWhole) throw new MustReadAll("history_lost", NOT_WATCHED);
      // One base lists its own people only; the others' would count as gone.
      if (notes.present !== null && context.bases.length > 1)
        throw new MustReadAll("history_lost", "The server no longer knows who was deleted.");
    }
    return positions;
  },
  listen,
};

function nativeId(server: ServerInfo): string {
  return server.kind === "389" ? "nsuniqueid" : "entryuuid";
}

/** The value of the Sync Request control (section 2.2). */
function syncRequest(mode: number, cookie: string | null): Buffer {
  const parts = [integer(mode, TAG.enumerated)];
  if (cookie !== null) parts.push(octetString(Buffer.from(cookie, "base64")));
  parts.push(boolean(false));
  return control(CONTENT_SYNC, true, tlv(TAG.sequence, ...parts));
}

function syncSearch(
  context: WayContext,
  base: string,
  mode: keyof typeof MODE,
  cookie: string | null,
): SearchRequest {
  const request = context.request(base, EVERYTHING, ["1.1"]);
  return { ...request, pageSize: null, controls: [syncRequest(MODE[mode], cookie)] };
}

/**
 * A cookie of now. OpenLDAP's is the same for every search, so the smallest one will do. 389 ties
 * it to the search, so there the first one costs a list of all entries.
 */
async function firstCookie(
  context: WayContext,
  base: string,
  before: string | null,
): Promise<string> {
  const tied = context.server.kind === "389";
  const request = syncSearch(context, base, "refreshOnly", tied ? before : null);
  const ask = (one: SearchRequest): Promise<SearchResult> =>
    searchAll(context.connection, one, { entry: () => undefined }, context.signal);
  let result = await ask({ ...request, scope: tied ? "sub" : "base" });
  if (result.code !== 0 && tied && before !== null)
    result = await ask(syncSearch(context, base, "refreshOnly", null));
  return cookieOf(context, base, result, tied ? before : null);
}

const NOT_WATCHED =
  "A part of the tree is in another database of the server, of which its changes do not tell.";
/** A directory in which somebody changes something all the time may need a second look. */
const LOOKS = 3;

/**
 * Refreshes with a cookie of now bring nothing, unless a part of the tree is in a database of its
 * own that synchronisation does not watch (OpenLDAP's subordinate databases): its entries come again
 * and again, with or without a state, and nobody tells who is deleted there.
 * @returns the cookie to go on from
 */
async function requireWatched(context: WayContext, base: string, cookie: string): Promise<string> {
  let again: ReadonlySet<string> | null = null;
  let from = cookie;
  for (let look = 0; look < LOOKS; look++) {
    const { ids, isWhole, next } = await told(context, base, from);
    if (!isWhole) break;
    again = again === null ? ids : ids.intersection(again);
    if (again.size === 0) return next;
    from = next;
  }
  throw new MustReadAll("agent_unable_to_perform_incremental_import", NOT_WATCHED);
}

/** What a refresh tells: of whom, whether with a state for each entry, and the next cookie. */
async function told(
  context: WayContext,
  base: string,
  cookie: string,
): Promise<{ ids: ReadonlySet<string>; isWhole: boolean; next: string }> {
  const ids = new Set<string>();
  let isWhole = true;
  const request = syncSearch(context, base, "refreshOnly", cookie);
  const entry = ({ dn }: SmallEntry, controls: ResponseControls): void => {
    if (controls.get(SYNC_STATE) === undefined) isWhole = false;
    ids.add(dn.toString());
  };
  const result = await searchAll(context.connection, request, { entry }, context.signal);
  return { ids, isWhole, next: cookieOf(context, base, result, cookie) };
}

async function refresh(
  context: WayContext,
  base: string,
  since: string,
  notes: ChangeNotes,
): Promise<string> {
  const reading = new Refresh(context.server, notes);
  const result = await searchAll(
    context.connection,
    syncSearch(context, base, "refreshOnly", since),
    {
      entry: (_, controls) => reading.entry(controls),
      intermediate: (oid, value) => {
        if (oid === SYNC_INFO) reading.info(value);
      },
    },
    context.signal,
  );
  const cookie = cookieOf(context, base, result, reading.told ? null : since);
  reading.conclude(result);
  return cookie;
}

/** The answers to one refresh. */
class Refresh {
  readonly #server: ServerInfo;
  readonly #notes: ChangeNotes;
  /** Whom this refresh listed as still there; counts only in a present phase. */
  readonly #listed = new IdSet();
  /** Whether there was anything but the end. */
  told = false;

  constructor(server: ServerInfo, notes: ChangeNotes) {
    this.#server = server;
    this.#notes = notes;
  }

  entry(controls: ResponseControls): void {
    this.told = true;
    const value = controls.get(SYNC_STATE);
    if (value === undefined) {
      // Whoever ignores the control sends everybody; that is no answer to "what changed".
      throw new MustReadAll("checkpoint_refused", "The server does not follow RFC 4533 here.");
    }
    const cursor = new BerCursor(value).enter(TAG.sequence);
    const state = cursor.integer(TAG.enumerated);
    const id = this.#id(cursor.octets());
    if (state === STATE.delete) this.#notes.remove(id);
    else if (state === STATE.present) this.#listed.add(id);
    else this.#notes.touch(id);
  }

  /** Sync Info (section 2.5): sets of identifiers, and the ends of phases. */
  info(value: Buffer): void {
    const message = new BerCursor(value);
    if (message.peek() !== 0xa3) return;
    this.told = true;
    const set = message.enter(0xa3);
    if (set.peek() === TAG.octetString) set.take(TAG.octetString);
    const deleted = set.peek() === TAG.boolean && set.octets(TAG.boolean)[0] !== 0;
    const ids = set.enter(TAG.set);
    while (!ids.done) {
      const id = this.#id(ids.octets());
      if (deleted) this.#notes.remove(id);
      else this.#listed.add(id);
    }
  }

  conclude(result: SearchResult): void {
    if (this.#server.kind === "389") return;
    if (syncDone(result)?.deletePhase === true) return;
    if (this.#listed.size === 0) {
      // Either the server sent everybody anew, or everybody is gone: only a full read can tell.
      throw new MustReadAll("history_lost", "The server no longer knows what changed.");
    }
    for (const id of this.#notes.touched) this.#listed.add(id);
    this.#notes.present = this.#listed;
  }

  #id(uuid: Buffer): string {
    return this.#server.kind === "389" ? nsUniqueId(uuid) : uuidText(uuid);
  }
}

/** 389 writes the same 16 bytes in four groups of eight digits. */
function nsUniqueId(uuid: Buffer): string {
  return uuid.toString("hex").replace(/^(.{8})(.{8})(.{8})(.{8})$/, "$1-$2-$3-$4");
}

/**
 * The cookie of a Sync Done (section 2.4).
 * @param same the one that stays valid where the server gives none, because nothing changed
 * @throws MustReadAll
 */
function cookieOf(
  context: WayContext,
  base: string,
  result: SearchResult,
  same: string | null,
): string {
  const { connection } = context;
  if (result.code !== 0) {
    const error = resultError(connection, `synchronising ${base}`, result);
    if (error.code === "ldap.busy") throw error;
    throw new MustReadAll("checkpoint_refused", error.message);
  }
  const done = syncDone(result);
  if (done?.cookie != null) return done.cookie.toString("base64");
  if (same !== null && done !== null) return same;
  throw new MustReadAll("checkpoint_refused", `${connection.url} gave no cookie to go on from.`);
}

/**
 * A Sync Done (section 2.4): null if there is none. Several databases below one base each send
 * their own, of which none stands for all.
 * @throws MustReadAll
 */
function syncDone(result: SearchResult): { cookie: Buffer | null; deletePhase: boolean } | null {
  try {
    const value = result.controls.get(SYNC_DONE);
    if (value === undefined) return null;
    const done = new BerCursor(value).enter(TAG.sequence);
    const cookie = done.peek() === TAG.octetString ? Buffer.from(done.octets()) : null;
    const deletePhase = done.peek() === TAG.boolean && done.octets(TAG.boolean)[0] !== 0;
    return { cookie: cookie?.length === 0 ? null : cookie, deletePhase };
  } catch (error) {
    if (!(error instanceof BerError)) throw error;
    throw new MustReadAll(
      "checkpoint_refused",
      `The end of a refresh is unclear: ${error.message}.`,
    );
  }
}

/**
 * Listens for changes (refreshAndPersist, section 3.4) until the connection or the signal ends.
 * @param listener told of whatever arrives, and of the end of the first refresh
 * @throws RollcallError when the connection is lost; MustReadAll if the server refuses
 */
async function listen(
  context: WayContext,
  base: string,
  since: Positions | null,
  listener: ChangeListener,
): Promise<void> {
  const cookie = since?.[base] ?? (await firstCookie(context, base, null));
  const request = syncSearch(context, base, "refreshAndPersist", cookie);
  const result = await searchAll(
    context.connection,
    request,
    {
      patience: null,
      entry: () => listener.onChange(),
      intermediate: (oid, value) => {
        if (oid !== SYNC_INFO) return;
        // A set of identifiers speaks of changes; the ends of phases, of being up to date.
        if (value[0] === 0xa3) listener.onChange();
        else if (value[0] === 0xa1 || value[0] === 0xa2) listener.onReady();
      },
    },
    context.signal,
  );
  cookieOf(context, base, result, null);
}
