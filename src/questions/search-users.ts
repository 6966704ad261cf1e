/** Users as clients of the API ask for them. */
import { namesOf, whoIsMeant } from "../engine/people/find-user.ts";
import type { Engine } from "../engine/engine.ts";
import { RollcallError } from "../model/errors.ts";
import { loginKey } from "../model/user.ts";
import { parseUserFilter, parseUserSearch } from "../store/filters/user-filter.ts";
import { sortKey } from "../store/filters/user-condition.ts";
import {
  datedUsersByShortName,
  datedUsersNamed,
  searchUsers,
  type DatedUser,
  type PageStart,
} from "../store/user-search.ts";

export interface UserSearchRequest {
  /** Any attribute, without regard to case; also people without access. */
  readonly search: string | null;
  /** A few attributes, exactly. */
  readonly filter: string | null;
  /** How the first name, the last name or the e-mail address begins. */
  readonly prefix: string | null;
  /** With `search` only. */
  readonly sortBy: string | null;
  readonly descending: boolean;
  readonly after: PageStart | null;
  readonly limit: number;
}

/** @throws RollcallError `user.searchInvalid` */
export async function findUsersBy(
  engine: Engine,
  request: UserSearchRequest,
): Promise<{ readonly users: readonly DatedUser[]; readonly next: PageStart | null }> {
  const { schema } = engine.rules;
  const { search, filter, sortBy, ...page } = request;
  if (sortBy !== null && sortKey(sortBy, schema) === null) {
    const message = `Users have no attribute ${sortBy} to be put in order by.`;
    throw new RollcallError("user.searchInvalid", message);
  }
  return await searchUsers(engine.store, schema, {
    ...page,
    sortBy,
    filter:
      search !== null
        ? parseUserSearch(search, schema)
        : filter !== null
          ? parseUserFilter(filter)
          : null,
    exact: search === null,
    // Whoever asks for a status or an id says whether people without access are meant.
    deprovisioned: search !== null || filter !== null,
  });
}

/**
 * @param who a login, an id, or what stands before the `@` of a login, if only one user is called so
 * @throws RollcallError `user.notFound`
 */
export async function datedUserOf({ store: { db } }: Engine, who: string): Promise<DatedUser> {
  const names = namesOf(who);
  const named = names === null ? null : whoIsMeant(who, await datedUsersNamed(db, names));
  const dated = named ?? (await byShortName(db, who));
  if (dated === null)
    throw new RollcallError("user.notFound", `There is no user ${who}.`, { field: who });
  return dated;
}

async function byShortName(db: Engine["store"]["db"], name: string): Promise<DatedUser | null> {
  if (name === "" || /[@\0]/.test(name) || !name.isWellFormed()) return null;
  const found = await datedUsersByShortName(db, loginKey(name));
  return found.length === 1 ? (found[0] ?? null) : null;
}
