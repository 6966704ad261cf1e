/** One run's conversation with a server: everything over one connection, one search after another. */
import { IdSet } from "../../lib/id-set.ts";
import type { DirectoryObject } from "../../model/directory-object.ts";
import type { LdapSource } from "../../model/directory.ts";
import { dnKey, isWithin } from "../../model/dn.ts";
import type { RawEntry, ReadEvidence } from "../../model/entry.ts";
import { RollcallError } from "../../model/errors.ts";
import { isServerWay, MustReadAll, type Mark, type ServerWay } from "../../model/incremental.ts";
import type {
  AbsenceFinder,
  ChangeReader,
  Changes,
  DirectorySession,
  ObjectReader,
  PersonLookup,
} from "../directory.ts";
import { EvidenceRecord } from "../evidence.ts";
import { LdapAbsence } from "./absence.ts";
import { isReadable, seesBase } from "./base-check.ts";
import type { LdapConnection } from "./connection.ts";
import type { EntryRules, LdapEntry } from "./decode-entry.ts";
import { toDirectoryObject } from "../groups.ts";
import { readWhole } from "./ranges.ts";
import { isAd, titleOf, type ServerInfo } from "./root-dse.ts";
import { narrowTo, type LdapScope, type Stamping } from "./scope.ts";
import { SearchReader } from "./search-reader.ts";
import type { SearchRequest } from "./search-request.ts";
import { beginWay, WAY_LIST } from "./ways/choose.ts";
import { ChangeNotes, type EntryClock, type Positions, type WayContext } from "./ways/way.ts";
import { NewestEntries, requireSameServer, stampAttribute, stampedBy } from "./ways/witness.ts";

/** Identifiers in one filter: an index look-up each, and far from any server's limit. */
const IDS_AT_ONCE = 250;

/** The largest groups of the largest directories have some hundred thousand. */
const MOST_MEMBERS = 5_000_000;

interface Parts {
  readonly connection: LdapConnection;
  readonly server: ServerInfo;
  readonly scope: LdapScope;
  readonly source: LdapSource;
  readonly signal: AbortSignal;
}

/** What is being read by; see `ChangeReader`. */
interface Position {
  readonly way: ServerWay;
  /** Where the next read goes on. @throws MustReadAll if that cannot be told */
  readonly positions: () => Positions;
  /** When identifiers were last compared. */
  readonly comparedAt: string;
  /** The attribute that stamps changes. */
  readonly attribute: string;
  readonly clock: EntryClock | null;
  readonly newest: NewestEntries;
}

export class LdapSession implements DirectorySession {
  readonly parts: Parts & { readonly context: WayContext };
  readonly server: string;
  readonly changes: ChangeReader;
  readonly lookup: PersonLookup;
  readonly objects: ObjectReader;
  readonly #record: EvidenceRecord;
  #position: Position | null = null;

  constructor(parts: Parts) {
    const { scope, source } = parts;
    this.server = titleOf(parts.server, parts.connection.url);
    this.#record = new EvidenceRecord(this.server, scope.pageSize, scope.withheld);
    const context: WayContext = {
      ...parts,
      bases: scope.bases,
      scans: [...scope.people, ...scope.objects],
      idAttribute: scope.idAttribute,
      timeAttribute: scope.timeAttribute,
      overlapSeconds: source.incremental.overlapSeconds,
      request: (base, filter, attributes) => scope.request(base, filter, attributes),
    };
    this.parts = { ...parts, context };
    this.changes = {
      begin: (before) => this.#begin(before),
      mark: () => this.#mark(),
      since: (mark, limit, compareAlways) => this.#changesSince(mark, limit, compareAlways),
      identifiers: (below) => this.#identifiers(below),
    };
    this.lookup = {
      isSure: scope.searchableById,
      people: (ids) => this.#peopleByIds(ids),
    };
    this.objects = { read: (ids) => this.#readObjects(ids) };
  }

  evidence(): ReadEvidence {
    return this.#record.evidence;
  }

  async #begin(before: Mark | null): Promise<readonly string[]> {
    const { context, source } = this.parts;
    const { way, positions, remarks } = await beginWay(context, source.incremental.way, before);
    const comparedAt = new Date().toISOString();
    if (way === null) return remarks;
    const { connection } = this.parts;
    const clock = WAY_LIST[way].clock?.(connection.url) ?? null;
    const attribute = this.#stampOf(way);
    // Everybody is read anew: what was known of the server before counts for nothing.
    const newest = new NewestEntries(stampedBy(context), attribute, null);
    const at = clock === null ? () => positions : () => clock.positions();
    this.#position = { way, positions: at, comparedAt, attribute, clock, newest };
    return remarks;
  }

  /** A way that goes by times reads one attribute for both. */
  #stampOf(way: ServerWay): string {
    const { server, scope } = this.parts;
    return WAY_LIST[way].clock === undefined ? stampAttribute(server) : scope.timeAttribute;
  }

  /** Whether a way only tells of entries whose stamp the account may read. */
  #needsStamps(way: ServerWay): boolean {
    const { kind } = this.parts.server;
    if (way === "contentSync") return kind === "openldap";
    // Some others have no modification time of what was never modified.
    return way === "usn" || (way === "timestamp" && kind !== "unknown");
  }

  #mark(): Mark | null {
    if (this.#position === null) return null;
    const { way, positions, comparedAt, newest } = this.#position;
    const { witness } = newest;
    // Whose changes have no stamp that can be read, they are not told of.
    if (witness !== null && newest.missed > 0 && this.#needsStamps(way)) return null;
    try {
      const mark = { way, positions: positions(), comparedAt };
      return witness === null ? mark : { ...mark, witness };
    } catch (error) {
      if (error instanceof MustReadAll) return null;
      throw error;
    }
  }

  async *people(): AsyncGenerator<RawEntry[]> {
    const { scope } = this.parts;
    for (const { base, scope: depth, filter } of scope.people) {
      const request = { ...scope.request(base, filter, this.#attributes()), scope: depth };
      let entries = 0;
      let pages = 0;
      let { pageSize } = request;
      const note = (reader: SearchReader): void => {
        ({ pages, pageSize } = reader);
      };
      for await (const batch of this.#entries(request, this.#rules(), note)) {
        entries += batch.length;
        this.#record.count(batch.length);
        yield batch;
      }
      const readable = await seesBase(this.parts, base, entries);
      this.#record.base({ base, entries, pages, readable }, pageSize);
    }
    const paging = scope.pageSize === null ? "" : ", no paging cookie left";
    this.#record.complete(`result code 0${paging}, no referral`);
  }

  async #changesSince(since: Mark, limit: number, compareAlways: boolean): Promise<Changes> {
    const { context, source } = this.parts;
    const { way } = since;
    const wanted = source.incremental.way;
    if (wanted !== "auto" && wanted !== way) {
      const reason = "Another way of reading changes is configured.";
      throw new MustReadAll("configuration_changed", reason);
    }
    if (!isServerWay(way) || !WAY_LIST[way].offered(context.server, context.idAttribute)) {
      const reason = `${this.server} does not offer what the last import read changes by.`;
      throw new MustReadAll("server_changed", reason);
    }
    await this.#requireBases();
    const notes = new ChangeNotes(limit);
    const positions = await WAY_LIST[way]
      .changes(context, since.positions, notes)
      .catch(readAllInstead);
    const { touched, gone, present, somebody } = notes;
    const hidden = !notes.sawDeletions && (compareAlways || this.#comparisonIsDue(since));
    const compare = hidden || this.parts.scope.computed.length > 0;
    const { witness = null } = since;
    const told = {
      of: (id: string) => touched.has(id) || gone.has(id),
      changed: (id: string) => touched.has(id),
      deletions: notes.sawDeletions,
    };
    if (witness !== null)
      await requireSameServer(context, this.parts.scope.objectIdAttribute, witness, told);
    const attribute = this.#stampOf(way);
    const newest = new NewestEntries(stampedBy(context), attribute, witness);
    newest.forget(gone);
    const comparedAt = compare ? new Date().toISOString() : since.comparedAt;
    const at = (): Positions => positions;
    this.#position = { way, positions: at, comparedAt, attribute, clock: null, newest };
    return { touched, gone, present, somebody, compare };
  }

  #comparisonIsDue(since: Mark): boolean {
    const age = Date.now() - Date.parse(since.comparedAt);
    return !(age < this.parts.source.incremental.compareMinutes * 60_000);
  }

  /** Whoever is not found because the base is not readable any more has not left the scope. */
  async #requireBases(): Promise<void> {
    for (const { base } of this.parts.scope.people) {
      if (await isReadable(this.parts, base)) continue;
      const reason = `${base} itself cannot be read, so nobody below it can be judged one by one.`;
      throw new MustReadAll("agent_unable_to_perform_incremental_import", reason);
    }
  }

  absence(expected: number): AbsenceFinder {
    const { connection, scope, signal, server } = this.parts;
    return new LdapAbsence({ connection, scope, signal, server }, expected);
  }

  async *#peopleByIds(ids: readonly string[]): AsyncGenerator<RawEntry[]> {
    const { scope } = this.parts;
    for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
      const some = ids.slice(at, at + IDS_AT_ONCE);
      for (const { base, scope: depth, filter } of scope.people) {
        const narrowed = narrowTo(filter, scope.idAttribute, some);
        const request = { ...scope.request(base, narrowed, this.#attributes()), scope: depth };
        yield* this.#onlyAsked(this.#entries(request, this.#rules()), some);
      }
    }
  }

  /** Directories may compare more loosely than we do, and return people whom nobody asked for. */
  async *#onlyAsked(
    entries: AsyncIterable<RawEntry[]>,
    ids: readonly string[],
  ): AsyncGenerator<RawEntry[]> {
    const asked = new Set(ids);
    for await (const batch of entries)
      yield this.lookup.isSure ? batch.filter(({ id }) => id === null || asked.has(id)) : batch;
  }

  async *#identifiers(below: string | null): AsyncGenerator<string[]> {
    const { connection, scope, signal } = this.parts;
    const rules = scope.rules(null);
    for (const { base: whole, scope: depth, filter } of scope.people) {
      const base = below ?? whole;
      if (below !== null && (depth !== "sub" || !isWithin(dnKey(below), dnKey(whole)))) continue;
      const request = { ...scope.request(base, filter, [scope.idAttribute]), scope: depth };
      const reader = new SearchReader(connection, request, rules);
      for await (const batch of reader.batches(signal)) {
        const unusable = batch.find((entry) => entry.id === null);
        if (unusable !== undefined) {
          const reason = `${unusable.dn} has no usable ${scope.idAttribute}, so identifiers alone do not tell who is gone.`;
          throw new MustReadAll("agent_unable_to_perform_incremental_import", reason);
        }
        yield batch.flatMap((entry) => entry.id ?? []);
      }
    }
  }

  async *#readObjects(ids: readonly string[] | null): AsyncGenerator<DirectoryObject[]> {
    const { scope } = this.parts;
    const idAttribute = scope.objectIdAttribute;
    const stamping = this.#stamping({ ofPeople: false });
    const stamp = stamping === null ? null : { ...stamping, hide: true };
    const rules = { idAttribute, disabled: [], stamp, mostValues: MOST_MEMBERS };
    const attributes = (names: readonly string[]): readonly string[] =>
      stamping === null ? names : [...names, stamping.attribute];
    const groups = new IdSet();
    for (const one of scope.objects) {
      const chunks = ids === null ? [null] : inChunks(ids, IDS_AT_ONCE);
      for (const some of chunks) {
        const filter = some === null ? one.filter : narrowTo(one.filter, idAttribute, some);
        const request = scope.request(one.base, filter, attributes(one.attributes));
        for await (const batch of this.#entries({ ...request, controls: one.controls }, rules)) {
          const usable = batch.filter(({ id }) => id !== null && !groups.has(id));
          // What is a group is no container, whatever else it is.
          if (one.kind === "group") for (const { id } of usable) groups.add(id ?? "");
          yield usable.map((entry) => toDirectoryObject(one.kind, entry));
        }
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.parts.connection[Symbol.asyncDispose]();
  }

  #attributes(): readonly string[] {
    return this.parts.scope.attributes(this.#position?.attribute ?? null);
  }

  #rules(): EntryRules {
    return this.parts.scope.rules(this.#stamping({ ofPeople: true }));
  }

  #stamping({ ofPeople }: { readonly ofPeople: boolean }): Stamping | null {
    if (this.#position === null) return null;
    const { attribute, clock, newest } = this.#position;
    // Whether the identifiers are such that the entries can be looked for.
    const isKnown = !ofPeople || this.lookup.isSure;
    const note = (id: string | null, value: Buffer | null): void => {
      if (value === null) {
        if (ofPeople) newest.miss();
        return;
      }
      clock?.note(value);
      if (isKnown && id !== null) newest.note(id, value);
    };
    return { attribute: attribute.toLowerCase(), note };
  }

  /** Entries of a search; those of which the server sent only a part are read whole behind the others. */
  async *#entries(
    request: SearchRequest,
    rules: EntryRules,
    note: (reader: SearchReader) => void = () => undefined,
  ): AsyncGenerator<RawEntry[]> {
    const { connection, signal, server } = this.parts;
    const reader = new SearchReader(connection, request, rules, isAd(server));
    const partial: LdapEntry[] = [];
    for await (const batch of reader.batches(signal)) {
      const whole = batch.filter((entry) => !entry.ranged);
      partial.push(...batch.filter((entry) => entry.ranged));
      if (whole.length > 0) yield whole;
    }
    note(reader);
    for (const entry of partial) {
      const whole = await this.#whole(entry, request, rules);
      if (whole !== null) yield [whole];
    }
  }

  /**
   * All of an entry that the search showed in part. It may be renamed meanwhile, so it is looked
   * for by its identifier.
   * @returns null only if the search certainly does not find it any more
   */
  async #whole(
    seen: RawEntry,
    request: SearchRequest,
    rules: EntryRules,
  ): Promise<RawEntry | null> {
    const { connection, signal } = this.parts;
    let dn = seen.dn;
    for (let attempt = 0; attempt < 3; attempt++) {
      // With the control for extended DNs, the name begins with what never changes.
      const base = /^<GUID=[^>]+>/.exec(dn)?.[0] ?? dn;
      const controls = [...(request.controls ?? []), ...this.parts.scope.rangeControls];
      const whole = await readWhole(connection, { ...request, base, controls }, rules, signal);
      if (whole !== null && whole.id === seen.id) return whole;
      if (seen.id === null) break;
      const again = { ...request, filter: narrowTo(request.filter, rules.idAttribute, [seen.id]) };
      const found: RawEntry[] = [];
      const reader = new SearchReader(connection, again, rules);
      for await (const batch of reader.batches(signal)) found.push(...batch);
      const [one] = found.filter((entry) => entry.id === seen.id);
      if (one === undefined && this.lookup.isSure) return null;
      if (one === undefined) break;
      dn = one.dn;
    }
    const message = `${seen.dn} changed while its values were being read part by part.`;
    throw new RollcallError("ldap.busy", message);
  }
}

/** Faults of the question what changed, which the search for everybody may not have. */
const ONLY_OF_THE_WAY: ReadonlySet<string> = new Set([
  "ldap.referral",
  "ldap.filterInvalid",
  "ldap.limitExceeded",
]);

/** @throws MustReadAll where another read may succeed; else what was thrown */
function readAllInstead(error: unknown): never {
  if (error instanceof RollcallError && ONLY_OF_THE_WAY.has(error.code))
    throw new MustReadAll("agent_unable_to_perform_incremental_import", error.message);
  throw error;
}

function inChunks<T>(list: readonly T[], size: number): T[][] {
  const count = Math.ceil(list.length / size);
  return Array.from({ length: count }, (_, i) => list.slice(i * size, (i + 1) * size));
}
