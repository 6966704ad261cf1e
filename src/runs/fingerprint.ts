import { hash } from "node:crypto";
import type { DirectorySource } from "../model/directory.ts";
import type { SearchFacts } from "../model/run.ts";
import type { DirectorySettings, Settings } from "../model/settings.ts";

/** To be raised whenever entries are decoded or decided in another way. */
const VERSION = 2;

/**
 * Changes with whatever decides who is found and what is read of them: another search, another
 * server or another account may see other people, so a mark of the old one is worth nothing.
 */
export function scopeFingerprint({
  type,
  users,
  groups,
  ldap,
  incremental,
}: DirectorySource): string {
  const { urls = [], bind = null } = ldap ?? {};
  const facts = [VERSION, type, users, groups, urls.toSorted(), bind?.dn ?? null, incremental.way];
  return hash("sha1", JSON.stringify(facts), "hex");
}

/** The search in words, to say what changed in it. */
export function searchFacts({ users, ldap, path }: DirectorySource): SearchFacts {
  const { bases, scope, filter } = users;
  const servers = ldap?.urls ?? [path ?? ""];
  return { servers, account: ldap?.bind?.dn ?? null, bases, scope, filter };
}

/**
 * Eight characters that change with everything that decisions about a directory's people depend
 * on besides their entries. They stand before every stored hash, so that the next full import
 * looks again at people whose entry is the same but whose mapping is not.
 */
export function decisionFingerprint(
  directory: DirectorySettings,
  profile: Settings["profile"],
): string {
  const { id, disabled } = directory.source.users;
  const mappings = [...directory.toOkta].map(([name, { expression, apply }]) => [
    name,
    expression,
    apply,
  ]);
  const matching = directory.matching.map(({ user, app }) => [user, app]);
  const { onNoMatch, onRemoval } = directory;
  const facts = [
    VERSION, id, disabled, mappings, matching, onNoMatch, onRemoval,
    profile.sources, [...profile.overrides], [...profile.attributes],
  ]; // prettier-ignore
  return `${hash("sha1", JSON.stringify(facts), "hex").slice(0, 8)}:`;
}
