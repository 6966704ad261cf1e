/** The searches of a configured directory on a certain server: people, groups and containers. */
import type { ObjectKind } from "../../model/directory-object.ts";
import type { LdapSource } from "../../model/directory.ts";
import { outermost } from "../../model/dn.ts";
import { RollcallError } from "../../model/errors.ts";
import { computedIn } from "../computed.ts";
import { Withheld } from "../../model/credentials.ts";
import { parseFilter, type Filter } from "../filter.ts";
import { idBytes } from "../identity.ts";
import { integer, TAG, tlv } from "./ber.ts";
import type { EntryRules } from "./decode-entry.ts";
import { DOMAIN_SCOPE, EXTENDED_DN, PAGED_RESULTS, RANGE_RETRIEVAL } from "./oids.ts";
import { DEFAULT_ID, isAd, type ServerInfo } from "./root-dse.ts";
import { control, type SearchRequest } from "./search-request.ts";
import type { Scan } from "./ways/way.ts";

/** What people usually lie in. A container of another class is noticed at the next full import. */
const CONTAINERS = parseFilter(
  "(|(objectClass=organizationalUnit)(objectClass=organization)(objectClass=container)(objectClass=nsContainer)(objectClass=domain)(objectClass=locality)(objectClass=country))",
);
/** Identifiers by which every kind of server can be searched. */
const NATIVE_IDS = new Set(Object.values(DEFAULT_ID).map((name) => name.toLowerCase()));
const MEMBER_ATTRIBUTES = ["member", "uniqueMember", "memberUid"];

export interface ObjectScan extends Scan {
  readonly kind: ObjectKind;
  readonly attributes: readonly string[];
  readonly controls: readonly Buffer[];
}

const NOT_REPLICATED = [
  "badpasswordtime",
  "badpwdcount",
  "dscorepropagationdata",
  "lastlogoff",
  "lastlogon",
  "logoncount",
  "usnchanged",
  "usncreated",
  "whenchanged",
];

/** The attribute (in lower case) that stamps changes, and who is told. */
export type Stamping = Omit<NonNullable<EntryRules["stamp"]>, "hide">;

export class LdapScope {
  readonly #source: LdapSource;
  readonly #server: ServerInfo;
  readonly #pageSize: number;
  readonly idAttribute: string;
  /** Groups are identified by the server's own identifier, if people are identified by something else. */
  readonly objectIdAttribute: string;
  readonly timeAttribute: string;
  readonly people: readonly Scan[];
  /** Groups before containers. */
  readonly objects: readonly ObjectScan[];
  /** Where all of these lie. */
  readonly bases: readonly string[];

  /** @throws RollcallError `ldap.filterInvalid` */
  static check(source: LdapSource): void {
    parseFilter(source.users.filter);
    if (source.groups === null) return;
    try {
      parseFilter(source.groups.filter);
    } catch (error) {
      if (!(error instanceof RollcallError)) throw error;
      throw new RollcallError(error.code, `groups.filter: ${error.message}`, { cause: error });
    }
  }

  /** What is left out of the profiles of this read. */
  readonly withheld: Withheld;

  constructor(source: LdapSource, pageSize: number, server: ServerInfo) {
    this.#source = source;
    this.#server = server;
    this.#pageSize = pageSize;
    const { users, groups } = source;
    this.withheld = new Withheld(users.attributes);
    this.idAttribute = users.id ?? DEFAULT_ID[server.kind];
    this.objectIdAttribute = this.searchableById ? this.idAttribute : DEFAULT_ID[server.kind];
    this.timeAttribute = isAd(server) ? "whenChanged" : "modifyTimestamp";
    const filter = parseFilter(users.filter);
    const { idAttribute } = this;
    this.people = users.bases.map((base) => ({
      base,
      scope: users.scope,
      filter,
      idAttribute,
      ofPeople: true,
    }));
    this.bases = outermost([...users.bases, ...(groups?.bases ?? [])]);
    this.objects = this.#objectScans();
  }

  /** What of the filter changes without a word; who fits it has to be compared at every import. */
  get computed(): readonly string[] {
    return computedIn(parseFilter(this.#source.users.filter));
  }

  /** Most entries of a page; null where the server does not page. */
  get pageSize(): number | null {
    return this.#server.controls.has(PAGED_RESULTS) ? this.#pageSize : null;
  }

  get searchableById(): boolean {
    return NATIVE_IDS.has(this.idAttribute.toLowerCase());
  }

  #objectScans(): ObjectScan[] {
    const id = this.objectIdAttribute;
    const { groups } = this.#source;
    const containers = this.bases.map((base): ObjectScan => {
      const search = {
        base,
        scope: "sub",
        filter: CONTAINERS,
        idAttribute: id,
        ofPeople: false,
      } as const;
      return { ...search, kind: "container", attributes: [id], controls: [] };
    });
    if (groups === null) return containers;
    const filter = parseFilter(groups.filter);
    // Members by their GUID: their DNs change with every container above them, and the group with none.
    const extended = control(EXTENDED_DN, false, tlv(TAG.sequence, integer(1, TAG.integer)));
    const attributes = [
      id,
      "cn",
      ...(isAd(this.#server) ? ["member", "objectSid"] : MEMBER_ATTRIBUTES),
    ];
    const controls = isAd(this.#server) ? [extended] : [];
    return [
      ...groups.bases.map((base): ObjectScan => {
        const search = { base, scope: "sub", filter, idAttribute: id, ofPeople: false } as const;
        return { ...search, kind: "group", attributes, controls };
      }),
      ...containers,
    ];
  }

  /** Operational attributes come only when they are asked for by name; `*` does not bring them. */
  attributes(stamp: string | null): readonly string[] {
    const { attributes, disabled } = this.#source.users;
    const needed = [this.idAttribute];
    needed.push(...disabled.map((rule) => rule.attribute));
    if (stamp !== null) needed.push(stamp);
    const present = new Set(attributes.map((name) => name.toLowerCase()));
    return [...attributes, ...needed.filter((name) => !present.has(name.toLowerCase()))];
  }

  /** @param stamp which attribute stamps changes, and who is told of each; null: nobody is */
  rules(stamp: Stamping | null): EntryRules {
    return {
      idAttribute: this.idAttribute,
      withheld: this.withheld,
      local: this.#local,
      disabled: this.#source.users.disabled,
      stamp: stamp === null ? null : { ...stamp, hide: !this.#isAsked(stamp.attribute) },
    };
  }

  #isAsked(lower: string): boolean {
    return this.#source.users.attributes.some((name) => name.toLowerCase() === lower);
  }

  /**
   * What each domain controller notes for itself and does not replicate (MS-ADA, systemFlags): after
   * a failover everybody would look changed. Whoever asks for one by name gets it.
   */
  get #local(): ReadonlySet<string> {
    const { disabled } = this.#source.users;
    const needed = [this.idAttribute, ...disabled.map((rule) => rule.attribute)].map((name) =>
      name.toLowerCase(),
    );
    const names = isAd(this.#server) ? NOT_REPLICATED : [];
    return new Set(names.filter((name) => !this.#isAsked(name) && !needed.includes(name)));
  }

  /** For reading the rest of a list of values. */
  get rangeControls(): readonly Buffer[] {
    return this.#server.controls.has(RANGE_RETRIEVAL) ? [control(RANGE_RETRIEVAL, false)] : [];
  }

  request(base: string, filter: Filter, attributes: readonly string[]): SearchRequest {
    const { controls } = this.#server;
    return {
      base,
      scope: "sub",
      filter,
      attributes,
      pageSize: this.pageSize,
      domainScope: controls.has(DOMAIN_SCOPE),
    };
  }
}

/** A filter narrowed to certain identifiers. */
export function narrowTo(filter: Filter, attribute: string, ids: readonly string[]): Filter {
  return { kind: "and", items: [filter, oneOf(attribute, ids)] };
}

/** Whoever has one of these identifiers. */
export function oneOf(attribute: string, ids: readonly string[]): Filter {
  const items = ids.map((id): Filter => {
    return { kind: "equal", attribute, value: idBytes(attribute, id) };
  });
  return { kind: "or", items };
}
