/**
 * Where people are whom the search of the scope does not find: still below a base, but outside the
 * filter or the depth of the search; elsewhere; or nowhere that the account may read. A few are
 * looked for by their identifiers; for many, one pass over all entries is cheaper.
 */
import { IdSet } from "../../lib/id-set.ts";
import { dnKey, isWithin } from "../../model/dn.ts";
import type { FoundAbsence } from "../../model/run.ts";
import type { AbsenceFinder } from "../directory.ts";
import { parseFilter, type Filter } from "../filter.ts";
import type { LdapConnection } from "./connection.ts";
import type { ServerInfo } from "./root-dse.ts";
import { narrowTo, type LdapScope } from "./scope.ts";
import { SearchReader } from "./search-reader.ts";
import { contextOf } from "./ways/naming-contexts.ts";

const FEW = 1000;
const IDS_AT_ONCE = 250;
const ANYTHING = parseFilter("(objectClass=*)");

interface Parts {
  readonly connection: LdapConnection;
  readonly scope: LdapScope;
  readonly signal: AbortSignal;
  readonly server: ServerInfo;
}

export class LdapAbsence implements AbsenceFinder {
  readonly #parts: Parts;
  readonly #onePass: boolean;
  readonly #bases: readonly string[];
  #inBase: IdSet | null = null;
  readonly #elsewhere = new IdSet();

  constructor(parts: Parts, expected: number) {
    this.#parts = parts;
    this.#onePass = expected > FEW || !parts.scope.searchableById;
    this.#bases = parts.scope.people.map(({ base }) => dnKey(base));
  }

  async of(ids: readonly string[]): Promise<ReadonlyMap<string, FoundAbsence>> {
    if (!this.#onePass) return await this.#oneByOne(ids);
    this.#inBase ??= await this.#readAll();
    const inBase = this.#inBase;
    return new Map(
      ids.map((id): [string, FoundAbsence] => {
        if (inBase.has(id)) return [id, "outOfFilter"];
        return [id, this.#elsewhere.has(id) ? "moved" : "gone"];
      }),
    );
  }

  async #oneByOne(ids: readonly string[]): Promise<ReadonlyMap<string, FoundAbsence>> {
    const { scope } = this.#parts;
    const found = new Map<string, FoundAbsence>(ids.map((id) => [id, "gone"]));
    for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
      const some = narrowTo(ANYTHING, scope.idAttribute, ids.slice(at, at + IDS_AT_ONCE));
      await this.#search(some, (id, place) => {
        if (found.has(id)) found.set(id, place);
      });
    }
    return found;
  }

  async #readAll(): Promise<IdSet> {
    const inBase = new IdSet();
    await this.#search(ANYTHING, (id, place) => {
      if (place === "outOfFilter") inBase.add(id);
      else this.#elsewhere.add(id);
    });
    return inBase;
  }

  async #search(filter: Filter, note: (id: string, place: FoundAbsence) => void): Promise<void> {
    const { connection, scope, signal } = this.#parts;
    const rules = { idAttribute: scope.idAttribute, disabled: [], stamp: null };
    for (const root of this.#roots()) {
      const request = scope.request(root, filter, [scope.idAttribute]);
      const reader = new SearchReader(connection, request, rules);
      for await (const batch of reader.batches(signal)) {
        for (const { id, dn } of batch) {
          const key = dnKey(dn);
          const inside = this.#bases.some((base) => isWithin(key, base));
          if (id !== null) note(id, inside ? "outOfFilter" : "moved");
        }
      }
    }
  }

  /** The naming contexts around the bases, so that somebody who was moved is found; else the bases. */
  #roots(): string[] {
    const { scope, server } = this.#parts;
    const roots = scope.people.map(({ base }) => contextOf(server.namingContexts, base) ?? base);
    return [...new Set(roots)];
  }
}
