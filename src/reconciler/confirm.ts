/**
 * Whether a person has to confirm that an entry is the user whom a matching rule found. In many
 * directories people write their own address, and whoever writes somebody else's there would get
 * that user's account as soon as its own source lets go of it.
 */
import type { Problem } from "../model/errors.ts";
import type { User } from "../model/user.ts";
import type { MatchKey } from "./match.ts";
import type { Rules } from "./rules.ts";
import { BY_HAND } from "./standing.ts";

/** The number that an organisation gives its people; nobody chooses one's own. */
const GIVEN = "employeeNumber";

/** Whether values of an attribute are given to people, and tell them apart. */
export function isGiven(attribute: string): boolean {
  return attribute === GIVEN;
}

/** Whether it depends on the user whether a person is asked. */
export function mayAsk({ onMatch, attribute }: MatchKey): boolean {
  return onMatch === null && !isGiven(attribute);
}

/** Whom a rule found for an entry. */
export interface Found {
  readonly key: MatchKey;
  readonly user: User;
  /** The directories that have, or ever had, an entry of the user; also former ones. */
  readonly directories: ReadonlySet<string>;
}

/**
 * Why an entry of a directory is not linked before a person confirms it; null if it is. By itself, a
 * rule links users whom no other directory ever had, and gives back to a source of higher priority
 * than all others what it had before.
 */
export function needsConfirmation(
  rules: Pick<Rules, "sources" | "directories">,
  { directory, dn }: { readonly directory: string; readonly dn: string },
  { key, user, directories }: Found,
): Problem | null {
  const has = `${dn} has the ${key.attribute} of ${user.login}`;
  const ask = "Whether it is the same person has to be confirmed.";
  const problem = (message: string): Problem => {
    return { code: "match.unconfirmed", field: key.attribute, message };
  };
  if (key.onMatch === "link") return null;
  if (key.onMatch === "confirm") return problem(`${has}. ${ask}`);
  if (isGiven(key.attribute)) return null;
  const { statusBy } = user;
  const others = new Set(directories);
  if (statusBy !== null && statusBy !== BY_HAND) others.add(statusBy);
  others.delete(directory);
  const [other] = [...others].toSorted((a, b) => rankOf(rules, a) - rankOf(rules, b));
  if (other === undefined) return null;
  const isOwn = directories.has(directory);
  if (isOwn && rankOf(rules, directory) < rankOf(rules, other)) return null;
  return problem(`${has}, who is or was a person of ${other}. ${ask}`);
}

/** A directory's place in source priority; one that is not configured any more may have been any. */
function rankOf({ sources, directories }: Pick<Rules, "sources" | "directories">, name: string) {
  if (!directories.has(name)) return -1;
  const at = sources.indexOf(name);
  return at === -1 ? sources.length : at;
}
