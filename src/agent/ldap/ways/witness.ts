/**
 * Whether a server is still the one that a position is of. A position is a number, a time or a
 * cookie, and a server that was set back to a snapshot, or set up anew, grows past it: then it tells
 * of changes as if nothing had happened, and not of what it lost. So the newest entries that were
 * read are remembered with the stamp of their last change. Whatever a server forgets, it forgets
 * these first: one that is older now, or not there although nobody told of its end, proves it.
 */
import { MustReadAll, type Witness } from "../../../model/incremental.ts";
import { generalizedTime } from "../../../model/times.ts";
import { externalId } from "../../identity.ts";
import { resultError } from "../result-codes.ts";
import { isAd, type ServerInfo } from "../root-dse.ts";
import { searchAll, type SmallEntry } from "../search-all.ts";
import { oneOf } from "../scope.ts";
import { contextOf } from "./naming-contexts.ts";
import type { WayContext } from "./way.ts";

/** One, and what is left when others are changed again, or deleted; a batch may be of dozens. */
const KEPT = 50;
/** So many are gathered before they are sorted. */
const GATHERED = 500;

/** The attribute in which a server stamps each change of an entry, of one order for all entries. */
export function stampAttribute(server: ServerInfo): string {
  if (isAd(server)) return "uSNChanged";
  return server.kind === "openldap" ? "entryCSN" : "modifyTimestamp";
}

/** A stamp as a text whose order is that of the changes; null for something else. */
function ordered(attribute: string, value: Buffer): string | null {
  const text = value.toString("latin1");
  if (attribute === "uSNChanged") return /^\d{1,20}$/.test(text) ? text.padStart(20, "0") : null;
  // Begins with the time, to the microsecond, by the clock of the server that made the change.
  if (attribute === "entryCSN") return /^\d{14}\.\d{6}Z#/.test(text) ? text : null;
  const time = generalizedTime(text);
  return time === null ? null : new Date(time).toISOString();
}

interface Stamped {
  readonly id: string;
  readonly stamp: string;
}

/** Of all entries that pass, those that were changed last. */
export class NewestEntries {
  readonly #server: string;
  readonly #attribute: string;
  /** In the order of passing; of one that passes twice, the later counts. */
  #gathered: Stamped[];
  #missed = 0;

  /** @param before what is known already; counts only where it is of the same server and stamp */
  constructor(server: string, attribute: string, before: Witness | null) {
    this.#server = server;
    this.#attribute = attribute;
    const isSame = before?.server === server && before.attribute === attribute;
    this.#gathered = isSame ? before.newest.toReversed() : [];
  }

  note(id: string, value: Buffer): void {
    const stamp = ordered(this.#attribute, value);
    if (stamp === null) return;
    this.#gathered.push({ id, stamp });
    if (this.#gathered.length > GATHERED) this.#gathered = this.#newest().toReversed();
  }

  /** An entry passes whose stamp cannot be read. */
  miss(): void {
    this.#missed++;
  }

  get missed(): number {
    return this.#missed;
  }

  /** Whoever is gone is no witness any more. */
  forget(gone: ReadonlySet<string>): void {
    this.#gathered = this.#gathered.filter(({ id }) => !gone.has(id));
  }

  get witness(): Witness | null {
    const newest = this.#newest();
    return newest.length === 0
      ? null
      : { server: this.#server, attribute: this.#attribute, newest };
  }

  /** Newest first; of equal stamps the later entry, as many have the same one after a load. */
  #newest(): Stamped[] {
    const last = new Map(this.#gathered.map((one) => [one.id, one]));
    const order = [...last.values()].toReversed();
    order.sort((a, b) => (a.stamp === b.stamp ? 0 : a.stamp < b.stamp ? 1 : -1));
    return order.slice(0, KEPT);
  }
}

/** Who a server is, as far as its stamps are concerned: those of two controllers do not compare. */
export function stampedBy({
  server,
  connection,
}: Pick<WayContext, "server" | "connection">): string {
  return server.dsServiceName ?? connection.url;
}

/** What a way told of changes. */
export interface Told {
  /** Whether an entry was told of as changed or gone: it is looked at anyway. */
  of(id: string): boolean;
  changed(id: string): boolean;
  /** Whether every deletion is told. */
  readonly deletions: boolean;
}

/**
 * Looks for the newest entry of which nothing was told: whatever was changed after it is read anyway.
 * Where deletions are not told, one that is not there may have been deleted, and the next newest
 * counts.
 * @throws MustReadAll if it is older than before, or is not there
 */
export async function requireSameServer(
  context: WayContext,
  idAttribute: string,
  { server, attribute, newest }: Witness,
  told: Told,
): Promise<void> {
  const untold = newest.filter(({ id }) => !told.of(id));
  if (untold.length === 0 || server !== stampedBy(context)) return;
  const { url } = context.connection;
  const ids = untold.map(({ id }) => id);
  const stamps = await stampsOf(context, { idAttribute, attribute, ids });
  for (const { id, stamp } of untold) {
    const now = stamps.get(id);
    if (now === undefined && !told.deletions) continue;
    if (now === undefined) {
      const reason = `${id}, which ${url} had changed last, is not there any more, and it did not tell so: it was set back or set up anew.`;
      throw new MustReadAll("server_changed", reason);
    }
    if (now === null || now >= stamp) return;
    const reason = `${url} was set back: the entry ${id} is of an earlier change than before.`;
    throw new MustReadAll("server_changed", reason);
  }
  // Whoever was told of as changed is there.
  if (newest.some(({ id }) => told.changed(id))) return;
  const reason = `Nobody of those whom ${url} had changed last is there any more: it was set back or set up anew.`;
  throw new MustReadAll("server_changed", reason);
}

/** The stamps of entries that are there, by identifier; null where one cannot be read. */
async function stampsOf(
  context: WayContext,
  asked: {
    readonly idAttribute: string;
    readonly attribute: string;
    readonly ids: readonly string[];
  },
): Promise<ReadonlyMap<string, string | null>> {
  const { idAttribute, attribute, ids } = asked;
  const { connection, server, bases, signal } = context;
  const found = new Map<string, string | null>();
  const entry = (one: SmallEntry): void => {
    const [bytes] = one.values(idAttribute);
    const id = bytes === undefined ? null : externalId(idAttribute, bytes);
    const [value] = one.values(attribute);
    if (id !== null) found.set(id, value === undefined ? null : ordered(attribute, value));
  };
  const around = bases.map((base) => contextOf(server.namingContexts, base) ?? base);
  for (const base of new Set(isAd(server) ? around : bases)) {
    const request = context.request(base, oneOf(idAttribute, ids), [idAttribute, attribute]);
    const whole = { ...request, pageSize: null };
    const result = await searchAll(connection, whole, { entry, ignoreReferences: true }, signal);
    if (result.code !== 0) throw resultError(connection, `searching ${base}`, result);
  }
  return found;
}
