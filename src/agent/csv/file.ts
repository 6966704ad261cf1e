/** A file of lines and columns: its rows, and what each has by the names of its columns. */
import { stat } from "node:fs/promises";
import type { CsvFormat } from "../../model/directory.ts";
import type { AppProfile } from "../../model/entry.ts";
import { RollcallError } from "../../model/errors.ts";
import { fileChunks } from "../files.ts";
import { beginningOf } from "./delimiter.ts";
import { asText, encodingOf } from "./encoding.ts";
import { headingOf, type Heading, type Needed } from "./heading.ts";
import { fits, openEnd, Trailer, type Reading } from "./reading.ts";
import { rowsOf, type Row } from "./rows.ts";
import { withoutFormula } from "./spreadsheet.ts";

export class CsvFile {
  readonly #path: string;
  readonly #format: CsvFormat;
  readonly #needed: readonly Needed[];
  /** The column whose cells have one value, whatever separates others. */
  readonly #single: string | null;

  constructor(
    path: string,
    format: CsvFormat,
    needed: readonly Needed[] = [],
    single: string | null = null,
  ) {
    this.#path = path;
    this.#format = format;
    this.#needed = needed;
    this.#single = single;
  }

  /**
   * The rows of people; what is known of the file besides is noted in `reading`.
   * @throws RollcallError `csv.changed` if the file is not what it was when its reading began
   */
  async *rows(signal: AbortSignal, reading: Reading): AsyncGenerator<Row> {
    const path = this.#path;
    const format = this.#format;
    const before = await this.#state();
    const chunks = (): AsyncGenerator<Buffer> => fileChunks(path, "csv.unreadable", signal);
    const encoding = format.encoding ?? (await encodingOf(chunks()));
    const beginning = await beginningOf(asText(chunks(), encoding, path), format.delimiter);
    const { delimiter, text, linesBefore } = beginning;
    let isClosed = false;
    const onEnd = (closed: boolean): void => void (isClosed = closed);
    const trailer = new Trailer(format.trailer);
    for await (const row of rowsOf(text, { delimiter, path, linesBefore, onEnd })) {
      if (!reading.isBegun) {
        const heading = headingOf(row.fields, this.#needed, path);
        reading.begin(heading, { delimiter, encoding });
        continue;
      }
      if (trailer.isOne(row)) continue;
      if (!fits(row, reading.begun.heading)) reading.noteMisfit(row);
      yield row;
    }
    if (!reading.isBegun) headingOf([], this.#needed, path);
    // Where a closing line says that all is there, the last line's end says no more.
    reading.conclude(format.trailer === null ? openEnd(isClosed) : trailer.doubt);
    if ((await this.#state()) !== before) {
      const message = `${path} was written while it was read, so nothing of it is taken.`;
      throw new RollcallError("csv.changed", message);
    }
  }

  /** Whatever changes with the file. */
  async #state(): Promise<string> {
    const path = this.#path;
    try {
      const { size, mtimeMs, ino } = await stat(path);
      return `${size} ${mtimeMs} ${ino}`;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `${path} cannot be read: ${reason}`;
      throw new RollcallError("csv.unreadable", message, { cause });
    }
  }

  /** Cells by the names of their columns; an empty one is no value. */
  profile({ fields }: Row, { names }: Heading): AppProfile {
    const profile: AppProfile = {};
    const { separator } = this.#format;
    for (const [i, name] of names.entries()) {
      const cell = withoutFormula(fields[i] ?? "");
      if (name === null || cell === "") continue;
      const isOne = separator === null || name.toLowerCase() === this.#single?.toLowerCase();
      const values = isOne
        ? [cell]
        : cell
            .split(separator)
            .map((value) => value.trim())
            .filter((value) => value !== "");
      const [only, ...others] = values;
      if (only !== undefined) profile[name] = others.length === 0 ? only : values;
    }
    return profile;
  }
}
