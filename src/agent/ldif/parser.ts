/**
 * LDIF content records (RFC 2849) from a stream of bytes: folded lines, base64 values, comments,
 * `version: 1`. Values are kept as bytes until it is known what they are. References to files and
 * URLs (`:<`) are refused, because a file from elsewhere must not make Rollcall read others; so
 * are change records, which are not people, but for `changetype: add`, with which Windows' ldifde
 * exports. Any other fault stops the read with its line: a broken file cannot be taken for the
 * whole truth. Files are taken as people have them: several exports in one, and with what
 * ldapsearch writes around the entries, whose `result:` also tells whether they are all.
 */
import { MAX_ENTRY_BYTES } from "../identity.ts";
import { rangeOf } from "../range-option.ts";
import { asUtf8 } from "./as-utf8.ts";
import { SearchNotes } from "./search-notes.ts";
import { RollcallError } from "../../model/errors.ts";

export interface LdifRecord {
  readonly dn: Buffer;
  readonly attributes: readonly { readonly name: string; readonly value: Buffer }[];
  /** The unfolded lines of the record, as they stand in the file. */
  readonly bytes: Buffer;
  /** What it takes: its bytes in the file, which are more than `bytes` where it is too large, and its lines. */
  readonly size: number;
  readonly line: number;
  /** An attribute of which only a part of the values is there; null if there is none. */
  readonly partial: string | null;
}

interface Line {
  readonly bytes: Buffer;
  readonly number: number;
  /** How many bytes were left out at its end, as they are too many to keep. */
  readonly dropped: number;
}

/** What a line costs besides its bytes. */
const LINE_COST = 64;
/** So much of a line whose value is too large: its name stands there. */
const KEPT_OF_LARGE = 4096;
const NEWLINE = 0x0a;
const SPACE = 0x20;
/** Some servers have names with an underscore, against RFC 4512 section 1.4. */
const DESCRIPTION = /^(?:[A-Za-z][A-Za-z0-9_-]*|\d+(?:\.\d+)+)(?:;[A-Za-z0-9_-]+)*$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const RETURN = 0x0d;
const HASH = 0x23;
/** What is read of a comment. */
const MAX_COMMENT = 200;
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * @param onDoubt told, at the end, why the file may not be whole
 * @throws RollcallError `ldif.invalid` with file and line
 */
export async function* parseLdif(
  chunks: AsyncIterable<Buffer>,
  file: string,
  onDoubt: (why: string) => void = () => undefined,
): AsyncGenerator<LdifRecord> {
  const notes = new SearchNotes();
  let lines: Line[] = [];
  let kept = 0;
  const record = (): LdifRecord | null => {
    const found = parseRecord(lines, file, notes);
    lines = [];
    kept = 0;
    if (found !== null) notes.entry();
    return found;
  };
  for await (const line of unfold(physicalLines(asUtf8(chunks), file, onDoubt), file, notes)) {
    if (line.bytes.length > 0) {
      const one = kept + line.bytes.length > MAX_ENTRY_BYTES ? shortened(line) : line;
      kept += one.bytes.length + LINE_COST;
      if (kept <= MOST_KEPT) lines.push(one);
      continue;
    }
    const found = record();
    if (found !== null) yield found;
  }
  const last = record();
  if (last !== null) yield last;
  if (notes.doubt !== null) onDoubt(notes.doubt);
}

/** The beginnings of many lines that were shortened are too many, too. */
const MOST_KEPT = 2 * MAX_ENTRY_BYTES;

function shortened({ bytes, number, dropped }: Line): Line {
  if (bytes.length <= KEPT_OF_LARGE) return { bytes, number, dropped };
  const start = Buffer.from(bytes.subarray(0, KEPT_OF_LARGE));
  return { bytes: start, number, dropped: dropped + bytes.length - start.length };
}

const CUT =
  "The last line of the file has no end, as in a file that was cut off; if it is whole, add an empty line.";

/** Lines of the file without their end (LF or CR LF). */
async function* physicalLines(
  chunks: AsyncIterable<Buffer>,
  file: string,
  onDoubt: (why: string) => void,
): AsyncGenerator<Line> {
  let line = new LineParts();
  let number = 1;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      line.add(chunk.subarray(from, at));
      yield lineOf(line, number++, file);
      line = new LineParts();
      from = at + 1;
    }
    if (from < chunk.length) line.add(chunk.subarray(from));
  }
  if (line.isEmpty) return;
  const last = lineOf(line, number, file);
  onDoubt(CUT);
  yield last;
}

/** A line as it comes in, as far as it can be kept. Most come in one piece, which is not copied. */
class LineParts {
  #bytes: Buffer = Buffer.alloc(0);
  #size = 0;
  dropped = 0;

  add(bytes: Buffer): void {
    const room = Math.max(0, MAX_ENTRY_BYTES - this.#size);
    const part = bytes.length > room ? bytes.subarray(0, room) : bytes;
    this.dropped += bytes.length - part.length;
    if (this.#size === 0) this.#bytes = part;
    else if (part.length > 0) this.#append(part);
    this.#size += part.length;
  }

  /** However small the pieces are, each byte is copied a few times at most. */
  #append(part: Buffer): void {
    const needed = this.#size + part.length;
    if (needed > this.#bytes.length || !this.#isOwn) {
      const larger = Buffer.allocUnsafe(Math.max(256, 2 * needed));
      this.#bytes.copy(larger, 0, 0, this.#size);
      this.#bytes = larger;
      this.#isOwn = true;
    }
    part.copy(this.#bytes, this.#size);
  }

  #isOwn = false;

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#size);
  }
}

/** Without the carriage returns at its end. */
function lineOf({ bytes: whole, dropped }: LineParts, number: number, file: string): Line {
  let end = whole.length;
  while (end > 0 && whole[end - 1] === RETURN) end--;
  // One file of several has several marks.
  const start = whole.subarray(0, MARK.length).equals(MARK) ? MARK.length : 0;
  const bytes = whole.subarray(start, end);
  if (bytes.includes(RETURN))
    fail(file, number, "lines end with CR only; LDIF has LF or CR LF, so convert the file");
  if (bytes.includes(0))
    fail(file, number, "there is a NUL, as in UTF-16 without a byte order mark; save it as UTF-8");
  return { bytes, number, dropped };
}

/** Joins continuation lines (which begin with one space) and drops comments, folded ones too. */
async function* unfold(
  lines: AsyncIterable<Line>,
  file: string,
  notes: SearchNotes,
): AsyncGenerator<Line> {
  let parts = new LineParts();
  let number = 0;
  const finish = (): Line | null => {
    if (parts.isEmpty) return null;
    const { bytes, dropped } = parts;
    if (bytes[0] !== HASH) return { bytes, number, dropped };
    const fault = notes.comment(bytes.toString("latin1", 1, MAX_COMMENT));
    if (fault !== null) fail(file, number, fault);
    return null;
  };
  for await (const line of lines) {
    if (line.bytes[0] === SPACE && !parts.isEmpty) {
      parts.add(line.bytes.subarray(1));
      parts.dropped += line.dropped;
      continue;
    }
    if (line.bytes[0] === SPACE) fail(file, line.number, "a continuation without a line before it");
    const before = finish();
    if (before !== null) yield before;
    parts = new LineParts();
    parts.add(line.bytes);
    parts.dropped += line.dropped;
    number = line.number;
    if (line.bytes.length === 0) yield line;
  }
  const last = finish();
  if (last !== null) yield last;
}

function parseRecord(lines: readonly Line[], file: string, notes: SearchNotes): LdifRecord | null {
  // Each export begins with it, and one file may hold several.
  const content = isVersion(lines[0], file) ? lines.slice(1) : lines;
  const [head, ...rest] = content;
  if (head === undefined || isSearchResult(content, file, notes)) return null;
  const dn = parseLine(head, file);
  if (dn.name.toLowerCase() === "ref")
    fail(file, head.number, "the search was referred to another server; export from there as well");
  if (dn.name.toLowerCase() !== "dn") fail(file, head.number, "a record begins with `dn:`");
  const attributes = rest.flatMap((line) => {
    const attribute = parseLine(line, file);
    const name = attribute.name.toLowerCase();
    if (name === "changetype" && attribute.value.toString("latin1").trim() === "add") return [];
    if (name === "changetype" || name === "control") {
      fail(file, line.number, `a ${name} is a change and no entry; export the entries themselves`);
    }
    if (name === "dn") fail(file, line.number, "a second `dn:` without an empty line before it");
    return attribute;
  });
  const bytes = Buffer.concat(content.flatMap((line) => [line.bytes, Buffer.from([NEWLINE])]));
  const dropped = content.reduce((sum, line) => sum + line.dropped + LINE_COST, 0);
  const size = bytes.length + dropped;
  const { number: line } = head;
  return { dn: dn.value, attributes, bytes, size, line, partial: partialOf(rest) };
}

/** Lists that come in parts (`;range=0-1499`) are whole if the parts join, up to the last one. */
function partialOf(lines: readonly Line[]): string | null {
  const next = new Map<string, number | null>();
  for (const { bytes } of lines) {
    if (!bytes.subarray(0, MAX_COMMENT).includes(RANGE)) continue;
    const range = rangeOf(bytes.toString("latin1", 0, Math.max(0, bytes.indexOf(":"))));
    if (range === null) continue;
    const name = range.name.toLowerCase();
    const expected = next.get(name) ?? 0;
    const behind = range.to === null ? null : range.to + 1;
    // The lines of one part all have its name.
    const isSame = next.has(name) && next.get(name) === behind;
    if (!isSame && (next.get(name) === null || range.from !== expected)) return range.name;
    next.set(name, behind);
  }
  const [open] = [...next].find(([, behind]) => behind !== null) ?? [];
  return open ?? null;
}

const RANGE = Buffer.from(";range=");

/** What ldapsearch writes behind the entries: only result 0 says that they are all. */
function isSearchResult(lines: readonly Line[], file: string, notes: SearchNotes): boolean {
  const [head] = lines;
  if (head === undefined || !/^search: \d+$/.test(head.bytes.toString("latin1"))) return false;
  for (const { bytes, number } of lines) {
    notes.paging(bytes.toString("latin1", 0, MAX_COMMENT));
    const [, code] = /^result: (\d+)\b/.exec(bytes.toString("latin1", 0, MAX_COMMENT)) ?? [];
    const fault = code === undefined ? null : notes.result(Number(code));
    if (fault !== null) fail(file, number, fault);
  }
  return true;
}

function isVersion(line: Line | undefined, file: string): boolean {
  if (line === undefined || !/^version:/i.test(line.bytes.toString("latin1", 0, 8))) return false;
  const version = line.bytes.toString("latin1", 8).trim();
  // Anything but a number is not shown, as whatever stands where it does not belong.
  if (/^\d{1,9}$/.test(version) && version !== "1")
    fail(file, line.number, `version ${version} is not known; LDIF is version 1`);
  if (version !== "1") fail(file, line.number, "the version is no number; LDIF is version 1");
  return true;
}

function parseLine(line: Line, file: string): { name: string; value: Buffer } {
  const { bytes, number } = line;
  const colon = bytes.indexOf(":");
  if (colon < 0) fail(file, number, "a colon is missing");
  const written = bytes.toString("latin1", 0, colon);
  // Exports of Active Directory have parts of long lists so; here they are parts of one.
  const name = rangeOf(written)?.name ?? written;
  if (!DESCRIPTION.test(name))
    // What stands there is not shown: it may be a line that was cut from a secret.
    fail(file, number, "what stands before the colon is not an attribute name");
  const kind = bytes[colon + 1];
  if (line.dropped > 0 && kind !== 0x3c) return { name, value: Buffer.alloc(0) };
  if (kind === 0x3c) fail(file, number, "references to files and URLs (`:<`) are refused");
  if (kind === 0x3a) return { name, value: base64(bytes.subarray(colon + 2), file, number) };
  let start = colon + 1;
  while (bytes[start] === SPACE) start++;
  return { name, value: bytes.subarray(start) };
}

function base64(bytes: Buffer, file: string, line: number): Buffer {
  const text = bytes.toString("latin1").trim();
  if (text.length % 4 !== 0 || !BASE64.test(text)) {
    fail(file, line, "the value after `::` is not base64");
  }
  return Buffer.from(text, "base64");
}

function fail(file: string, line: number, message: string): never {
  throw new RollcallError("ldif.invalid", `${file}, line ${line}: ${message}.`, {
    field: `${file}:${line}`,
  });
}
