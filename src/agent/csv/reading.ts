/** What one reading of a file shows of the file itself: its heading, and whether it is whole. */
import type { Heading } from "./heading.ts";
import type { Row } from "./rows.ts";

/** How a file is written, as it was told or found. */
export interface Written {
  readonly delimiter: string;
  readonly encoding: string;
}

interface Begun {
  readonly heading: Heading;
  readonly written: Written;
}

export class Reading {
  #begun: Begun | null = null;
  #doubt: string | null = null;

  get isBegun(): boolean {
    return this.#begun !== null;
  }

  /** Known from the first row on. */
  get begun(): Begun {
    if (this.#begun === null) throw new Error("a row before the heading");
    return this.#begun;
  }

  begin(heading: Heading, written: Written): void {
    this.#begun = { heading, written };
  }

  /** @param why it may not be the whole file; the first reason is told */
  note(why: string | null): void {
    this.#doubt ??= why;
  }

  /** Whether a row has the heading's columns: people may have been lost with one that has not. */
  judge(row: Row): boolean {
    const isFit = fits(row, this.begun.heading);
    if (!isFit) this.note(`Line ${row.line} has ${row.fields.length} fields, unlike the heading.`);
    return isFit;
  }

  /** Why it may not be the whole file, as a sentence; null: nothing speaks against it. */
  get doubt(): string | null {
    return this.#doubt;
  }
}

/** Whether a row has the heading's columns; spreadsheets write empty ones behind them. */
function fits({ fields }: Row, { names }: Heading): boolean {
  return fields.length >= names.length && fields.slice(names.length).every((one) => one === "");
}

/** A file whose last line does not end may have been cut. */
export const OPEN_END = "The last line has no end, so the file may be cut.";

/**
 * The closing line of a file: how it begins is configured, and it may tell how many rows there are.
 * Only the last line is one.
 */
export class Trailer {
  readonly #begins: string;

  constructor(begins: string) {
    this.#begins = begins;
  }

  /** Whether a row is written as the closing line is: these signs, and nothing that goes on as a word. */
  fits({ fields: [first = ""] }: Row): boolean {
    if (!first.startsWith(this.#begins)) return false;
    return !/^[\p{L}\p{N}]/u.test(first.slice(this.#begins.length));
  }

  /**
   * What is wrong with the end of the file, as a sentence; null: it is whole.
   * @param last the last row; null: there is none
   * @param rows how many stand before it
   */
  doubtOf(last: Row | null, rows: number): string | null {
    if (last === null || !this.fits(last))
      return `The file does not end with the line ${this.#begins}, so it may be cut.`;
    const [, said] = /(\d+)/.exec(last.fields.join(" ").slice(this.#begins.length)) ?? [];
    if (said === undefined || Number(said) === rows) return null;
    return `The closing line speaks of ${said} rows; there are ${rows}.`;
  }

  /** @param row one that is not the last */
  doubtWithin(row: Row): string | null {
    return this.fits(row)
      ? `Line ${row.line} closes the file, and there are rows behind it.`
      : null;
  }
}
