/** The lines of a file of lines and columns, with what shows whether the file is whole. */
import { Readable } from "node:stream";
import { parse, CsvError, type Parser } from "csv-parse";
import { RollcallError } from "../../model/errors.ts";

/** A line has no more characters. */
const MOST_LINE = 4 * 1024 * 1024;

export interface Row {
  /** The number of the line on which it ends; the first is 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * A row, and what is known of it: `open`: the file ends within it, so its last field may be cut;
 * `misfit`: it has other fields than the heading, so nobody knows what stands where.
 */
export interface JudgedRow extends Row {
  readonly state: "whole" | "open" | "misfit";
}

export interface RowsAsked {
  readonly delimiter: string;
  /** The file, for messages. */
  readonly path: string;
  /** How many lines stand before the text. */
  readonly linesBefore: number;
  /** Is told whether the last line ends as a line does. */
  readonly onEnd: (isClosed: boolean) => void;
}

/**
 * The rows in their order, the heading first; without those in which nothing stands.
 * @throws RollcallError `csv.invalid` with the line
 */
export async function* rowsOf(
  text: AsyncIterable<string>,
  { delimiter, path, linesBefore, onEnd }: RowsAsked,
): AsyncGenerator<Row> {
  let last = "\n";
  async function* watched(): AsyncGenerator<string> {
    for await (const piece of text) {
      last = piece.at(-1) ?? last;
      yield piece;
    }
  }
  const parser = parse({
    delimiter,
    info: true,
    trim: true,
    relax_column_count: true,
    // Some files have several kinds.
    record_delimiter: ["\r\n", "\n", "\r"],
    max_record_size: MOST_LINE,
  });
  const source = Readable.from(watched());
  // What fails in the file fails here, and not in the air.
  source.on("error", (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const { record: fields, info } of parser as AsyncIterable<Parsed>)
      if (fields.some((field) => field !== "")) yield { line: info.lines + linesBefore, fields };
  } catch (error) {
    if (error instanceof CsvError) throw invalid(error, path, parser, linesBefore);
    throw error;
  } finally {
    source.destroy();
    parser.destroy();
  }
  onEnd(last === "\n" || last === "\r");
}

interface Parsed {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

function invalid(
  error: CsvError,
  path: string,
  parser: Parser,
  linesBefore: number,
): RollcallError {
  const line = parser.info.lines + linesBefore;
  return new RollcallError(
    "csv.invalid",
    `${path}, line ${line}: ${FAULTS[error.code] ?? error.message}`,
    {
      cause: error,
    },
  );
}

const BEHIND_QUOTE =
  'something stands behind the quote that ends a field; a quote within a quoted field is written twice ("").';

/** The parser's codes, in words that name the cure. */
const FAULTS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED:
    "a quoted field begins and does not end, so the file is cut or a quote is too much.",
  CSV_INVALID_CLOSING_QUOTE: BEHIND_QUOTE,
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: BEHIND_QUOTE,
  INVALID_OPENING_QUOTE:
    'a quote stands within a field that is not quoted; quote the field and write the quote twice ("").',
  CSV_MAX_RECORD_SIZE: `the line is longer than ${MOST_LINE} characters, so a quote may be open.`,
};
