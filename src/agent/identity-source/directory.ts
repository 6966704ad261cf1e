import { hash } from "node:crypto";
import { sleep } from "../../lib/sleep.ts";
import { Withheld } from "../../model/credentials.ts";
import type { IdentitySource } from "../../model/directory.ts";
import { escapeDnValue } from "../../model/dn.ts";
import type { AppProfile, RawEntry } from "../../model/entry.ts";
import {
  POSITION,
  type BroughtEntries,
  type BroughtEntry,
  type BroughtNews,
} from "../../model/identity-source.ts";
import { MustReadAll, type ChangeListener, type Mark } from "../../model/incremental.ts";
import type { FoundAbsence } from "../../model/run.ts";
import type { Changes, ChangeReader, Directory, DirectorySession, Probe } from "../directory.ts";
import { EvidenceRecord, leftOutRemark } from "../evidence.ts";
import { commonProblem, entryTooLarge, stateOf } from "../identity.ts";

const IDS_AT_ONCE = 1000;
const LOOK_EVERY_MS = 1000;
/** What identifies people, as those who bring them call it. */
const ID = "externalId";
const ID_KEY = ID.toLowerCase();

/** A directory whose entries others bring; they lie in the database of people itself. */
export class IdentitySourceDirectory implements Directory {
  readonly #source: IdentitySource;
  readonly #entries: BroughtEntries;
  readonly #withheld: Withheld;

  constructor(source: IdentitySource, entries: BroughtEntries) {
    this.#source = source;
    this.#entries = entries;
    this.#withheld = new Withheld(source.users.attributes);
  }

  async open(signal: AbortSignal): Promise<DirectorySession> {
    const server = this.#server;
    const record = new EvidenceRecord(server, null, this.#withheld);
    const session: DirectorySession = {
      server,
      people: () => this.#people(signal, record),
      evidence: () => record.evidence,
      absence: () => ({ of: (ids) => this.#absence(ids, signal) }),
      changes: new Positions(this.#entries, () => this.#identifiers(signal), record),
      lookup: { people: (ids) => this.#peopleById(ids, signal), isSure: true },
      objects: { read: () => nothing() },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    return await Promise.resolve(session);
  }

  async probe(signal: AbortSignal): Promise<Probe> {
    signal.throwIfAborted();
    const first = await this.#entries.page(null, null);
    const entries = first.map((one) => this.#entry(one));
    const problem = entries.length === 0 ? null : commonProblem(entries);
    const leftOut = leftOutRemark(this.#withheld);
    return {
      server: this.#server,
      idAttribute: ID,
      hasPeople: entries.length > 0,
      problem,
      way: "brought",
      wanted: "auto",
      listens: true,
      remarks: leftOut === null ? [] : [leftOut],
      certificates: [],
      silent: [],
      attributes: null,
    };
  }

  async listen(since: Mark | null, listener: ChangeListener, signal: AbortSignal): Promise<void> {
    let seen = since === null ? null : keyOf({ position: positionOf(since), waiting: "" });
    listener.onReady();
    for (; !signal.aborted; await sleep(LOOK_EVERY_MS, signal)) {
      const news = await this.#entries.news();
      const key = keyOf(news);
      // What was taken up by a dry run, or by an import that failed, is still to come. What a person has
      // dropped is not: that comes with the next change.
      const isToCome = news.waiting !== "" || news.isBehind;
      if (key !== seen && (seen === null ? !news.isEmpty : isToCome)) listener.onChange();
      seen = key;
    }
  }

  get #server(): string {
    return `identity source ${this.#source.name}`;
  }

  async *#people(signal: AbortSignal, record: EvidenceRecord): AsyncGenerator<RawEntry[]> {
    for await (const page of this.#pages(signal, null)) {
      record.count(page.length);
      yield page.map((one) => this.#entry(one));
    }
    record.complete("the end of what was brought");
  }

  /** @param ids only these; null: all */
  async *#pages(
    signal: AbortSignal,
    ids: readonly string[] | null,
  ): AsyncGenerator<BroughtEntry[]> {
    for (let after: string | null = null; ;) {
      signal.throwIfAborted();
      const page: BroughtEntry[] = await this.#entries.page(after, ids);
      if (page.length === 0) return;
      yield page;
      after = page.at(-1)?.externalId ?? null;
    }
  }

  async *#identifiers(signal: AbortSignal): AsyncGenerator<string[]> {
    for await (const page of this.#pages(signal, null))
      yield page.map(({ externalId }) => externalId);
  }

  async *#peopleById(ids: readonly string[], signal: AbortSignal): AsyncGenerator<RawEntry[]> {
    for (let at = 0; at < ids.length; at += IDS_AT_ONCE)
      for await (const page of this.#pages(signal, ids.slice(at, at + IDS_AT_ONCE)))
        yield page.map((one) => this.#entry(one));
  }

  /** All that was brought are people in the scope: whoever is not among them was taken away. */
  async #absence(
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, FoundAbsence>> {
    const there = new Set<string>();
    for await (const page of this.#pages(signal, ids))
      for (const { externalId } of page) there.add(externalId);
    return new Map(ids.map((id) => [id, there.has(id) ? "outOfFilter" : "gone"]));
  }

  #entry({ externalId: id, profile: brought }: BroughtEntry): RawEntry {
    const dn = `${ID}=${escapeDnValue(id)}`;
    const named = Object.entries(brought).filter(([name]) => name.toLowerCase() !== ID_KEY);
    const own: AppProfile = { ...Object.fromEntries(named), [ID]: id };
    const state = stateOf(this.#source.users.disabled, dn, own);
    const text = JSON.stringify(Object.entries(own).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    return {
      id,
      dn,
      hash: hash("sha1", text, "hex"),
      problem: entryTooLarge(dn, text.length),
      size: text.length,
      decode: () => ({ dn, id, ...state, profile: this.#kept(own) }),
    };
  }

  /** Without credentials, which nobody should have brought. */
  #kept(own: AppProfile): AppProfile {
    return Object.fromEntries(Object.entries(own).filter(([name]) => !this.#withheld.has(name)));
  }
}

const NOT_WHOLE =
  "This import goes on from no earlier one of what was brought, so it is not known whether everybody was brought who was known before.";

/** From where to go on: every session that was taken up moved the position by one. */
class Positions implements ChangeReader {
  readonly #entries: BroughtEntries;
  readonly identifiers: () => AsyncGenerator<string[]>;
  readonly #record: EvidenceRecord;
  #mark: Mark | null = null;

  constructor(
    entries: BroughtEntries,
    identifiers: () => AsyncGenerator<string[]>,
    record: EvidenceRecord,
  ) {
    this.#entries = entries;
    this.identifiers = identifiers;
    this.#record = record;
  }

  async begin(before: Mark | null): Promise<readonly string[]> {
    const goesOn =
      before !== null && (await this.#entries.changesSince(positionOf(before), 1)) !== null;
    // Whoever left is told from then on; whoever was known before may not have been brought yet.
    if (!goesOn) this.#record.doubt(NOT_WHOLE);
    return await this.#note();
  }

  async #note(): Promise<readonly string[]> {
    const { position } = await this.#entries.news();
    this.#mark = {
      way: "brought",
      positions: { [POSITION]: String(position) },
      comparedAt: new Date().toISOString(),
    };
    return [];
  }

  mark(): Mark | null {
    return this.#mark;
  }

  async since(mark: Mark, limit: number): Promise<Changes> {
    await this.#note();
    const changed = await this.#entries.changesSince(positionOf(mark), limit + 1);
    if (changed === null)
      throw new MustReadAll(
        "history_lost",
        "The last import is too long ago for what is remembered of those who left.",
      );
    if (changed.length > limit)
      throw new MustReadAll("too_many_changes", `More than ${limit} people changed.`);
    const here = changed.filter(({ isGone }) => !isGone);
    const gone = changed.filter(({ isGone }) => isGone);
    return {
      touched: new Set(here.map(({ externalId }) => externalId)),
      gone: new Set(gone.map(({ externalId }) => externalId)),
      somebody: null,
      present: null,
      compare: false,
    };
  }
}

function keyOf({ position, waiting }: Pick<BroughtNews, "position" | "waiting">): string {
  return `${position} ${waiting}`;
}

function positionOf(mark: Mark | null): bigint {
  const text = mark?.positions[POSITION] ?? "0";
  return /^\d+$/.test(text) ? BigInt(text) : 0n;
}

async function* nothing(): AsyncGenerator<never> {}
