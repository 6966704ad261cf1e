/** In which encoding a file of text is written. What is not told by its first bytes is found. */
import { TextDecoder } from "node:util";
import { RollcallError } from "../../model/errors.ts";

const MARKS = [
  { bytes: [0xef, 0xbb, 0xbf], encoding: "utf-8" },
  { bytes: [0xff, 0xfe], encoding: "utf-16le" },
  { bytes: [0xfe, 0xff], encoding: "utf-16be" },
] as const;

/** What most programs write on Windows that do not write Unicode. */
const FALLBACK = "windows-1252";

/**
 * By its mark (Unicode, section 23.8); else UTF-16 where every other byte of the beginning is zero,
 * else UTF-8 if all of it is, else Windows-1252.
 * @param where the file, for the message
 * @throws RollcallError `csv.invalid` if some of it is UTF-8 and some is not: read in another
 * encoding, everybody would get another name
 */
export async function encodingOf(chunks: AsyncIterable<Buffer>, where: string): Promise<string> {
  const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
  const strict = new TextDecoder("utf-8", { fatal: true });
  let isFirst = true;
  let isFaulty = false;
  let hasSigns = false;
  const look = (chunk?: Buffer): void => {
    const text = lenient.decode(chunk, { stream: chunk !== undefined });
    hasSigns ||= /[^\0-\x7F\uFFFD]/.test(text);
    isFaulty ||= !decodes(strict, chunk);
  };
  for await (const chunk of chunks) {
    const told = isFirst ? toldBy(chunk) : null;
    if (told !== null) return told;
    isFirst = false;
    look(chunk);
  }
  look();
  if (!isFaulty) return "utf-8";
  if (!hasSigns) return FALLBACK;
  const message = `${where} is UTF-8 in some places and not in others; have it written anew, or set encoding.`;
  throw new RollcallError("csv.invalid", message);
}

/** Whether a further piece of the text is what it says; without one, whether the text is complete. */
function decodes(strict: TextDecoder, chunk: Buffer | undefined): boolean {
  try {
    strict.decode(chunk, { stream: chunk !== undefined });
    return true;
  } catch {
    return false;
  }
}

function toldBy(begun: Buffer): string | null {
  const mark = MARKS.find(({ bytes }) => bytes.every((byte, i) => begun[i] === byte));
  if (mark !== undefined) return mark.encoding;
  const half = Math.floor(Math.min(begun.length, 200) / 2);
  if (half < 2) return null;
  const zeros = (from: number): number =>
    Array.from({ length: half }, (_, i) => begun[2 * i + from]).filter((byte) => byte === 0).length;
  if (zeros(1) > half / 2 && zeros(0) === 0) return "utf-16le";
  return zeros(0) > half / 2 && zeros(1) === 0 ? "utf-16be" : null;
}

/**
 * The file as text, without its mark.
 * @param where the file, for the message
 * @throws RollcallError `csv.invalid` if it has bytes that are no text of this encoding
 */
export async function* asText(
  chunks: AsyncIterable<Buffer>,
  encoding: string,
  where: string,
): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  let bytes = 0;
  const decoded = (chunk: Buffer | null): string => {
    try {
      return chunk === null ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (cause) {
      const message = `${where} is not text in ${encoding}: about byte ${bytes} cannot be read.`;
      throw new RollcallError("csv.invalid", message, { cause });
    }
  };
  for await (const chunk of chunks) {
    const text = decoded(chunk);
    bytes += chunk.length;
    if (text !== "") yield text;
  }
  const rest = decoded(null);
  if (rest !== "") yield rest;
}
