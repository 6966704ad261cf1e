import type { DirectorySource, LdapTarget } from "../../model/directory.ts";
import type { RawEntry } from "../../model/entry.ts";
import { RollcallError } from "../../model/errors.ts";
import type { Mark } from "../../model/incremental.ts";
import type { Directory, Ear, Probe } from "../agent.ts";
import { commonProblem } from "../identity.ts";
import { openConnection } from "./connection.ts";
import { resultError, SIZE_LIMIT_EXCEEDED } from "./result-codes.ts";
import { readRootDse, titleOf, type ServerInfo } from "./root-dse.ts";
import { LdapScope } from "./scope.ts";
import { searchAll } from "./search-all.ts";
import { SearchReader } from "./search-reader.ts";
import { LdapSession } from "./session.ts";
import { schemaAttributes } from "./subschema.ts";
import { beginWay, WAY_LIST } from "./ways/choose.ts";
import { contentSync, listen } from "./ways/content-sync.ts";
import { seesDeleted } from "./ways/usn.ts";

/** A directory on an LDAP server. */
/** People to look at before an import. */
const PROBED = 10;

export class LdapDirectory implements Directory {
  readonly #source: DirectorySource;
  readonly #target: LdapTarget;
  readonly listen: Directory["listen"];

  /** @throws RollcallError `ldap.filterInvalid` */
  constructor(source: DirectorySource) {
    if (source.ldap === null) throw new Error(`directory ${source.name} has no server`);
    this.#source = source;
    this.#target = source.ldap;
    LdapScope.check(source);
    this.listen = (since, ear, signal) => this.#listen(since, ear, signal);
  }

  async open(signal: AbortSignal): Promise<LdapSession> {
    const connection = await openConnection(this.#target, signal);
    try {
      const server = await serverInfo(connection);
      const scope = new LdapScope(this.#source, this.#target.pageSize, server);
      return new LdapSession({ connection, server, scope, source: this.#source, signal });
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  async probe(signal: AbortSignal): Promise<Probe> {
    // Listed before the people, because a look at the first of them ends the connection.
    const { way, remarks: ofWay } = await this.#probeWay(signal);
    const attributes = await this.#schemaAttributes(signal);
    const { silent, certificates } = await this.#servers(signal);
    const remarks = [...ofWay, ...(await this.#noGroups(signal)), ...silent];
    const { connection, server, scope } = (await this.open(signal)).parts;
    await using _closing = connection;
    let first: readonly RawEntry[] = [];
    for (const { base, scope: depth, filter } of scope.people) {
      const request = scope.request(base, filter, scope.attributes(false));
      const pageSize = request.pageSize === null ? null : PROBED;
      const look = { ...request, scope: depth, pageSize };
      const reader = new SearchReader(connection, look, scope.rules(null));
      for await (const batch of reader.batches(signal)) {
        first = batch;
        break;
      }
      if (first.length > 0) break;
    }
    const title = titleOf(server, connection.url);
    const wanted = this.#source.incremental.way;
    const listens = way === "contentSync" && scope.bases.length === 1;
    return {
      server: title,
      idAttribute: scope.idAttribute,
      hasPeople: first.length > 0,
      problem: commonProblem(first),
      way,
      wanted,
      listens,
      remarks,
      attributes,
      certificates,
      silent,
    };
  }

  async #probeWay(signal: AbortSignal): Promise<Pick<Probe, "way" | "remarks">> {
    await using session = await this.open(signal);
    const { context } = session.parts;
    const { way, remarks } = await beginWay(context, this.#source.incremental.way, null);
    if (way !== "usn") return { way, remarks };
    const blind =
      "no deleted object is visible to the account, so deletions show only when identifiers are compared";
    return { way, remarks: (await seesDeleted(context)) ? remarks : [...remarks, blind] };
  }

  /** Nobody depends on the schema being readable. */
  async #schemaAttributes(signal: AbortSignal): Promise<ReadonlySet<string> | null> {
    await using connection = await openConnection(this.#target, signal);
    return await schemaAttributes(connection.client).catch(() => null);
  }

  /** Looks for one group in each base. @throws RollcallError if a base does not exist */
  async #noGroups(signal: AbortSignal): Promise<string[]> {
    let groups = 0;
    const source = this.#source;
    for (const base of source.groups?.bases ?? []) {
      await using session = await this.open(signal);
      const { scope, connection, server } = session.parts;
      const scan = scope.objects.find((one) => one.kind === "group" && one.base === base);
      if (scan === undefined) continue;
      const request = {
        ...scope.request(base, scan.filter, ["1.1"]),
        pageSize: null,
        sizeLimit: 1,
      };
      const { code, diagnostic } = await searchAll(
        connection,
        request,
        { entry: () => groups++ },
        signal,
      );
      if (code !== 0 && code !== SIZE_LIMIT_EXCEEDED)
        throw resultError(`groups.base on ${server.title}: ${base}`, code, diagnostic);
    }
    const { filter = "" } = source.groups ?? {};
    return source.groups === null || groups > 0 ? [] : [`no group fits groups.filter ${filter}`];
  }

  /** Each server by itself: its certificate, and whether it can be used; one of them was. */
  async #servers(signal: AbortSignal): Promise<Pick<Probe, "certificates" | "silent">> {
    const certificates: { url: string; until: Date }[] = [];
    const silent: string[] = [];
    for (const url of this.#target.urls) {
      try {
        await using connection = await openConnection({ ...this.#target, urls: [url] }, signal);
        const until = connection.certificateUntil();
        if (until !== null) certificates.push({ url, until });
      } catch (error) {
        if (!(error instanceof RollcallError)) throw error;
        silent.push(`${error.message} (${error.code})`);
      }
    }
    return { certificates, silent };
  }

  async #listen(since: Mark | null, ear: Ear, signal: AbortSignal): Promise<void> {
    await using session = await this.open(signal);
    const { context, connection, server } = session.parts;
    const { way } = this.#source.incremental;
    const wanted = way === "auto" || way === "contentSync";
    if (!wanted || !WAY_LIST.contentSync.offered(server, context.idAttribute)) {
      const message = `${titleOf(server, connection.url)} does not read changes by content synchronisation (RFC 4533), which watch: true needs.`;
      throw new RollcallError("ldap.watchUnavailable", message);
    }
    const [base, ...others] = context.bases;
    if (base === undefined || others.length > 0) {
      const message = "watch: true works with one base below which all people and groups lie.";
      throw new RollcallError("ldap.watchUnavailable", message);
    }
    const cookie = since?.way === "contentSync" ? (since.positions[base] ?? null) : null;
    const from = cookie ?? (await contentSync.begin(context, null))[base] ?? null;
    await listen(context, base, from, ear);
  }
}

async function serverInfo(
  connection: Awaited<ReturnType<typeof openConnection>>,
): Promise<ServerInfo> {
  try {
    return await readRootDse(connection.client);
  } catch (error) {
    const message = `${connection.url} did not tell about itself: ${String(error)}`;
    throw new RollcallError("ldap.refused", message, { cause: error });
  }
}
