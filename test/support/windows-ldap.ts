/**
 * A scripted server that behaves on the wire as Active Directory on Windows does, which no free
 * server does: every constructed element with a length of five bytes, every text with a NUL at its
 * end, and its own form of the notice of disconnection (MS-ADTS 5.1.1.6).
 */
import {
  BerCursor,
  elementSize,
  integer,
  octetString,
  TAG,
  tlv,
} from "../../src/agent/ldap/ber.ts";
import {
  startScriptedLdap,
  type Answer,
  type BindAnswer,
  type Habits,
  type ScriptedServer,
  type SearchCall,
  type Values,
} from "./scripted-ldap.ts";

export const DOMAIN = "DC=corp,DC=example,DC=com";
export const PEOPLE = `OU=Staff,${DOMAIN}`;
const SETTINGS = `CN=NTDS Settings,CN=DC1,CN=Servers,CN=Site,CN=Sites,CN=Configuration,${DOMAIN}`;
const CONTROL = "1.2.840.113556.1.4.";
const CONTROLS = [319, 801, 473, 528, 417, 619, 841, 529, 805, 1339, 1948, 2064];

export const ROOT_DSE: Readonly<Record<string, Values>> = {
  objectClass: "top",
  dnsHostName: "DC1.corp.example.com",
  dsServiceName: SETTINGS,
  highestCommittedUSN: "22591",
  isGlobalCatalogReady: "TRUE",
  isSynchronized: "TRUE",
  namingContexts: [
    DOMAIN,
    `CN=Configuration,${DOMAIN}`,
    `CN=Schema,CN=Configuration,${DOMAIN}`,
    `DC=DomainDnsZones,${DOMAIN}`,
    `DC=ForestDnsZones,${DOMAIN}`,
  ],
  supportedCapabilities: [800, 1670, 1791, 1935, 2080, 2237].map((one) => `${CONTROL}${one}`),
  supportedControl: CONTROLS.map((one) => `${CONTROL}${one}`),
};

/** @param script answers whatever is not about the controller itself */
export async function startWindows(
  script: (call: SearchCall) => Answer,
  options: {
    readonly rootDse?: Readonly<Record<string, Values>>;
    readonly bind?: BindAnswer;
    readonly habits?: Habits;
    /** Which controller it is: a byte of its invocation id. */
    readonly controller?: number;
  } = {},
): Promise<ScriptedServer> {
  const all = (call: SearchCall): Answer =>
    call.base === SETTINGS
      ? {
          entries: [
            {
              dn: SETTINGS,
              attributes: { invocationId: Buffer.alloc(16, options.controller ?? 7) },
            },
          ],
        }
      : script(call);
  return await startScriptedLdap(all, { ...ROOT_DSE, ...options.rootDse }, options.bind, {
    encode: longLengths,
    // Nothing may depend on what arrives together.
    piece: 1,
    ...options.habits,
  });
}

export interface DomainEntry {
  readonly dn: string;
  readonly attributes: Readonly<Record<string, Values>>;
}

/** A domain as searches see it: what is in it now, and what DirSync says to a cookie. */
export interface Domain {
  entries: readonly DomainEntry[];
  /** Absent: the account has no right to it. */
  dirSync?: (cookie: string) => Answer;
  /** Says something else than what the entries give, where it says something. */
  instead?: (call: SearchCall) => Answer | null;
}

export const DIR_SYNC = `${CONTROL}841`;
export const SHOW_RECYCLED = `${CONTROL}2064`;

/** Answers searches by what is in the domain: base, scope and filter count, and DirSync's cookie. */
export function scriptOf(domain: Domain): (call: SearchCall) => Answer {
  return (call) => {
    const other = domain.instead?.(call) ?? null;
    if (other !== null) return other;
    const sent = call.controls.get(DIR_SYNC);
    if (sent !== undefined)
      return domain.dirSync?.(cookieOf(sent)) ?? { code: 50, diagnostic: said("00002105") };
    const found = domain.entries.filter((entry) => isFound(entry, call));
    if (found.length > 0 || call.scope !== 0) return { entries: found };
    return { entries: [{ dn: call.base, attributes: { uSNChanged: "1", whenChanged: "1" } }] };
  };
}

function isFound({ dn, attributes }: DomainEntry, call: SearchCall): boolean {
  const [base, name] = [call.base, dn].map((one) => one.toLowerCase().replaceAll(", ", ","));
  const isThere = call.scope === 0 ? name === base : name?.endsWith(`,${base}`) === true;
  // Deleted objects show only to who asks for them.
  const isShown = attributes["isDeleted"] !== "TRUE" || call.controls.has(SHOW_RECYCLED);
  return isThere && isShown && (call.scope === 0 || call.finds((one) => valuesOf(attributes, one)));
}

function valuesOf(attributes: DomainEntry["attributes"], wanted: string): Buffer[] {
  const name = Object.keys(attributes).find((one) => one.toLowerCase() === wanted.toLowerCase());
  const values = name === undefined ? [] : [attributes[name] ?? []].flat();
  return values.map((value) => Buffer.from(value as string));
}

/** The answer to DirSync: what changed, and a cookie to go on from. */
export function changesUntil(
  cookie: string,
  entries: readonly DomainEntry[] = [],
  more = false,
): Answer {
  const value = tlv(
    TAG.sequence,
    integer(more ? 1 : 0),
    integer(0),
    octetString(Buffer.from(cookie)),
  );
  return { entries, cookie: null, controls: { [DIR_SYNC]: value } };
}

/** The cookie is the last of three values. */
function cookieOf(value: Buffer): string {
  const cursor = new BerCursor(value).enter(TAG.sequence);
  cursor.take(TAG.integer);
  cursor.take(TAG.integer);
  return cursor.text();
}

/** A diagnostic as Windows ends each. */
export const said = (text: string): string => `${text}\0`;

/** A person as Active Directory has them. */
export function account(number: number, more: Readonly<Record<string, Values>> = {}) {
  return {
    dn: `CN=Person ${number},${PEOPLE}`,
    attributes: {
      objectClass: ["top", "person", "user"],
      objectGUID: guid(number),
      sAMAccountType: "805306368",
      sAMAccountName: `p${number}`,
      userPrincipalName: `p${number}@corp.example.com`,
      givenName: "Given",
      sn: `Family${number}`,
      userAccountControl: "512",
      ...more,
    },
  };
}

export function guid(number: number): Buffer {
  const bytes = Buffer.alloc(16, 1);
  bytes.writeUInt32BE(number, 12);
  return bytes;
}

/** Writes the length of every constructed element as `84` and four bytes, as Windows does. */
export function longLengths(element: Buffer): Buffer {
  const tag = element[0] ?? 0;
  if ((tag & 0x20) === 0) return element;
  const first = element[1] ?? 0;
  const parts: Buffer[] = [];
  for (let at = first < 0x80 ? 2 : 2 + (first & 0x7f); at < element.length;) {
    const size = elementSize(element, at);
    parts.push(longLengths(element.subarray(at, at + size)));
    at += size;
  }
  const content = Buffer.concat(parts);
  const header = Buffer.from([tag, 0x84, 0, 0, 0, 0]);
  header.writeUInt32BE(content.length, 2);
  return Buffer.concat([header, content]);
}

/** The notice of disconnection: number 0, and its name behind the operation. */
export function notice(code: number, text: string): Buffer {
  const string = (tag: number, value: string): Buffer =>
    Buffer.concat([Buffer.from([tag, value.length]), Buffer.from(value, "latin1")]);
  const wrap = (tag: number, content: Buffer): Buffer => {
    const header = Buffer.from([tag, 0x84, 0, 0, 0, 0]);
    header.writeUInt32BE(content.length, 2);
    return Buffer.concat([header, content]);
  };
  const operation = Buffer.concat([
    Buffer.from([0x0a, 1, code, 0x04, 0]),
    string(0x04, `${text}\0`),
  ]);
  const name = string(0x8a, "1.3.6.1.4.1.1466.20036");
  return wrap(0x30, Buffer.concat([Buffer.from([2, 1, 0]), wrap(0x78, operation), name]));
}
