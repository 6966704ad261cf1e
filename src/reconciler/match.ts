import { EvaluationError } from "../mapping/problem.ts";
import type { Evaluate } from "../mapping/references.ts";
import { NO_FACTS, type Scope } from "../mapping/scope.ts";
import { isArray, plain } from "../mapping/values.ts";
import type { AppProfile } from "../model/entry.ts";
import type { Problem } from "../model/errors.ts";
import type { OnMatch } from "../model/settings.ts";
import { loginKey } from "../model/user.ts";
import type { DirectoryRules } from "./rules.ts";

/** A question to the store: which users have this value (without regard to case)? */
export interface MatchKey {
  readonly attribute: string;
  readonly value: string;
  /** The expression of the rule that asks. */
  readonly app: string;
  readonly onMatch: OnMatch | null;
}

/** Longer values identify nobody, and the database does not index them. */
const MAX_KEY = 400;

/** What the rules ask for an entry, in order. A rule without a value asks nothing. */
export function matchKeys(directory: DirectoryRules, profile: AppProfile): MatchKey[] {
  const keys: MatchKey[] = [];
  for (const rule of directory.matching) {
    const value = evaluate(rule.app.evaluate, { app: profile, facts: NO_FACTS });
    if (value !== null && value !== "" && value.length <= MAX_KEY)
      keys.push({
        app: rule.app.source,
        onMatch: rule.onMatch,
        attribute: rule.user,
        value: rule.user === "login" ? loginKey(value) : value.toLowerCase(),
      });
  }
  return keys;
}

/** An expression that fails for this person matches nobody; several values are no key. */
function evaluate(expression: Evaluate, scope: Scope): string | null {
  try {
    const value = plain(expression(scope));
    return value === null || isArray(value) ? null : String(value);
  } catch (error) {
    if (error instanceof EvaluationError) return null;
    throw error;
  }
}

/** Those whom the first rule that finds anybody finds. */
export function firstFound<U>(
  keys: readonly MatchKey[],
  find: (key: MatchKey) => readonly U[],
): { readonly key: MatchKey; readonly users: readonly U[] } | null {
  for (const key of keys) {
    const users = find(key);
    if (users.length > 0) return { key, users };
  }
  return null;
}

export type Match<U> =
  | { readonly kind: "none" }
  | { readonly kind: "one"; readonly user: U; readonly key: MatchKey }
  | { readonly kind: "problem"; readonly problem: Problem };

/**
 * The user that an entry belongs to. The first rule that finds anybody decides; more than one user
 * is a problem for a person to solve, never a guess.
 */
export function decideMatch<U>(
  keys: readonly MatchKey[],
  find: (key: MatchKey) => readonly U[],
  describe: (user: U) => string,
): Match<U> {
  const found = firstFound(keys, find);
  if (found === null) return { kind: "none" };
  const { key, users } = found;
  const [user, ...others] = users;
  if (user !== undefined && others.length === 0) return { kind: "one", user, key };
  const names = users.slice(0, 5).map(describe).join(", ");
  const message = `${users.length} users have ${key.attribute} ${JSON.stringify(key.value)}: ${names}.`;
  return { kind: "problem", problem: { code: "match.ambiguous", field: key.attribute, message } };
}
