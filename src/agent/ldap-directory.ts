import type { DirectorySource, LdapTarget } from "../model/directory.ts";
import type { RawEntry, ReadEvidence } from "../model/entry.ts";
import { RollcallError } from "../model/errors.ts";
import type { Directory, DirectoryRead, Probe } from "./agent.ts";
import { openConnection, type LdapConnection } from "./connection.ts";
import type { EntryRules } from "./decode-entry.ts";
import { parseFilter, type Filter } from "./filter.ts";
import {
  DEFAULT_ID,
  DOMAIN_SCOPE,
  PAGED_RESULTS,
  readRootDse,
  type ServerInfo,
} from "./root-dse.ts";
import { SearchReader, type SearchRequest } from "./search-reader.ts";

/** A directory on an LDAP server. */
export class LdapDirectory implements Directory {
  readonly #source: DirectorySource;
  readonly #target: LdapTarget;
  readonly #filter: Filter;

  /** @throws RollcallError `ldap.filterInvalid` */
  constructor(source: DirectorySource) {
    if (source.ldap === null) throw new Error(`directory ${source.name} has no server`);
    this.#source = source;
    this.#target = source.ldap;
    this.#filter = parseFilter(source.users.filter);
  }

  read(): DirectoryRead {
    let evidence: ReadEvidence = { complete: false, entries: 0, pages: 0, server: "" };
    return {
      batches: (signal) =>
        this.#batches(signal, (update) => {
          evidence = { ...evidence, ...update };
        }),
      evidence: () => evidence,
    };
  }

  async probe(signal: AbortSignal): Promise<Probe> {
    await using connection = await openConnection(this.#target, signal);
    const server = await readRootDse(connection.client);
    const rules = this.#rules(server);
    let hasPeople = false;
    for (const base of this.#source.users.bases) {
      const request = {
        ...this.#request(base, server, rules),
        pageSize: this.#pageSize(server, 1),
      };
      const reader = new SearchReader(connection, request, rules);
      for await (const batch of reader.batches(signal)) {
        hasPeople = batch.length > 0;
        break;
      }
      if (hasPeople) break;
    }
    return { server: server.title, idAttribute: rules.idAttribute, hasPeople };
  }

  async *#batches(
    signal: AbortSignal,
    note: (update: Partial<ReadEvidence>) => void,
  ): AsyncGenerator<RawEntry[]> {
    await using connection = await openConnection(this.#target, signal);
    const server = await this.#serverInfo(connection);
    note({ server: `${server.title} at ${connection.url}` });
    const rules = this.#rules(server);
    let entries = 0;
    let pages = 0;
    for (const base of this.#source.users.bases) {
      const reader = new SearchReader(connection, this.#request(base, server, rules), rules);
      for await (const batch of reader.batches(signal)) {
        entries += batch.length;
        yield batch;
      }
      pages += reader.pages;
      note({ entries, pages });
    }
    note({ complete: true });
  }

  async #serverInfo(connection: LdapConnection): Promise<ServerInfo> {
    try {
      return await readRootDse(connection.client);
    } catch (error) {
      const message = `${connection.url} did not tell about itself: ${String(error)}`;
      throw new RollcallError("ldap.refused", message, { cause: error });
    }
  }

  #rules(server: ServerInfo): EntryRules {
    const { id, disabled } = this.#source.users;
    return { idAttribute: id ?? DEFAULT_ID[server.kind], disabled };
  }

  #request(base: string, server: ServerInfo, rules: EntryRules): SearchRequest {
    const { scope, attributes } = this.#source.users;
    return {
      base,
      scope,
      filter: this.#filter,
      attributes: withNeeded(attributes, rules),
      pageSize: this.#pageSize(server, this.#target.pageSize),
      domainScope: server.controls.has(DOMAIN_SCOPE),
    };
  }

  #pageSize(server: ServerInfo, size: number): number | null {
    return server.controls.has(PAGED_RESULTS) ? size : null;
  }
}

/** Operational attributes come only when they are asked for by name; `*` does not bring them. */
function withNeeded(attributes: readonly string[], rules: EntryRules): readonly string[] {
  const needed = [rules.idAttribute, rules.disabled?.attribute].filter(
    (name) => name !== undefined,
  );
  const present = new Set(attributes.map((name) => name.toLowerCase()));
  return [...attributes, ...needed.filter((name) => !present.has(name.toLowerCase()))];
}
