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
  #misfit: Row | null = null;
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

  /** A row that does not have the heading's columns: people may have been lost with it. */
  noteMisfit(row: Row): void {
    this.#misfit ??= row;
  }

  /** @param doubt what speaks against the file's end; null: nothing */
  conclude(doubt: string | null): void {
    const row = this.#misfit;
    const misfit =
      row === null ? null : `Line ${row.line} has ${row.fields.length} fields, unlike the heading.`;
    this.#doubt = misfit ?? doubt;
  }

  /** Why it may not be the whole file, as a sentence; null: nothing speaks against it. */
  get doubt(): string | null {
    return this.#doubt;
  }
}

/** Whether a row has the heading's columns; spreadsheets write empty ones behind them. */
export function fits({ fields }: Row, { names }: Heading): boolean {
  return fields.length >= names.length && fields.slice(names.length).every((one) => one === "");
}

/** A file whose last line does not end may have been cut. */
export function openEnd(isClosed: boolean): string | null {
  return isClosed ? null : "The last line has no end, so the file may be cut.";
}

/** The closing line of a file: how it begins is configured, and it may tell how many rows there are. */
export class Trailer {
  readonly #begins: string | null;
  #rows = 0;
  #found: Row | null = null;
  #isLast = false;

  constructor(begins: string | null) {
    this.#begins = begins;
  }

  /** Whether this row is the closing line. To be asked for each row behind the heading. */
  isOne(row: Row): boolean {
    this.#isLast = this.#begins !== null && row.fields[0]?.startsWith(this.#begins) === true;
    if (this.#isLast) this.#found = row;
    else this.#rows++;
    return this.#isLast;
  }

  /** What is wrong with the end of the file, as a sentence; null: it is whole. */
  get doubt(): string | null {
    if (this.#begins === null) return null;
    if (this.#found === null || !this.#isLast)
      return `The file does not end with the line ${this.#begins}, so it may be cut.`;
    const [, said] = /(\d+)/.exec(this.#found.fields.join(" ").slice(this.#begins.length)) ?? [];
    if (said === undefined || Number(said) === this.#rows) return null;
    return `The closing line speaks of ${said} rows; there are ${this.#rows}.`;
  }
}
