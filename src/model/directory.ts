import type { ServerWay } from "./incremental.ts";
import type { Secret } from "./secret.ts";

export type SearchScope = "base" | "one" | "sub";

/** How a directory says that an account is disabled. */
export interface DisabledRule {
  readonly attribute: string;
  /** Disabled if the attribute has one of these values (without regard to case). */
  readonly values?: readonly string[] | undefined;
  /** Disabled if this bit of the attribute's number is set. */
  readonly bit?: number | undefined;
  /** Disabled from the moment on that the attribute tells. */
  readonly expires?: true | undefined;
}

export interface UsersScope {
  /** Search bases; none for files. */
  readonly bases: readonly string[];
  readonly scope: SearchScope;
  /** Empty, in a file of lines and columns: everybody. */
  readonly filter: string;
  /** The identifying attribute; null: the server's own (entryUUID, objectGUID, nsUniqueId). */
  readonly id: string | null;
  readonly attributes: readonly string[];
  /** Each of them is enough. */
  readonly disabled: readonly DisabledRule[];
}

/** How the server's certificate is checked, and which one the client shows. */
export interface TlsSettings {
  /** Certificates that are trusted, in PEM; null: those that the system trusts. */
  readonly ca: string | null;
  readonly rejectUnauthorized: boolean;
  /** The client's own certificate and key, in PEM; null: none. */
  readonly client: { readonly cert: string; readonly key: Secret } | null;
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
}

/** Who logs in: by name and password, or whom the client's certificate stands for (RFC 4513 5.2.3). */
export type Bind =
  | { readonly mechanism: "simple"; readonly dn: string; readonly password: Secret }
  | { readonly mechanism: "external" };

export interface LdapTarget {
  readonly urls: readonly string[];
  readonly startTls: boolean;
  readonly tls: TlsSettings;
  /** Null: anonymous. */
  readonly bind: Bind | null;
  readonly pageSize: number;
  /** How many entries may be asked for in a second; null: as many as come. */
  readonly entriesPerSecond: number | null;
  /** Seconds without a byte from the server until it counts as dead. */
  readonly timeoutSeconds: number;
}

/** Which entries are groups. */
export interface GroupsScope {
  readonly bases: readonly string[];
  readonly filter: string;
}

/** How changes are read. */
export interface IncrementalSettings {
  readonly way: ServerWay | "auto" | "off";
  /** How far modification times reach back behind the greatest one seen. */
  readonly overlapSeconds: number;
  /** How often identifiers are compared where nothing else shows who is gone. */
  readonly compareMinutes: number;
}

/** What every directory says of itself. */
interface AnySource {
  readonly name: string;
  readonly users: UsersScope;
}

/** A directory on LDAP servers. */
export interface LdapSource extends AnySource {
  readonly type: "ldap" | "active-directory";
  readonly ldap: LdapTarget;
  /** Null: groups are not read. */
  readonly groups: GroupsScope | null;
  readonly incremental: IncrementalSettings;
}

/** A directory in an LDIF file, which is read whole. */
export interface LdifSource extends AnySource {
  readonly type: "ldif";
  readonly path: string;
  /** Null: groups are not read. */
  readonly groups: GroupsScope | null;
}

/** How a file of lines and columns is written; null: it is found. */
export interface CsvFormat {
  readonly delimiter: string | null;
  /** A label of the WHATWG Encoding Standard. */
  readonly encoding: string | null;
  /** What stands between several values in one cell; null: each cell has one. */
  readonly separator: string | null;
  /** How the closing line begins, by which a whole file is known; null: there is none. */
  readonly trailer: string | null;
}

/** A directory in a file of lines and columns, which is read whole. */
export interface CsvSource extends AnySource {
  readonly type: "csv";
  readonly path: string;
  readonly format: CsvFormat;
  /** The column that names people's groups; null: there is none. */
  readonly groupsColumn: string | null;
}

export type FileSource = LdifSource | CsvSource;

/** A directory whose entries others bring over HTTP; they lie beside the people (`model/identity-source.ts`). */
export interface IdentitySource extends AnySource {
  readonly type: "identity-source";
}

/** Where a directory's entries come from: what the agent needs to know. */
export type DirectorySource = LdapSource | FileSource | IdentitySource;

/** Whether a directory is on servers: somebody logs in and searches in bases; all others are there as they are. */
export function isOnServers(source: DirectorySource): source is LdapSource {
  return source.type === "ldap" || source.type === "active-directory";
}

/** Whether groups are read from a directory, and not only what people's entries say of them. */
export function readsGroups(source: DirectorySource): boolean {
  if (source.type === "identity-source") return false;
  return (source.type === "csv" ? source.groupsColumn : source.groups) !== null;
}

/** Whether nobody in it is no fault: what others fill begins without anybody. */
export function mayBeEmpty({ type }: DirectorySource): boolean {
  return type === "identity-source";
}

/** Attributes whose values have one spelling: servers make them, and nobody corrects them. */
const ONE_SPELLING: ReadonlySet<string> = new Set([
  "entryuuid",
  "nsuniqueid",
  "objectguid",
  "guid",
  "objectsid",
  "ms-ds-consistencyguid",
]);

/** Whether an identifier may come back in another spelling: in other case, or with other blanks. */
export function mayBeRespelled({ users }: DirectorySource): boolean {
  return users.id !== null && !ONE_SPELLING.has(users.id.toLowerCase());
}

/** Whether a read may rightly show an entry twice, because search bases may overlap. */
export function mayRepeat({ users }: DirectorySource): boolean {
  return users.bases.length !== 1;
}
