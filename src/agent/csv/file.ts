/** A file of lines and columns: its rows, and what each has by the names of its columns. */
import { stat } from "node:fs/promises";
import type { CsvFormat } from "../../model/directory.ts";
import type { AppProfile } from "../../model/entry.ts";
import { RollcallError } from "../../model/errors.ts";
import { fileChunks } from "../files.ts";
import { beginningOf, nameOfSign } from "./delimiter.ts";
import { asText, encodingOf } from "./encoding.ts";
import { headingOf, type Heading, type Needed } from "./heading.ts";
import { Ending, type Reading } from "./reading.ts";
import { rowsOf, type Row, type JudgedRow } from "./rows.ts";
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
  async *rows(signal: AbortSignal, reading: Reading): AsyncGenerator<JudgedRow> {
    const before = await this.#state();
    yield* this.#rowsIn(signal, reading);
    if ((await this.#state()) !== before) {
      const message = `${this.#path} was written while it was read, so nothing of it is taken.`;
      throw new RollcallError("csv.changed", message);
    }
  }

  /** One row behind, because only the end of the file tells what its last row is. */
  async *#rowsIn(signal: AbortSignal, reading: Reading): AsyncGenerator<JudgedRow> {
    const ending = new Ending(this.#format.trailer);
    const end = { isClosed: false };
    let last: Row | null = null;
    let rows = 0;
    for await (const row of this.#rawRows(signal, reading, end)) {
      if (last !== null) {
        reading.note(ending.doubtWithin(last));
        yield { ...last, state: reading.judge(last) ? "whole" : "misfit" };
        rows++;
      }
      last = row;
    }
    const { kind, doubt } = ending.judge(last, rows, end.isClosed);
    reading.note(doubt);
    if (last === null || kind === "closing") return;
    const fitting = kind === "open" ? "open" : "whole";
    yield { ...last, state: reading.judge(last) ? fitting : "misfit" };
  }

  /** The rows behind the heading, as they are written. */
  async *#rawRows(
    signal: AbortSignal,
    reading: Reading,
    end: { isClosed: boolean },
  ): AsyncGenerator<Row> {
    const path = this.#path;
    const chunks = (): AsyncGenerator<Buffer> => fileChunks(path, "csv.unreadable", signal);
    const encoding = this.#format.encoding ?? (await encodingOf(chunks(), path));
    const text = asText(chunks(), encoding, path);
    const beginning = await beginningOf(text, this.#format.delimiter);
    const { delimiter, linesBefore } = beginning;
    const onEnd = (isClosed: boolean): void => void (end.isClosed = isClosed);
    const where = `${path}, read with ${nameOfSign(delimiter)} between the fields,`;
    for await (const row of rowsOf(beginning.text, { delimiter, path, linesBefore, onEnd })) {
      if (reading.isBegun) yield row;
      else reading.begin(headingOf(row.fields, this.#needed, where), { delimiter, encoding });
    }
    if (!reading.isBegun) headingOf([], this.#needed, path);
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
