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

const OPEN_END = "The last line has no end, so the file may be cut.";

/**
 * How a file has to end: with a line that ends, or with a closing line, of which is configured how it
 * begins, and which may tell how many rows there are. Only the last line is a closing one.
 */
export class Ending {
  readonly #begins: string | null;

  /** @param begins null: there is no closing line */
  constructor(begins: string | null) {
    this.#begins = begins;
  }

  /** Whether a row is written as the closing line is: these signs, and nothing that goes on as a word. */
  #closes({ fields: [first = ""] }: Row): boolean {
    if (this.#begins === null || !first.startsWith(this.#begins)) return false;
    return !/^[\p{L}\p{N}]/u.test(first.slice(this.#begins.length));
  }

  /** @param row one that is not the last. @returns what speaks against the file; null: nothing */
  doubtWithin(row: Row): string | null {
    return this.#closes(row)
      ? `Line ${row.line} closes the file, and there are rows behind it.`
      : null;
  }

  /**
   * What the last row is, and what speaks against the end of the file, as a sentence.
   * @param last null: there is none. @param rows how many stand before it
   * @param isClosed whether its line ends
   */
  judge(
    last: Row | null,
    rows: number,
    isClosed: boolean,
  ): { readonly kind: "closing" | "row" | "open"; readonly doubt: string | null } {
    // Where a closing line says that all is there, that line's end says no more.
    if (last !== null && this.#closes(last))
      return { kind: "closing", doubt: this.#countDoubt(last, rows) };
    const missing =
      this.#begins === null
        ? null
        : `The file does not end with the line ${this.#begins}, so it may be cut.`;
    return isClosed
      ? { kind: "row", doubt: missing }
      : { kind: "open", doubt: missing ?? OPEN_END };
  }

  #countDoubt({ fields }: Row, rows: number): string | null {
    const [, said] = /(\d+)/.exec(fields.join(" ").slice(this.#begins?.length ?? 0)) ?? [];
    if (said === undefined || Number(said) === rows) return null;
    return `The closing line speaks of ${said} rows; there are ${rows}.`;
  }
}
