import { hidesState } from "../../model/computed.ts";
import type { LdapSource, LdapTarget } from "../../model/directory.ts";
import { RollcallError } from "../../model/errors.ts";
import { WAY_FACTS, WAYS, type ChangeListener, type Mark } from "../../model/incremental.ts";
import type { Directory, Probe } from "../directory.ts";
import { leftOutRemark } from "../evidence.ts";
import { commonProblem } from "../identity.ts";
import { openAndAsk, openConnection } from "./connection.ts";
import { resultError, SIZE_LIMIT_EXCEEDED } from "./result-codes.ts";
import { patienceWith, readRootDse, titleOf } from "./root-dse.ts";
import { LdapScope } from "./scope.ts";
import { searchAll } from "./search-all.ts";
import { SearchReader } from "./search-reader.ts";
import { LdapSession } from "./session.ts";
import { schemaAttributes } from "./subschema.ts";
import { beginWay, WAY_LIST } from "./ways/choose.ts";

/** People to look at before an import. */
const PROBED = 10;

/** A directory on an LDAP server. */
export class LdapDirectory implements Directory {
  readonly #source: LdapSource;
  readonly #target: LdapTarget;

  /** @throws RollcallError `ldap.filterInvalid` */
  constructor(source: LdapSource) {
    this.#source = source;
    this.#target = source.ldap;
    LdapScope.check(source);
  }

  async open(signal: AbortSignal): Promise<LdapSession> {
    return await openAndAsk(this.#target, signal, async (connection) => {
      const server = await readRootDse(connection, signal);
      connection.patience = patienceWith(server, this.#target.timeoutSeconds);
      const scope = new LdapScope(this.#source, this.#target.pageSize, server);
      return new LdapSession({ connection, server, scope, source: this.#source, signal });
    });
  }

  async probe(signal: AbortSignal): Promise<Probe> {
    // Listed before the people, because a look at the first of them ends the connection.
    const { way, remarks: ofWay } = await this.#probeWay(signal);
    const attributes = await this.#schemaAttributes(signal);
    const { silent, certificates } = await this.#servers(signal);
    const remarks = [...ofWay, ...(await this.#noGroups(signal)), ...silent];
    const { connection, server, scope } = (await this.open(signal)).parts;
    await using _closing = connection;
    let hasPeople = false;
    let problem: Probe["problem"] = null;
    for (const { base, scope: depth, filter } of scope.people) {
      const request = scope.request(base, filter, scope.attributes(null));
      const pageSize = request.pageSize === null ? null : PROBED;
      const look = { ...request, scope: depth, pageSize };
      const reader = new SearchReader(connection, look, scope.rules(null));
      for await (const batch of reader.batches(signal)) {
        hasPeople = batch.length > 0;
        problem = commonProblem(batch);
        if (problem === null) for (const entry of batch) entry.decode();
        break;
      }
      if (hasPeople) break;
    }
    const leftOut = leftOutRemark(scope.withheld);
    if (leftOut !== null) remarks.push(leftOut);
    const title = titleOf(server, connection.url);
    const wanted = this.#source.incremental.way;
    const listens = way !== null && WAY_FACTS[way].listens && scope.bases.length === 1;
    return {
      server: title,
      idAttribute: scope.idAttribute,
      hasPeople,
      problem,
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
    const blind = way === null ? null : ((await WAY_LIST[way].blindness?.(context)) ?? null);
    const unseen = way === null ? [] : this.#unseen(session.parts.scope);
    return { way, remarks: [...remarks, ...(blind === null ? [] : [blind]), ...unseen] };
  }

  /** What this configuration asks for and no way tells of. */
  #unseen({ computed }: LdapScope): string[] {
    const { disabled } = this.#source.users;
    const names = computed.join(" and ");
    const filter = `users.filter asks for ${names}, which changes without the person being changed, so identifiers are compared at every incremental import`;
    const hidden = disabled.filter(hidesState).map((rule) => rule.attribute);
    const state = `users.disabled asks for ${hidden.join(" and ")}, which changes without the person being changed, so only full imports see it`;
    return [...(computed.length > 0 ? [filter] : []), ...(hidden.length > 0 ? [state] : [])];
  }

  /** Nobody depends on the schema being readable. */
  async #schemaAttributes(signal: AbortSignal): Promise<ReadonlySet<string> | null> {
    await using connection = await openConnection(this.#target, signal);
    return await schemaAttributes(connection, signal).catch(() => null);
  }

  /** Looks for one group in each base. @throws RollcallError if a base does not exist */
  async #noGroups(signal: AbortSignal): Promise<string[]> {
    let groups = 0;
    const source = this.#source;
    for (const base of source.groups?.bases ?? []) {
      await using session = await this.open(signal);
      const { scope, connection } = session.parts;
      const scan = scope.objects.find((one) => one.kind === "group" && one.base === base);
      if (scan === undefined) continue;
      const request = {
        ...scope.request(base, scan.filter, ["1.1"]),
        pageSize: null,
        sizeLimit: 1,
      };
      const result = await searchAll(connection, request, { entry: () => groups++ }, signal);
      if (result.code !== 0 && result.code !== SIZE_LIMIT_EXCEEDED)
        throw resultError(connection, `searching groups.base ${base}`, result);
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
        const until = connection.wire.certificateUntil;
        if (until !== null) certificates.push({ url, until });
      } catch (error) {
        if (!(error instanceof RollcallError)) throw error;
        silent.push(`${error.message} (${error.code})`);
      }
    }
    return { certificates, silent };
  }

  async listen(since: Mark | null, listener: ChangeListener, signal: AbortSignal): Promise<void> {
    await using session = await this.open(signal);
    const { context, connection, server } = session.parts;
    const wanted = this.#source.incremental.way;
    const way = WAYS.find((one) => WAY_FACTS[one].listens && (wanted === "auto" || wanted === one));
    const listening = way === undefined ? undefined : WAY_LIST[way];
    if (listening?.listen === undefined || !listening.offered(server, context.idAttribute)) {
      const message = `${titleOf(server, connection.url)} does not read changes by ${LISTENING}, which watch: true needs.`;
      throw new RollcallError("ldap.watchUnavailable", message);
    }
    const [base, ...others] = context.bases;
    if (base === undefined || others.length > 0) {
      const message = "watch: true works with one base below which all people and groups lie.";
      throw new RollcallError("ldap.watchUnavailable", message);
    }
    const positions = since !== null && since.way === way ? since.positions : null;
    await listening.listen(context, base, positions, listener);
  }
}

/** The ways that can be listened to, for people. */
const LISTENING = WAYS.filter((way) => WAY_FACTS[way].listens)
  .map((way) => WAY_FACTS[way].title)
  .join(" or ");
