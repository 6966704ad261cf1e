/** The agent in front of a scripted server. */
import { LdapDirectory } from "../../src/agent/ldap/directory.ts";
import type { LdapSession } from "../../src/agent/ldap/session.ts";
import type { DirectorySession } from "../../src/agent/directory.ts";
import { boolean, integer, octetString, TAG, tlv } from "../../src/agent/ldap/ber.ts";
import type { LdapSource } from "../../src/model/directory.ts";
import type { RawEntry } from "../../src/model/entry.ts";
import { RollcallError } from "../../src/model/errors.ts";
import { MustReadAll, type Mark } from "../../src/model/incremental.ts";
import { startScriptedLdap, type Answer, type SearchCall, type Values } from "./scripted-ldap.ts";

export const BASE = "ou=people,dc=example,dc=org";
export const SYNC = "1.3.6.1.4.1.4203.1.9.1.1";
const STATE = "1.3.6.1.4.1.4203.1.9.1.2";
const DONE = "1.3.6.1.4.1.4203.1.9.1.3";
export const INFO = "1.3.6.1.4.1.4203.1.9.1.4";
export const PAGED = "1.2.840.113556.1.4.319";
export const OPENLDAP = { supportedControl: [PAGED, SYNC] };
export const DS389 = { ...OPENLDAP, objectClass: "top", vendorName: "389 Project" };

export const uuid = (number: number): string =>
  `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
export const bytesOf = (id: string): Buffer => Buffer.from(id.replaceAll("-", ""), "hex");

export function person(number: number, more: Readonly<Record<string, Values>> = {}) {
  const attributes = { entryUUID: uuid(number), cn: `Person ${number}`, ...more };
  return { dn: `cn=p${number},${BASE}`, attributes };
}

export interface Options {
  readonly timeout?: number;
  readonly rate?: number;
  readonly groups?: boolean;
  readonly signal?: AbortSignal;
  readonly id?: string;
}

export function sourceOf(
  url: string,
  { timeout = 2, rate, groups = false, id }: Options,
): LdapSource {
  return {
    name: "corp",
    type: "ldap",
    users: {
      bases: [BASE],
      scope: "sub",
      filter: "(cn=*)",
      id: id ?? null,
      attributes: ["*"],
      disabled: [],
    },
    groups: groups ? { bases: [BASE], filter: "(member=*)" } : null,
    incremental: { way: "auto", overlapSeconds: 300, compareMinutes: 60 },
    ldap: {
      urls: [url],
      startTls: false,
      tls: { ca: null, rejectUnauthorized: true, client: null, minVersion: "TLSv1.2" },
      bind: null,
      pageSize: 2,
      timeoutSeconds: timeout,
      entriesPerSecond: rate ?? null,
    },
  };
}

export async function withAgent<T>(
  script: (call: SearchCall) => Answer,
  rootDse: Readonly<Record<string, Values>>,
  work: (
    session: LdapSession,
    calls: readonly SearchCall[],
    others: readonly number[],
  ) => Promise<T>,
  options: Options = {},
): Promise<T> {
  await using server = await startScriptedLdap(script, rootDse);
  const directory = new LdapDirectory(sourceOf(server.url, options));
  await using session = await directory.open(options.signal ?? new AbortController().signal);
  return await work(session, server.searches, server.others);
}

export async function everybody(session: DirectorySession): Promise<RawEntry[]> {
  const entries: RawEntry[] = [];
  for await (const batch of session.people()) entries.push(...batch);
  return entries;
}

export const code = (error: unknown): unknown =>
  error instanceof RollcallError
    ? error.code
    : error instanceof MustReadAll
      ? error.conversion.code
      : error;

export const doneValue = (cookie: string | null, refreshDeletes: boolean): Buffer =>
  tlv(
    TAG.sequence,
    ...(cookie === null ? [] : [octetString(cookie)]),
    ...(refreshDeletes ? [boolean(true)] : []),
  );
export const done = (cookie: string | null, refreshDeletes: boolean): Answer => ({
  cookie: null,
  controls: { [DONE]: doneValue(cookie, refreshDeletes) },
});
export const state = (number: number, value: number) => ({
  dn: `cn=p${number},${BASE}`,
  attributes: {},
  controls: {
    [STATE]: tlv(TAG.sequence, integer(value, TAG.enumerated), octetString(bytesOf(uuid(number)))),
  },
});
export const idSet = (deleted: boolean, ...numbers: number[]): readonly [string, Buffer] => [
  INFO,
  tlv(
    0xa3,
    ...(deleted ? [boolean(true)] : []),
    tlv(TAG.set, ...numbers.map((number) => octetString(bytesOf(uuid(number))))),
  ),
];
export const MARK: Mark = {
  way: "contentSync",
  positions: { [BASE]: Buffer.from("old").toString("base64") },
  comparedAt: "2026-01-01T00:00:00Z",
};
