/**
 * SearchResultEntry (RFC 4511 section 4.5.2) in two steps. `scan` walks the bytes once and finds
 * the DN and the identifier; together with a hash of the bytes that is enough to tell whether the
 * entry changed. Only a changed one is decoded into strings, which costs five times as much.
 */
import { createHash, hash, type Hash } from "node:crypto";
import type { Withheld } from "../../model/credentials.ts";
import type { DisabledRule } from "../../model/directory.ts";
import {
  ownValue,
  type AppProfile,
  type AttributeValue,
  type Entry,
  type RawEntry,
} from "../../model/entry.ts";
import type { Problem } from "../../model/errors.ts";
import { entryTooLarge, externalId, idProblem, idTooLong, MAX_ID, stateOf } from "../identity.ts";
import { decodeDn, decodeValue, isPlainText, type AttributeKind } from "../values.ts";
import { rangeOf } from "../range-option.ts";
import { AttributeNames, type KnownName } from "./attribute-names.ts";
import { BerCursor, BerError, TAG } from "./ber.ts";

export const SEARCH_RESULT_ENTRY = 0x64;

export interface EntryRules {
  readonly idAttribute: string;
  /** What does not belong into a profile. */
  readonly withheld?: Withheld;
  /** Names in lower case of what every server has for itself: neither kept nor a change. */
  readonly local?: ReadonlySet<string>;
  readonly disabled: readonly DisabledRule[];
  /** Values that an entry may have; more cannot be used. Default: those of a person. */
  readonly mostValues?: number;
  /** The attribute (in lower case) that stamps the last change, and who wants to know it. */
  readonly stamp: {
    readonly attribute: string;
    /** `value`: null where the entry has none that can be read. */
    readonly note: (id: string | null, value: Buffer | null) => void;
    /** It was not asked for and does not belong to the profile. */
    readonly hide: boolean;
  } | null;
}

export interface LdapEntry extends RawEntry {
  /** Whether the server sent only a part of some attribute's values (MS-ADTS 3.1.1.3.1.3.3). */
  readonly ranged: boolean;
}

/**
 * Reads just enough of an entry.
 * @param bytes the whole LDAP message; @param at where the SearchResultEntry begins
 * @throws BerError if the bytes are not a valid entry
 */
export function scanEntry(bytes: Buffer, at: number, end: number, rules: EntryRules): LdapEntry {
  const entry = new BerCursor(bytes, at, end).enter(SEARCH_RESULT_ENTRY);
  const begin = entry.at;
  const dn = decodeDn(entry.octets());
  const named = entry.at;
  const attributes = entry.enter(TAG.sequence);
  const start = attributes.at;
  const size = entry.end - begin;
  const digest = new Digest(bytes, { begin, named, start, end: entry.end });
  const wanted = rules.idAttribute.toLowerCase();
  const ids: (string | null)[] = [];
  let ranged = false;
  let stamp: Buffer | null = null;
  while (!attributes.done) {
    const before = attributes.at;
    attributes.take(TAG.sequence);
    const one = new BerCursor(bytes, attributes.contentStart, attributes.contentEnd);
    one.take(TAG.octetString);
    const [from, to] = [one.contentStart, one.contentEnd];
    if (isLocal(rules, bytes, from, to)) digest.leaveOut(before, attributes.at);
    ranged ||= isRange(bytes, from, to);
    if (isStamp(rules, bytes, from, to)) {
      stamp = lastOf(one.enter(TAG.set));
      continue;
    }
    if (!isName(bytes, from, to, wanted)) continue;
    const set = one.enter(TAG.set);
    while (!set.done) {
      ids.push(externalId(rules.idAttribute, set.octets()));
    }
  }
  const usableId = usable(ids);
  const problem = problemOf(rules.idAttribute, dn, ids) ?? entryTooLarge(dn, size);
  rules.stamp?.note(usableId, stamp);
  const who = { dn, id: usableId ?? "" };
  return {
    id: usableId,
    ...(ids.length > 1 ? { claims: ids.filter((one) => one !== null) } : {}),
    dn,
    hash: digest.value,
    problem,
    size,
    ranged,
    decode: () => decodeEntry(who, { bytes, start, end: entry.end }, rules),
  };
}

function usable([id = null, ...others]: readonly (string | null)[]): string | null {
  return others.length === 0 && id !== null && id.length <= MAX_ID ? id : null;
}

function problemOf(attribute: string, dn: string, ids: readonly (string | null)[]): Problem | null {
  const [id = null] = ids;
  if (id === null || ids.length !== 1) return idProblem(attribute, dn, ids.length);
  return id.length > MAX_ID ? idTooLong(attribute, dn) : null;
}

/** `member;range=0-1499`: a part of the values (MS-ADTS 3.1.1.3.1.3.3). `;range=1500-*` is the last. */
function isRange(bytes: Buffer, start: number, end: number): boolean {
  const last = bytes[end - 1] ?? 0;
  if (last < 0x30 || last > 0x39) return false;
  return rangeOf(bytes.toString("latin1", start, end)) !== null;
}

/** Where the parts of an entry are: its name, and its attributes behind the head of their list. */
interface Extent {
  readonly begin: number;
  readonly named: number;
  readonly start: number;
  readonly end: number;
}

/** Of an entry's bytes, or of what is left of them without some attributes. */
class Digest {
  readonly #bytes: Buffer;
  readonly #extent: Extent;
  #hash: Hash | null = null;
  #from: number;

  constructor(bytes: Buffer, extent: Extent) {
    this.#bytes = bytes;
    this.#extent = extent;
    this.#from = extent.start;
  }

  /** @param at where an attribute begins, @param end where it ends; to be told of in order */
  leaveOut(at: number, end: number): void {
    const { begin, named } = this.#extent;
    // Without the head of the list, which has the length of all of it.
    this.#hash ??= createHash("sha1").update(this.#bytes.subarray(begin, named));
    this.#hash.update(this.#bytes.subarray(this.#from, at));
    this.#from = end;
  }

  get value(): string {
    const { begin, end } = this.#extent;
    if (this.#hash === null) return hash("sha1", this.#bytes.subarray(begin, end), "hex");
    return this.#hash.update(this.#bytes.subarray(this.#from, end)).digest("hex");
  }
}

function isLocal({ local }: EntryRules, bytes: Buffer, start: number, end: number): boolean {
  return (
    local !== undefined &&
    local.size > 0 &&
    local.has(bytes.toString("latin1", start, end).toLowerCase())
  );
}

function isStamp({ stamp }: EntryRules, bytes: Buffer, start: number, end: number): boolean {
  return stamp !== null && isName(bytes, start, end, stamp.attribute);
}

function lastOf(set: BerCursor): Buffer | null {
  let last: Buffer | null = null;
  while (!set.done) last = set.octets();
  return last;
}

function isName(bytes: Buffer, start: number, end: number, lower: string): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    const byte = bytes[start + i] ?? 0;
    const folded = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    if (folded !== lower.charCodeAt(i)) return false;
  }
  return true;
}

/** Values of a person; a few thousand groups are many. */
const MOST_VALUES = 200_000;

/** The names that a read has met so far. */
const NAMES = new WeakMap<EntryRules, AttributeNames>();

function namesOf(rules: EntryRules): AttributeNames {
  let names = NAMES.get(rules);
  if (names === undefined) {
    names = new AttributeNames((name) => isHidden(name, rules));
    NAMES.set(rules, names);
  }
  return names;
}

function isHidden(name: string, { stamp, local, withheld }: EntryRules): boolean {
  const lower = name.toLowerCase();
  if (stamp?.hide === true && lower === stamp.attribute) return true;
  return local?.has(lower) === true || withheld?.has(name) === true;
}

function decodeEntry(
  { dn, id }: { readonly dn: string; readonly id: string },
  { bytes, start, end }: { readonly bytes: Buffer; readonly start: number; readonly end: number },
  rules: EntryRules,
): Entry {
  const { disabled, withheld, mostValues = MOST_VALUES } = rules;
  const names = namesOf(rules);
  const values = new ValueReader(bytes, { start, end }, mostValues);
  const profile: AppProfile = {};
  const attributes = new BerCursor(bytes, start, end);
  let known: KnownName | null = null;
  while (!attributes.done) {
    attributes.take(TAG.sequence);
    const one = new BerCursor(bytes, attributes.contentStart, attributes.contentEnd);
    one.take(TAG.octetString);
    known = names.read(bytes, one.contentStart, one.contentEnd, known);
    const { name, kind } = known;
    if (known.isHidden) continue;
    if (kind === "invalid")
      throw new BerError(`\`${JSON.stringify(name)}\` is not an attribute name`);
    const set = one.enter(TAG.set);
    if (kind === "binary" && withheld?.isTooLarge(name, set.end - set.at) === true) continue;
    const value = values.read(set, kind);
    if (value !== undefined) addValues(profile, name, value);
  }
  return { dn, id, ...stateOf(disabled, dn, profile), profile };
}

/** An attribute that comes twice has the values of both. */
function addValues(profile: AppProfile, name: string, value: AppProfile[string]): void {
  const before = ownValue(profile, name);
  if (before === undefined) {
    profile[name] = value;
    return;
  }
  const all = Array.isArray(before) ? (before as AttributeValue[]) : [before as AttributeValue];
  for (const one of Array.isArray(value) ? value : [value as AttributeValue]) all.push(one);
  profile[name] = all;
}

/** Of a larger entry, a value that is kept would keep much else. */
const MOST_SHARED = 16 * 1024;

/**
 * Values as they are kept. Most are ASCII: those are parts of one string that is made of the whole entry,
 * which costs a fraction of making a string for each.
 */
class ValueReader {
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;
  /** How many values the entry may have yet. */
  #left: number;
  #text: string | null = null;
  readonly #isShared: boolean;

  constructor(
    bytes: Buffer,
    { start, end }: { readonly start: number; readonly end: number },
    most: number,
  ) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#left = most;
    this.#isShared = end - start <= MOST_SHARED;
  }

  /** @throws BerError if there are more values than an entry may have */
  read(set: BerCursor, kind: AttributeKind): AppProfile[string] | undefined {
    let first: AttributeValue | undefined;
    let all: AttributeValue[] | undefined;
    while (!set.done) {
      set.take(TAG.octetString);
      if (--this.#left < 0) throw new BerError("it has more values than any person has");
      const value = this.#value(set.contentStart, set.contentEnd, kind);
      if (first === undefined) first = value;
      else if (all === undefined) all = [first, value];
      else all.push(value);
    }
    return all ?? first;
  }

  #value(start: number, end: number, kind: AttributeKind): AttributeValue {
    if (kind !== "text" || !this.#isShared || !isPlainText(this.#bytes, start, end))
      return decodeValue(this.#bytes, start, end, kind);
    this.#text ??= this.#bytes.toString("latin1", this.#start, this.#end);
    return this.#text.slice(start - this.#start, end - this.#start);
  }
}
