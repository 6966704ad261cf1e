import { dnKey } from "../../model/dn.ts";

/**
 * People whose DN is another one since this run has read them, or who are back. The store knows them
 * where they were, or not at all, and whoever names them (a report its manager) may name them where they are.
 */
export class MovedPeople {
  readonly #ids = new Map<string, string>();
  readonly #dns: string[] = [];

  add(id: string, dn: string): void {
    this.#ids.set(dnKey(dn), id);
    this.#dns.push(dn);
  }

  /** Who is at a place now; undefined: whoever the store knows there. */
  at(dn: string): string | undefined {
    return this.#ids.size === 0 ? undefined : this.#ids.get(dnKey(dn));
  }

  /** Where they are, as the directory writes it. */
  get dns(): readonly string[] {
    return this.#dns;
  }
}
