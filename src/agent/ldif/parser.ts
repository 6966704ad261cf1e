/**
 * LDIF content records (RFC 2849) from a stream of bytes: folded lines, base64 values, comments,
 * `version: 1`. Values are kept as bytes until it is known what they are. References to files and
 * URLs (`:<`) are refused, because a file from elsewhere must not make Rollcall read others; so
 * are change records, which are not people. Any other fault stops the read with its line: a
 * broken file cannot be taken for the whole truth.
 */
import { RollcallError } from "../../model/errors.ts";

export interface LdifRecord {
  readonly dn: Buffer;
  readonly attributes: readonly { readonly name: string; readonly value: Buffer }[];
  /** The unfolded lines of the record, as they stand in the file. */
  readonly bytes: Buffer;
  readonly line: number;
}

interface Line {
  readonly bytes: Buffer;
  readonly number: number;
}

const MAX_LINE = 64 * 1024 * 1024;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const DESCRIPTION = /^(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)(?:;[A-Za-z0-9_-]+)*$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** @throws RollcallError `ldif.invalid` with file and line */
export async function* parseLdif(
  chunks: AsyncIterable<Buffer>,
  file: string,
): AsyncGenerator<LdifRecord> {
  let lines: Line[] = [];
  let first = true;
  for await (const line of unfold(physicalLines(chunks, file), file)) {
    if (line.bytes.length > 0) {
      lines.push(line);
      continue;
    }
    const record = parseRecord(lines, file, first);
    lines = [];
    if (record !== null) {
      first = false;
      yield record;
    }
  }
  const last = parseRecord(lines, file, first);
  if (last !== null) yield last;
}

/** Lines of the file without their end (LF or CR LF). */
async function* physicalLines(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let size = 0;
  let number = 1;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      parts.push(chunk.subarray(from, at));
      yield { bytes: withoutReturn(Buffer.concat(parts)), number: number++ };
      parts = [];
      size = 0;
      from = at + 1;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size > MAX_LINE) fail(file, number, "the line is longer than 64 MiB");
  }
  if (parts.length > 0) yield { bytes: withoutReturn(Buffer.concat(parts)), number };
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
}

/** Windows tools put a byte order mark at the beginning of a file. */
function withoutMark(line: Line): Line {
  const marked = line.number === 1 && line.bytes.subarray(0, 3).equals(BYTE_ORDER_MARK);
  return marked ? { ...line, bytes: line.bytes.subarray(3) } : line;
}

/** Joins continuation lines (which begin with one space) and drops comments, folded ones too. */
async function* unfold(lines: AsyncIterable<Line>, file: string): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let size = 0;
  let number = 0;
  const finish = (): Line => ({ bytes: Buffer.concat(parts), number });
  for await (const physical of lines) {
    const line = withoutMark(physical);
    if (line.bytes[0] === SPACE && parts.length > 0) {
      parts.push(line.bytes.subarray(1));
      size += line.bytes.length;
      if (size > MAX_LINE) fail(file, number, "the value is longer than 64 MiB");
      continue;
    }
    if (line.bytes[0] === SPACE) fail(file, line.number, "a continuation without a line before it");
    if (parts.length > 0 && parts[0]?.[0] !== 0x23) yield finish();
    parts = line.bytes.length > 0 ? [line.bytes] : [];
    size = line.bytes.length;
    number = line.number;
    if (line.bytes.length === 0) yield line;
  }
  if (parts.length > 0 && parts[0]?.[0] !== 0x23) yield finish();
}

function parseRecord(lines: readonly Line[], file: string, first: boolean): LdifRecord | null {
  const content = first && isVersion(lines[0], file) ? lines.slice(1) : lines;
  const [head, ...rest] = content;
  if (head === undefined) return null;
  const dn = parseLine(head, file);
  if (dn.name.toLowerCase() !== "dn") fail(file, head.number, "a record begins with `dn:`");
  const attributes = rest.map((line) => {
    const attribute = parseLine(line, file);
    const name = attribute.name.toLowerCase();
    if (name === "changetype" || name === "control") {
      fail(file, line.number, "change records are not supported; export the entries themselves");
    }
    if (name === "dn") fail(file, line.number, "a second `dn:` without an empty line before it");
    return attribute;
  });
  const bytes = Buffer.concat(content.flatMap((line) => [line.bytes, Buffer.from([NEWLINE])]));
  return { dn: dn.value, attributes, bytes, line: head.number };
}

function isVersion(line: Line | undefined, file: string): boolean {
  if (line === undefined || !/^version:/i.test(line.bytes.toString("latin1", 0, 8))) return false;
  const version = line.bytes.toString("latin1", 8).trim();
  if (version !== "1")
    fail(file, line.number, `version ${version} is not known; LDIF is version 1`);
  return true;
}

function parseLine(line: Line, file: string): { name: string; value: Buffer } {
  const { bytes, number } = line;
  const colon = bytes.indexOf(":");
  if (colon < 0) fail(file, number, "a colon is missing");
  const name = bytes.toString("latin1", 0, colon);
  if (!DESCRIPTION.test(name))
    fail(file, number, `\`${name.slice(0, 40)}\` is not an attribute name`);
  const kind = bytes[colon + 1];
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
