import { NOBODY_THERE } from "../referral.ts";

/**
 * What ldapsearch writes around the entries of its search, as comments or as lines: how the search
 * ended, how many entries there were, and whether more pages follow. It tells whether a file is whole.
 */
export class SearchNotes {
  #isSearch = false;
  #hasResult = false;
  #hasMorePages = false;
  #entries = 0;
  /** References to parts in which nobody is. */
  #harmless = 0;
  #doubt: string | null = null;

  /** An entry of the file. */
  entry(): void {
    this.#entries++;
  }

  /**
   * A comment of the file, without its `#`.
   * @returns what is wrong, if the comment says that the search failed
   */
  comment(text: string): string | null {
    const words = text.trim();
    if (words === "extended LDIF") this.#begin();
    const [, code] = /^result: (\d+)\b/.exec(words) ?? [];
    if (code !== undefined) return this.result(Number(code));
    this.paging(words);
    this.#reference(words);
    const [, entries] = /^numEntries: (\d+)$/.exec(words) ?? [];
    if (entries !== undefined && Number(entries) !== this.#entries)
      this.#doubt ??= `The search that wrote the file found ${entries} entries, of which ${this.#entries} are in it.`;
    return null;
  }

  /** A part of the search is elsewhere: told as a comment, and counted at the end. */
  #reference(words: string): void {
    const [, url] = /^ref(?:: )?(ldaps?:\/\/.*)$/i.exec(words) ?? [];
    const [, count] = /^numReferences: (\d+)$/.exec(words) ?? [];
    const isHarmless = url === undefined || NOBODY_THERE.test(url);
    if (url !== undefined && isHarmless) this.#harmless++;
    if (isHarmless && Number(count ?? 0) <= this.#harmless) return;
    this.#doubt ??=
      "The search that wrote the file was referred to another server for a part of it.";
  }

  /** What a page says of the next one: a cookie, where there is one. */
  paging(text: string): void {
    const [, cookie] = text.startsWith("pagedresults:") ? text.split("cookie=", 2) : [];
    if (cookie !== undefined) this.#hasMorePages = cookie.trim() !== "";
  }

  /** The result of a search. @returns what is wrong with it, if anything */
  result(code: number): string | null {
    this.#hasResult = true;
    return code === 0
      ? null
      : `the search that wrote the file ended with result ${code}, so it is not all of it; export again`;
  }

  /** At the end of the file: why it may not be whole; null if nothing speaks for that. */
  get doubt(): string | null {
    if (this.#isSearch && !this.#hasResult)
      return "The file begins as ldapsearch writes and does not end so: it was cut off.";
    if (this.#hasMorePages) return "The search that wrote the file had more pages.";
    return this.#doubt;
  }

  /** Each export of several in one file begins anew; a further page of one search goes on. */
  #begin(): void {
    if (this.#hasMorePages) {
      this.#hasMorePages = false;
      this.#hasResult = false;
      return;
    }
    if (this.#isSearch && !this.#hasResult)
      this.#doubt ??= "An export in the file begins as ldapsearch writes and does not end so.";
    this.#isSearch = true;
    this.#hasResult = false;
    this.#entries = 0;
    this.#harmless = 0;
  }
}
