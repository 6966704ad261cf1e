/** Values that are missing at their origin: not asked for, not there, or mapped to nothing. */
import { closest } from "../../lib/lines.ts";
import { isOnServers, type DirectorySource, type UsersScope } from "../../model/directory.ts";
import type { Cause } from "../../model/explanation.ts";
import { inOrder, type Candidate, type Candidates } from "./candidates.ts";
import * as causes from "./causes/value.ts";
import type { UserFacts } from "./facts.ts";
import { json } from "./words.ts";

/** What an entry is known by, where `users.id` names nothing else; the server's kind decides. */
const DEFAULT_IDS = ["entryUUID", "objectGUID", "nsUniqueId"];

/** Attributes that the mapping reads and the directory is not asked for. */
export function notRead(
  { sources, user }: UserFacts,
  attribute: string,
  deciding: Candidate,
): Cause | null {
  for (const { directory, attribute: name } of deciding.reads) {
    const asked = askedFor(sources.get(directory));
    if (asked === null || asked.includes("*") || asked.includes("+")) continue;
    if (asked.includes(name.toLowerCase())) continue;
    const left =
      user.profile[attribute] === undefined
        ? `${attribute} has no value`
        : `the next full import empties ${attribute}`;
    return causes.notRead(directory, name, left);
  }
  return null;
}

/** The attributes that a server is asked for, in lower case; null for a file, which is read whole. */
function askedFor(source: DirectorySource | undefined): readonly string[] | null {
  if (source === undefined || !isOnServers(source)) return null;
  const { users } = source;
  return [...users.attributes, ...asItself(users)].map((name) => name.toLowerCase());
}

/** What is read besides, because Rollcall itself needs it. */
function asItself({ id, disabled }: UsersScope): readonly string[] {
  const ids = id === null ? DEFAULT_IDS : [id];
  return [...ids, ...disabled.map((rule) => rule.attribute)];
}

/** What a mapping reads in vain: of whom, and which attributes. Null if it gives a value. */
export function readInVain(
  { user }: UserFacts,
  attribute: string,
  { value, inputs, reads, directory }: Candidate,
): { readonly of: string; readonly names: readonly string[] } | null {
  if (value !== null || user.profile[attribute] !== undefined) return null;
  const values = Object.values(inputs);
  if (values.length === 0 || values.some((one) => one !== null)) return null;
  return { of: reads[0]?.directory ?? directory, names: reads.map((one) => one.attribute) };
}

/** There is no value, and everything is applied: where does it end? */
export function emptyAt(
  facts: UserFacts,
  attribute: string,
  deciding: Candidate,
  { order, fallback }: Candidates,
): Cause | null {
  const { user } = facts;
  const { directory } = deciding;
  if (deciding.value !== null || user.profile[attribute] !== undefined) return null;
  const other = inOrder(order).find((one) => one.linked && one.value !== null);
  const next =
    other === undefined || fallback
      ? null
      : `${other.directory} has ${json(other.value)}, which is not taken: ${directory} is the source, and profile.fallback is off`;
  const vain = readInVain(facts, attribute, deciding);
  if (vain === null) return causes.mapsToNothing(user, attribute, deciding, next);
  const known = facts.attributes.get(vain.of);
  const read = { of: vain.of, names: vain.names.join(", ") };
  const nowhere = vain.names.every((name) => known?.without.has(name.toLowerCase()) === true);
  if (!nowhere) return causes.hadNone(user, attribute, read, next);
  const meant = closest(vain.names[0] ?? "", known?.present ?? []);
  const hint = meant === undefined ? null : `Is ${meant} meant?`;
  const wildcard = wildcardHint(facts.sources.get(vain.of), vain);
  return causes.nobodyHasIt(attribute, read, [wildcard, hint, next]);
}

/** `*` and `+` do not stand for everything (RFC 4511 section 4.5.1.8, RFC 3673). */
function wildcardHint(
  source: DirectorySource | undefined,
  { of, names }: { readonly of: string; readonly names: readonly string[] },
): string | null {
  if (source === undefined || !isOnServers(source)) return null;
  const asked = source.users.attributes.map((name) => name.toLowerCase());
  if (names.every((name) => asked.includes(name.toLowerCase()))) return null;
  const where = `name it in directories.${of}.users.attributes`;
  if (asked.includes("*") && !asked.includes("+"))
    return `\`*\` brings no operational attributes: if it is one, ${where}`;
  return asked.includes("*")
    ? null
    : `\`+\` brings operational attributes only: if it is none, ${where}`;
}
