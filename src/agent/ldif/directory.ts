import { hash } from "node:crypto";
import type { LdifSource } from "../../model/directory.ts";
import {
  attributeValues,
  ownValue,
  type AppProfile,
  type AttributeValue,
  type RawEntry,
} from "../../model/entry.ts";
import type { DirectoryObject } from "../../model/directory-object.ts";
import { dnKey } from "../../model/dn.ts";
import type { Problem } from "../../model/errors.ts";
import { Withheld } from "../../model/credentials.ts";
import type { Directory, DirectorySession, Probe } from "../directory.ts";
import { EvidenceRecord, leftOutRemark } from "../evidence.ts";
import { fileChunks, fileFilter, FileAbsence, fileSession } from "../files.ts";
import type { Filter } from "../filter.ts";
import { toDirectoryObject } from "../groups.ts";
import {
  MAX_ID,
  commonProblem,
  entryTooLarge,
  externalIdInFile,
  idProblem,
  idTooLong,
  stateOf,
} from "../identity.ts";
import { attributeKind, decodeDn, decodeValue } from "../values.ts";
import { matchesFilter } from "../match-filter.ts";
import { parseLdif, type LdifRecord } from "./parser.ts";

const BATCH_ENTRIES = 1000;
const BATCH_BYTES = 4 * 1024 * 1024;
const DEFAULT_ID = "entryUUID";

interface Found {
  readonly dn: string;
  readonly id: string | null;
  readonly tooLong: boolean;
  /** How many identifiers there are. */
  readonly values: number;
  readonly size: number;
  readonly partial: string | null;
}

/** A directory in an LDIF file. The filter decides which of its entries are people. */
export class LdifDirectory implements Directory {
  readonly #source: LdifSource;
  readonly #path: string;
  readonly #filter: Filter;
  readonly #idAttribute: string;
  readonly #withheld: Withheld;
  /** Which records are groups; null: they are not read. */
  readonly #groups: Filter | null;

  /** @throws RollcallError `ldap.filterInvalid` */
  constructor(source: LdifSource) {
    this.#source = source;
    this.#path = source.path;
    this.#filter = fileFilter(source.users.filter, "an LDIF");
    this.#idAttribute = source.users.id ?? DEFAULT_ID;
    this.#withheld = new Withheld(source.users.attributes);
    this.#groups = source.groups === null ? null : fileFilter(source.groups.filter, "an LDIF");
  }

  async open(signal: AbortSignal): Promise<DirectorySession> {
    const server = `LDIF file ${this.#path}`;
    const record = new EvidenceRecord(server, null, this.#withheld);
    const session = fileSession({
      server,
      people: () => this.#batches(signal, record),
      evidence: () => record.evidence,
      absence: () => new FileAbsence(() => this.#identifiers(signal)),
      objects:
        this.#groups === null
          ? null
          : { read: (ids: readonly string[] | null) => this.#groupsOf(ids, signal) },
    });
    return await Promise.resolve(session);
  }

  async probe(signal: AbortSignal): Promise<Probe> {
    const server = `LDIF file ${this.#path}`;
    const found = {
      server,
      idAttribute: this.#idAttribute,
      way: null,
      wanted: "auto",
      listens: false,
      remarks: [],
      attributes: null,
      certificates: [],
      silent: [],
    } as const;
    for await (const batch of this.#batches(
      signal,
      new EvidenceRecord(server, null, this.#withheld),
    )) {
      if (batch.length === 0) continue;
      const problem = commonProblem(batch);
      for (const entry of batch) entry.decode();
      const leftOut = leftOutRemark(this.#withheld);
      const remarks = leftOut === null ? [] : [leftOut];
      return { ...found, remarks, hasPeople: true, problem };
    }
    return { ...found, hasPeople: false, problem: null };
  }

  async *#batches(signal: AbortSignal, record: EvidenceRecord): AsyncGenerator<RawEntry[]> {
    let batch: RawEntry[] = [];
    let bytes = 0;
    let entries = 0;
    const onDoubt = (why: string): void => record.doubt(why);
    for await (const one of parseLdif(this.#chunks(signal), this.#path, onDoubt)) {
      const entry = this.#entry(one);
      if (entry === null) continue;
      batch.push(entry);
      bytes += entry.size;
      entries++;
      if (batch.length >= BATCH_ENTRIES || bytes >= BATCH_BYTES) {
        yield batch;
        batch = [];
        bytes = 0;
      }
    }
    if (batch.length > 0) yield batch;
    record.count(entries);
    record.complete("the end of the file");
  }

  /** @param ids only these; null: all */
  async *#groupsOf(
    ids: readonly string[] | null,
    signal: AbortSignal,
  ): AsyncGenerator<DirectoryObject[]> {
    const wanted = ids === null ? null : new Set(ids);
    let batch: DirectoryObject[] = [];
    for await (const record of parseLdif(this.#chunks(signal), this.#path)) {
      const group = this.#group(record);
      if (group === null || wanted?.has(group.id) === false) continue;
      batch.push(group);
      if (batch.length < BATCH_ENTRIES) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  /** The record as a group; null if it is none. One without an identifier is known by its name. */
  #group(record: LdifRecord): DirectoryObject | null {
    const profile = profileOf(record);
    if (this.#groups === null || !matchesFilter(this.#groups, profile)) return null;
    const { dn, id } = this.#identify(record);
    const known = id ?? dnKey(dn).slice(0, MAX_ID);
    return toDirectoryObject("group", {
      id: known,
      dn,
      hash: hash("sha1", record.bytes, "hex"),
      problem: null,
      size: record.bytes.length,
      decode: () => ({ dn, id: known, disabled: false, problem: null, profile }),
    });
  }

  /** Of all records, whatever the filter says. */
  async *#identifiers(signal: AbortSignal): AsyncGenerator<string> {
    for await (const record of parseLdif(this.#chunks(signal), this.#path)) {
      const { id } = this.#identify(record);
      if (id !== null) yield id;
    }
  }

  #chunks(signal: AbortSignal): AsyncGenerator<Buffer> {
    return fileChunks(this.#path, "ldif.unreadable", signal);
  }

  /** The record as an entry; null if the filter says that it is no person. */
  #entry(record: LdifRecord): RawEntry | null {
    const profile = profileOf(record);
    if (!matchesFilter(this.#filter, profile)) return null;
    const { dn, id, tooLong, values, claims } = this.#identify(record);
    const state = stateOf(this.#source.users.disabled, dn, profile);
    return {
      id,
      ...(claims.length > 0 ? { claims } : {}),
      dn,
      hash: hash("sha1", record.bytes, "hex"),
      problem: this.#problemOf({ ...record, dn, id, tooLong, values }),
      size: record.bytes.length,
      decode: () => ({ dn, id: id ?? "", ...state, profile: this.#kept(profile) }),
    };
  }

  #problemOf({ dn, id, tooLong, values, size, partial }: Found): Problem | null {
    if (tooLong) return idTooLong(this.#idAttribute, dn);
    if (id === null) return idProblem(this.#idAttribute, dn, values);
    if (partial !== null) {
      const message = `${dn} has only a part of its ${partial}; export it whole.`;
      return { code: "entry.undecodable", field: partial, message };
    }
    return entryTooLarge(dn, size);
  }

  /** Without credentials; the filter saw them. */
  #kept(profile: AppProfile): AppProfile {
    for (const name in profile)
      if (this.#withheld.has(name) || this.#isTooLarge(name, profile)) delete profile[name];
    return profile;
  }

  #isTooLarge(name: string, profile: AppProfile): boolean {
    if (attributeKind(name) !== "binary") return false;
    const values = attributeValues(profile, name);
    const base64 = values.reduce(
      (sum, one) => sum + (typeof one === "string" ? one : one.base64).length,
      0,
    );
    return this.#withheld.isTooLarge(name, base64 * 0.75);
  }

  #identify(record: LdifRecord): {
    dn: string;
    id: string | null;
    tooLong: boolean;
    values: number;
    /** All identifiers, where there are several. */
    claims: readonly string[];
  } {
    const lower = this.#idAttribute.toLowerCase();
    const ids = record.attributes.filter((attribute) => attribute.name.toLowerCase() === lower);
    const [only] = ids;
    const found =
      only === undefined || ids.length > 1 ? null : externalIdInFile(this.#idAttribute, only.value);
    const tooLong = found !== null && found.length > MAX_ID;
    const several = ids.length > 1 ? ids : [];
    const claims = several.flatMap(({ value }) => externalIdInFile(this.#idAttribute, value) ?? []);
    const id = tooLong ? null : found;
    return { dn: decodeDn(record.dn), id, tooLong, values: ids.length, claims };
  }
}

function profileOf(record: LdifRecord): AppProfile {
  const profile: AppProfile = {};
  const keys = new Map<string, string>();
  for (const { name, value } of record.attributes) {
    const decoded = decodeValue(value, 0, value.length, attributeKind(name));
    // The file may write one attribute in several ways; the first decides how it is kept.
    const lower = name.toLowerCase();
    const key = keys.get(lower) ?? name;
    keys.set(lower, key);
    const before = ownValue(profile, key);
    if (before === undefined) profile[key] = decoded;
    else if (Array.isArray(before)) (before as AttributeValue[]).push(decoded);
    else profile[key] = [before as AttributeValue, decoded];
  }
  return profile;
}
