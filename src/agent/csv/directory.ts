import { hash } from "node:crypto";
import { Withheld } from "../../model/credentials.ts";
import type { CsvSource } from "../../model/directory.ts";
import type { DirectoryObject } from "../../model/directory-object.ts";
import { escapeDnValue } from "../../model/dn.ts";
import { attributeValues, type AppProfile, type RawEntry } from "../../model/entry.ts";
import { RollcallError, type Problem } from "../../model/errors.ts";
import type { Directory, DirectorySession, Probe } from "../directory.ts";
import { EvidenceRecord, leftOutRemark } from "../evidence.ts";
import { fileFilter, FileAbsence, fileSession } from "../files.ts";
import { attributesIn, type Filter } from "../filter.ts";
import { toDirectoryObject } from "../groups.ts";
import {
  commonProblem,
  entryTooLarge,
  externalIdInFile,
  idProblem,
  idTooLong,
  MAX_ID,
  stateOf,
} from "../identity.ts";
import { matchesFilter } from "../match-filter.ts";
import { CsvFile } from "./file.ts";
import type { Heading, Needed } from "./heading.ts";
import { nameOfSign } from "./delimiter.ts";
import { Reading } from "./reading.ts";
import type { JudgedRow } from "./rows.ts";
import { faultOf, remarkOn } from "./spreadsheet.ts";

const BATCH_ENTRIES = 1000;

/** A directory in a file of lines and columns: a row for each person, the first one has the headings. */
export class CsvDirectory implements Directory {
  readonly #source: CsvSource;
  readonly #id: string;
  readonly #filter: Filter | null;
  readonly #withheld: Withheld;
  readonly #file: CsvFile;
  /** The columns of which anything depends. */
  readonly #read: readonly string[];

  /**
   * @param mapped the columns that mappings read
   * @throws RollcallError `ldap.filterInvalid`
   */
  constructor(source: CsvSource, mapped: readonly string[]) {
    const { users, groupsColumn } = source;
    this.#source = source;
    this.#id = users.id ?? "";
    this.#filter = users.filter === "" ? null : fileFilter(users.filter, "a CSV");
    this.#withheld = new Withheld(users.attributes);
    const filtered = this.#filter === null ? [] : attributesIn(this.#filter);
    const needed: Needed[] = [
      { name: this.#id, why: "by which people are identified" },
      ...users.disabled.map(({ attribute: name }) => ({
        name,
        why: "which tells whether an account is disabled",
      })),
      ...filtered.map((name) => ({ name, why: "which the filter asks for" })),
      ...(groupsColumn === null ? [] : [{ name: groupsColumn, why: "which names the groups" }]),
      ...mapped.map((name) => ({ name, why: "which a mapping reads" })),
    ];
    this.#read = [...new Set(needed.map(({ name }) => name))];
    this.#file = new CsvFile(source.path, source.format, needed, this.#id);
  }

  async open(signal: AbortSignal): Promise<DirectorySession> {
    const server = this.#server;
    const record = new EvidenceRecord(server, null, this.#withheld);
    const { groupsColumn } = this.#source;
    const session = fileSession({
      server,
      people: () => this.#batches(signal, record),
      evidence: () => record.evidence,
      absence: () => new FileAbsence(() => this.#identifiers(signal)),
      objects:
        groupsColumn === null
          ? null
          : { read: (ids: readonly string[] | null) => this.#groups(groupsColumn, ids, signal) },
    });
    return await Promise.resolve(session);
  }

  get #server(): string {
    return `CSV file ${this.#source.path}`;
  }

  async probe(signal: AbortSignal): Promise<Probe> {
    const record = new EvidenceRecord(this.#server, null, this.#withheld);
    const reading = new Reading();
    const found = {
      server: this.#server,
      idAttribute: this.#id,
      way: null,
      wanted: "auto",
      listens: false,
      certificates: [],
      silent: [],
    } as const;
    for await (const batch of this.#batches(signal, record, reading)) {
      const problem = commonProblem(batch);
      const profiles = batch.map((entry) => entry.decode().profile);
      const { heading, written } = reading.begun;
      const leftOut = leftOutRemark(this.#withheld);
      const remarks = [
        `read as ${written.encoding}, with ${nameOfSign(written.delimiter)} between the fields`,
        ...(leftOut === null ? [] : [leftOut]),
        ...spreadsheetRemarks(heading, profiles),
      ];
      return { ...found, remarks, hasPeople: true, problem, attributes: heading.known };
    }
    return { ...found, remarks: [], hasPeople: false, problem: null, attributes: null };
  }

  async *#batches(
    signal: AbortSignal,
    record: EvidenceRecord,
    reading: Reading = new Reading(),
  ): AsyncGenerator<RawEntry[]> {
    let batch: RawEntry[] = [];
    let entries = 0;
    for await (const row of this.#file.rows(signal, reading)) {
      const entry = this.#entry(row, reading.begun.heading);
      if (entry === null) continue;
      // Whoever it is, is not seen, and may not be taken for gone.
      if (entry.id === null) reading.note(entry.problem?.message ?? null);
      batch.push(entry);
      entries++;
      if (batch.length < BATCH_ENTRIES) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
    record.count(entries);
    if (reading.doubt !== null) record.doubt(reading.doubt);
    record.complete("the end of the file");
  }

  /** Of all rows, whatever the filter says. */
  async *#identifiers(signal: AbortSignal): AsyncGenerator<string> {
    const reading = new Reading();
    for await (const row of this.#file.rows(signal, reading)) {
      const { heading } = reading.begun;
      const { id } = this.#identify(row, this.#file.profile(row, heading), heading);
      if (id !== null) yield id;
    }
  }

  /** The row as an entry; null if the filter says that it is no person. */
  #entry(row: JudgedRow, heading: Heading): RawEntry | null {
    const profile = this.#file.profile(row, heading);
    if (row.state === "whole" && this.#isNoPerson(profile)) return null;
    const { id, dn, problem } = this.#identify(row, profile, heading);
    const state = stateOf(this.#source.users.disabled, dn, profile);
    const text = JSON.stringify(profile);
    return {
      id,
      dn,
      hash: hash("sha1", text, "hex"),
      problem: problem ?? this.#cellProblem(dn, profile) ?? entryTooLarge(dn, text.length),
      size: text.length,
      decode: () => ({ dn, id: id ?? "", ...state, profile: this.#kept(profile) }),
    };
  }

  /** What the filter asks for and cannot be read makes nobody anything else than they were. */
  #isNoPerson(profile: AppProfile): boolean {
    if (this.#filter === null || matchesFilter(this.#filter, profile)) return false;
    return !attributesIn(this.#filter).some((name) => faultIn(profile, name) !== null);
  }

  /** What is stored stays where a cell that is read cannot be what the person has. */
  #cellProblem(dn: string, profile: AppProfile): Problem | null {
    for (const name of this.#read) {
      const fault = faultIn(profile, name);
      if (fault === null) continue;
      const message = `${fault.name} of ${dn} is ${fault.value}, ${fault.why}.`;
      return { code: "entry.undecodable", field: fault.name, message };
    }
    return null;
  }

  #identify(row: JudgedRow, profile: AppProfile, { names }: Heading): Identified {
    const where = `line ${row.line}`;
    const problem = (one: Problem): Identified => ({ id: null, dn: where, problem: one });
    const isLast = names.at(-1)?.toLowerCase() === this.#id.toLowerCase();
    if (row.state === "misfit" || (row.state === "open" && isLast)) {
      const message = `${where} has another number of fields than the heading, or no end, so it is not known what stands where.`;
      return problem({ code: "entry.undecodable", field: this.#id, message });
    }
    const [text = null] = textsOf(profile, this.#id);
    if (text === null) return problem(idProblem(this.#id, where, 0));
    const fault = faultOf(text);
    if (fault !== null) {
      const message = `${this.#id} of ${where} is ${text}, ${fault}.`;
      return problem({ code: "entry.undecodable", field: this.#id, message });
    }
    const id = externalIdInFile(this.#id, Buffer.from(text));
    if (id === null) return problem(idProblem(this.#id, where, 0));
    if (id.length > MAX_ID) return problem(idTooLong(this.#id, where));
    const dn = `${this.#id}=${escapeDnValue(text)}`;
    if (row.state === "whole") return { id, dn, problem: null };
    const message = `${where}, the last one, has no end, so its last value may be cut.`;
    return {
      id,
      dn,
      problem: { code: "entry.undecodable", field: names.at(-1) ?? this.#id, message },
    };
  }

  /** Without credentials; the filter saw them. */
  #kept(profile: AppProfile): AppProfile {
    for (const name in profile) if (this.#withheld.has(name)) delete profile[name];
    return profile;
  }

  #groupsUntold({ line }: JudgedRow, fault: Fault | null): RollcallError {
    const reason =
      fault === null
        ? "it is not known what stands where, or whose it is"
        : `${fault.name} is ${fault.value}, ${fault.why}`;
    const message = `${this.#source.path}, line ${line}: ${reason}, so it cannot be told who is in which group.`;
    return new RollcallError("csv.invalid", message);
  }

  /**
   * Who names groups in a row; null: nobody does.
   * @throws RollcallError `csv.invalid` where that cannot be told: whose groups they are would lose them
   */
  #memberOf(
    row: JudgedRow,
    profile: AppProfile,
    { heading, column }: { readonly heading: Heading; readonly column: string },
  ): string | null {
    if (row.state === "whole" && this.#isNoPerson(profile)) return null;
    const { id, dn } = this.#identify(row, profile, heading);
    const fault = faultIn(profile, column);
    const isLast = heading.names.at(-1)?.toLowerCase() === column.toLowerCase();
    const isCut = row.state === "misfit" || (row.state === "open" && isLast);
    const isNobodys = id === null && textsOf(profile, column).length > 0;
    if (isCut || isNobodys || fault !== null) throw this.#groupsUntold(row, fault);
    return id === null ? null : dn;
  }

  /** Groups are what a column names; their members are whoever names them. */
  async *#groups(
    column: string,
    ids: readonly string[] | null,
    signal: AbortSignal,
  ): AsyncGenerator<DirectoryObject[]> {
    const members = new Map<string, string[]>();
    const reading = new Reading();
    for await (const row of this.#file.rows(signal, reading)) {
      const { heading } = reading.begun;
      const profile = this.#file.profile(row, heading);
      const dn = this.#memberOf(row, profile, { heading, column });
      if (dn === null) continue;
      for (const name of textsOf(profile, column)) {
        const those = members.get(name);
        if (those === undefined) members.set(name, [dn]);
        else those.push(dn);
      }
    }
    const wanted = ids === null ? null : new Set(ids);
    const groups = [...members]
      .filter(([name]) => wanted?.has(name) !== false)
      .map(([name, member]) => toGroup(column, name, member));
    if (groups.length > 0) yield groups;
  }
}

interface Fault {
  readonly name: string;
  readonly value: string;
  /** As a clause that begins with which. */
  readonly why: string;
}

interface Identified {
  readonly id: string | null;
  readonly dn: string;
  readonly problem: Problem | null;
}

function textsOf(profile: AppProfile, name: string): string[] {
  return attributeValues(profile, name).filter((value) => typeof value === "string");
}

/** A cell of a column that cannot be what the person has; null: there is none. */
function faultIn(profile: AppProfile, name: string): Fault | null {
  for (const value of textsOf(profile, name)) {
    const why = faultOf(value);
    if (why !== null) return { name, value, why };
  }
  return null;
}

function toGroup(column: string, name: string, member: readonly string[]): DirectoryObject {
  const dn = `${column}=${escapeDnValue(name)}`;
  const id = dn.slice(0, MAX_ID);
  const text = JSON.stringify([name, member]);
  return toDirectoryObject("group", {
    id,
    dn,
    hash: hash("sha1", text, "hex"),
    problem: null,
    size: text.length,
    decode: () => ({ dn, id, disabled: false, problem: null, profile: { cn: name, member } }),
  });
}

function spreadsheetRemarks({ names }: Heading, profiles: readonly AppProfile[]): string[] {
  return names.flatMap((name) => {
    if (name === null) return [];
    const values = profiles.flatMap((profile) => textsOf(profile, name));
    return remarkOn(name, values) ?? [];
  });
}
