import { TextDecoder } from "node:util";

/** By which a text of UTF-16 begins (Unicode, section 23.8). */
const MARKS = [
  { bytes: [0xff, 0xfe], encoding: "utf-16le" },
  { bytes: [0xfe, 0xff], encoding: "utf-16be" },
] as const;
const LONGEST = 2;

/** A file as UTF-8: one that begins with a mark of UTF-16, as `ldifde -u` writes, is converted. */
export async function* asUtf8(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let begun: Buffer | null = Buffer.alloc(0);
  let decoder: TextDecoder | null = null;
  const converted = (chunk: Buffer): Buffer =>
    decoder === null ? chunk : Buffer.from(decoder.decode(chunk, { stream: true }));
  for await (const chunk of chunks) {
    if (begun === null) {
      yield converted(chunk);
      continue;
    }
    begun = Buffer.concat([begun, chunk]);
    if (begun.length < LONGEST) continue;
    const mark = markOf(begun);
    if (mark !== undefined) decoder = new TextDecoder(mark.encoding);
    yield converted(begun);
    begun = null;
  }
  if (begun !== null) yield begun;
  else if (decoder !== null) yield Buffer.from(decoder.decode());
}

function markOf(begun: Buffer): (typeof MARKS)[number] | undefined {
  return MARKS.find(({ bytes }) => bytes.every((byte, i) => begun[i] === byte));
}
