import type { Client, Entry as LdaptsEntry } from "ldapts";

export type ServerKind =
  | "active-directory"
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
}

export const PAGED_RESULTS = "1.2.840.113556.1.4.319";
export const DOMAIN_SCOPE = "1.2.840.113556.1.4.1339";
const AD_CAPABILITY = "1.2.840.113556.1.4.800";

const TITLES: Readonly<Record<ServerKind, string>> = {
  "active-directory": "Active Directory",
  samba: "Samba Active Directory",
  openldap: "OpenLDAP",
  "389": "389 Directory Server",
  edirectory: "eDirectory",
  unknown: "an LDAP server of unknown kind",
};

/** The attribute that identifies people on each kind of server, for its whole life. */
export const DEFAULT_ID: Readonly<Record<ServerKind, string>> = {
  "active-directory": "objectGUID",
  samba: "objectGUID",
  openldap: "entryUUID",
  "389": "nsUniqueId",
  edirectory: "GUID",
  unknown: "entryUUID",
};

const ATTRIBUTES = [
  "objectClass", "vendorName", "vendorVersion", "supportedControl", "supportedCapabilities", "namingContexts",
]; // prettier-ignore

export async function readRootDse(client: Client): Promise<ServerInfo> {
  const { searchEntries } = await client.search("", {
    scope: "base",
    filter: "(objectClass=*)",
    attributes: ATTRIBUTES,
    timeLimit: 0,
  });
  const entry = searchEntries[0] ?? { dn: "" };
  const kind = serverKind(entry);
  const version = values(entry, "vendorVersion")[0];
  const title = version === undefined ? TITLES[kind] : `${TITLES[kind]} (${version})`;
  return {
    kind,
    title,
    controls: new Set(values(entry, "supportedControl")),
    namingContexts: values(entry, "namingContexts"),
  };
}

function serverKind(entry: LdaptsEntry): ServerKind {
  const vendor = (values(entry, "vendorName")[0] ?? "").toLowerCase();
  if (vendor.includes("samba")) return "samba";
  if (values(entry, "supportedCapabilities").includes(AD_CAPABILITY)) return "active-directory";
  if (values(entry, "objectClass").includes("OpenLDAProotDSE")) return "openldap";
  if (vendor.includes("389") || vendor.includes("red hat")) return "389";
  return /novell|netiq|opentext/.test(vendor) ? "edirectory" : "unknown";
}

/** All values of an attribute, by its name without regard to case. */
function values(entry: LdaptsEntry, name: string): string[] {
  const lower = name.toLowerCase();
  const key = Object.keys(entry).find((candidate) => candidate.toLowerCase() === lower);
  if (key === undefined) return [];
  const value = entry[key];
  return (Array.isArray(value) ? value : [value]).map(String);
}
