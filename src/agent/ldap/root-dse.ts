import type { LdapConnection } from "./connection.ts";
import { readAbout, type About } from "./read-about.ts";

export type ServerKind =
  | "active-directory"
  | "ad-lds"
  | "samba"
  | "openldap"
  | "389"
  | "edirectory"
  | "unknown";

/** What the server tells about itself (RFC 4512 section 5.1). */
export interface ServerInfo {
  readonly kind: ServerKind;
  /** As a person would say it: "OpenLDAP", "389 Directory Server 2.3.1". */
  readonly title: string;
  readonly controls: ReadonlySet<string>;
  readonly namingContexts: readonly string[];
  /** The host's own name, where it tells: which domain controller answered. */
  readonly host: string | null;
  /** Domain controllers: the greatest update sequence number, and where the server's own settings lie. */
  readonly highestUsn: number | null;
  readonly dsServiceName: string | null;
  /** 389 Directory Server: the retro changelog, and which numbers it has. */
  readonly changelog: {
    readonly base: string;
    readonly first: number;
    readonly last: number;
  } | null;
}

const AD_CAPABILITY = "1.2.840.113556.1.4.800";
const AD_LDS_CAPABILITY = "1.2.840.113556.1.4.1851";
const READ_ONLY_CAPABILITY = "1.2.840.113556.1.4.1920";

const TITLES: Readonly<Record<ServerKind, string>> = {
  "active-directory": "Active Directory",
  "ad-lds": "Active Directory Lightweight Directory Services",
  samba: "Samba Active Directory",
  openldap: "OpenLDAP",
  "389": "389 Directory Server",
  edirectory: "eDirectory",
  unknown: "an LDAP server of unknown kind",
};

/** Whether it works as Active Directory does: its identifiers, times, controls and habits. */
export function isAd({ kind }: ServerInfo): boolean {
  return kind === "active-directory" || kind === "ad-lds" || kind === "samba";
}

/** Active Directory works on a page for up to 120 seconds without a word (MaxQueryDuration). */
const AD_PATIENCE = 150;

/** Seconds of silence until this server counts as dead. @param configured `timeout` */
export function patienceWith(server: ServerInfo, configured: number): number {
  return server.kind === "active-directory" || server.kind === "ad-lds"
    ? Math.max(configured, AD_PATIENCE)
    : configured;
}

/** Which server it is; of several domain controllers, which one. */
export function titleOf(server: ServerInfo, url: string): string {
  return `${server.title}${server.host === null ? "" : ` ${server.host}`} at ${url}`;
}

/** The attribute that identifies people on each kind of server, for its whole life. */
export const DEFAULT_ID: Readonly<Record<ServerKind, string>> = {
  "active-directory": "objectGUID",
  "ad-lds": "objectGUID",
  samba: "objectGUID",
  openldap: "entryUUID",
  "389": "nsUniqueId",
  edirectory: "GUID",
  unknown: "entryUUID",
};

const ATTRIBUTES = [
  "objectClass",
  "vendorName",
  "vendorVersion",
  "supportedControl",
  "supportedCapabilities",
  "namingContexts",
  "dnsHostName",
  "highestCommittedUSN",
  "dsServiceName",
  "changelog",
  "firstChangeNumber",
  "lastChangeNumber",
];

/** @throws RollcallError if it cannot be read */
export async function readRootDse(
  connection: LdapConnection,
  signal: AbortSignal,
): Promise<ServerInfo> {
  const { name } = connection;
  const entry = await readAbout(connection, "", ATTRIBUTES, signal);
  const kind = serverKind(entry);
  const version = values(entry, "vendorVersion")[0];
  const hosts = values(entry, "dnsHostName");
  const readOnly = values(entry, "supportedCapabilities").includes(READ_ONLY_CAPABILITY);
  const known = `${TITLES[kind]}${readOnly ? ", read-only," : ""}`;
  const title = version === undefined ? known : `${known} (${name(version)})`;
  return {
    kind,
    title,
    controls: new Set(values(entry, "supportedControl")),
    namingContexts: values(entry, "namingContexts"),
    host: hosts.length === 0 ? null : name(hosts[0] ?? ""),
    highestUsn: number(values(entry, "highestCommittedUSN")[0]),
    dsServiceName: values(entry, "dsServiceName")[0] ?? null,
    changelog: changelogOf(entry),
  };
}

function changelogOf(entry: About): ServerInfo["changelog"] {
  const first = number(values(entry, "firstChangeNumber")[0]);
  const last = number(values(entry, "lastChangeNumber")[0]);
  const base = values(entry, "changelog")[0] ?? "cn=changelog";
  return first === null || last === null ? null : { base, first, last };
}

function number(text: string | undefined): number | null {
  return text === undefined || !/^\d+$/.test(text) ? null : Number(text);
}

function serverKind(entry: About): ServerKind {
  const vendor = (values(entry, "vendorName")[0] ?? "").toLowerCase();
  if (vendor.includes("samba")) return "samba";
  const capabilities = values(entry, "supportedCapabilities");
  if (capabilities.includes(AD_CAPABILITY)) return "active-directory";
  if (capabilities.includes(AD_LDS_CAPABILITY)) return "ad-lds";
  if (values(entry, "objectClass").includes("OpenLDAProotDSE")) return "openldap";
  if (vendor.includes("389") || vendor.includes("red hat")) return "389";
  return /novell|netiq|opentext/.test(vendor) ? "edirectory" : "unknown";
}

function values(entry: About, name: string): readonly string[] {
  return entry.get(name.toLowerCase()) ?? [];
}
