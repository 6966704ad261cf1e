/**
 * Whether a person has to confirm that an entry is the user whom a matching rule found. In many
 * directories people write their own address, and whoever writes somebody else's there would get
 * that user's account as soon as its own source lets go of it.
 */
import type { Problem } from "../model/errors.ts";
import type { User } from "../model/user.ts";
import type { MatchKey } from "./match.ts";
import type { Rules } from "./rules.ts";
import { profileSourceOf } from "./source-priority.ts";
import { BY_HAND } from "./standing.ts";

/** The number that an organisation gives its people; nobody chooses one's own. */
const GIVEN = "employeeNumber";

/** Whether values of an attribute tell people apart for certain, and are not theirs to choose. */
export function identifies({ unique }: Pick<Rules, "unique">, attribute: string): boolean {
  return attribute === GIVEN || unique.includes(attribute);
}

/** Whom a rule found for an entry. */
export interface Found {
  readonly key: MatchKey;
  readonly user: User;
  /** The directories in whose scope the user has an entry. */
  readonly links: ReadonlyMap<string, unknown>;
}

/** Why an entry of a directory is not linked before a person confirms it; null if it is. */
export function needsConfirmation(
  rules: Pick<Rules, "sources" | "unique">,
  { directory, dn }: { readonly directory: string; readonly dn: string },
  { key, user, links }: Found,
): Problem | null {
  const has = `${dn} has the ${key.attribute} of ${user.login}`;
  const ask = "Whether it is the same person has to be confirmed.";
  const problem = (message: string): Problem => {
    return { code: "match.unconfirmed", field: key.attribute, message };
  };
  if (key.onMatch === "link") return null;
  if (key.onMatch === "confirm") return problem(`${has}. ${ask}`);
  if (identifies(rules, key.attribute)) return null;
  const [only] = links.size === 1 ? links.keys() : [];
  const source = profileSourceOf(rules, links) ?? only ?? null;
  if (source !== null && source !== directory)
    return problem(`${has}, whose profile comes from ${source}. ${ask}`);
  const { status, statusBy } = user;
  const taken = source === null && status !== "active" && statusBy !== null;
  if (!taken || statusBy === directory || statusBy === BY_HAND) return null;
  return problem(`${has}, whose access ended with ${statusBy}. ${ask}`);
}
