import { hash, scryptSync } from "node:crypto";
import type { AppSettings } from "../model/app.ts";
import {
  isOnServers,
  type DirectorySource,
  type LdapSource,
  type LdapTarget,
} from "../model/directory.ts";
import type { SearchFacts } from "../model/run.ts";
import type { DirectorySettings, Settings } from "../model/settings.ts";

/** To be raised whenever entries are decoded or decided in another way. */
const VERSION = 6;

/**
 * Changes with whatever decides who is found and what is read of them: another search, another
 * server or another account may see other people, so a mark of the old one is worth nothing.
 */
export function scopeFingerprint(source: DirectorySource): string {
  const facts = [VERSION, source.type, source.users, ...serverFacts(source)];
  return hash("sha1", JSON.stringify(facts), "hex");
}

function serverFacts(source: DirectorySource): readonly unknown[] {
  if (source.type === "identity-source") return [];
  if (source.type === "ldif") return [source.groups, [], null, "auto"];
  if (source.type === "csv") return [source.groupsColumn, source.format];
  const { groups, ldap, incremental } = source;
  return [groups, ldap.urls.toSorted(), accountOf(ldap), incremental.way];
}

/** Who reads; null: nobody in particular. */
function accountOf({ bind }: LdapTarget): string | null {
  if (bind === null) return null;
  return bind.mechanism === "external" ? "that of the client's certificate" : bind.dn;
}

/**
 * Changes with the servers and the credential by which a directory is reached. Of the password it
 * holds 16 bits of a slow hash: enough to see that it was corrected, too little to find it by.
 */
export function reachFingerprint(source: DirectorySource): string {
  if (!isOnServers(source)) return hash("sha1", placeOf(source), "hex");
  const { bind, urls, tls } = source.ldap;
  const account = accountOf(source.ldap);
  const shown = tls.client?.cert ?? null;
  const facts = hash("sha1", JSON.stringify([urls.toSorted(), account, shown]), "hex");
  if (bind === null || bind.mechanism === "external") return facts;
  return `${facts} ${scryptSync(bind.password.reveal(), facts, 2).toString("hex")}`;
}

/** Where a directory is that is on no server. */
function placeOf(source: Exclude<DirectorySource, LdapSource>): string {
  return source.type === "identity-source" ? source.name : source.path;
}

/** The search in words, to say what changed in it. */
export function searchFacts(source: DirectorySource): SearchFacts {
  const { bases, scope, filter } = source.users;
  const search = { bases, scope, filter };
  if (!isOnServers(source)) return { servers: [placeOf(source)], account: null, ...search };
  return { servers: source.ldap.urls, account: accountOf(source.ldap), ...search };
}

/** Lengths of the two parts of a `decisionFingerprint`. */
const PART = 8;

/**
 * Sixteen characters that stand before every stored hash, so that the next full import looks again
 * at people whose entry is the same but who would be read or mapped in another way: eight for what
 * is taken from an entry, which only another read can do anew, and eight for everything that is
 * decided from it.
 */
export function decisionFingerprint(
  directory: DirectorySettings,
  { profile, organisation }: Pick<Settings, "profile" | "organisation">,
): string {
  const { id, disabled, attributes } = directory.source.users;
  const mappings = [...directory.toOkta].map(([name, { expression, apply }]) => [
    name,
    expression,
    apply,
  ]);
  const matching = directory.matching.map(({ user, app, onMatch }) => [user, app, onMatch]);
  const { onNoMatch, onRemoval, reactivate } = directory;
  const decided = [
    VERSION,
    mappings,
    matching,
    onNoMatch,
    onRemoval,
    reactivate,
    organisation,
    profile.sources,
    [...profile.overrides],
    [...profile.fallback],
    [...profile.attributes],
  ];
  return `${shortHash([VERSION, id, disabled, attributes])}${shortHash(decided)}:`;
}

/** The part of it that mapping again from stored app profiles brings up to date. */
export function mappingVersion(fingerprint: string): string {
  return fingerprint.slice(PART, 2 * PART);
}

/** Changes with whatever is decided about accounts of an app, besides the people. */
export function appFingerprint(
  app: AppSettings,
  { organisation }: Pick<Settings, "organisation">,
): string {
  const { provisioning, onUnassign, matching, assign, attributes, toApp, target } = app;
  const mappings = [...toApp].map(([name, { expression, apply }]) => [name, expression, apply]);
  const rules = assign.map((rule) => (rule.kind === "condition" ? { ...rule, line: 0 } : rule));
  const decided = [VERSION, provisioning, onUnassign, matching, rules, [...attributes], mappings];
  return shortHash([...decided, organisation, target.url]);
}

function shortHash(facts: readonly unknown[]): string {
  return hash("sha1", JSON.stringify(facts), "hex").slice(0, PART);
}

/** Marks a hash so that the next full import looks at the person again, whatever the entry says. */
const LOOK_AGAIN = "?";

export function looksAgain(hash: string): boolean {
  return hash.endsWith(LOOK_AGAIN);
}

/** The hash to keep of an entry that was decided on while something was still missing, or not. */
export function decidedHash(hash: string, incomplete: boolean): string {
  const plain = hash.endsWith(LOOK_AGAIN) ? hash.slice(0, -1) : hash;
  return incomplete ? plain + LOOK_AGAIN : plain;
}
