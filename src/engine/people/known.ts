import { LinkedUsers } from "./linked-users.ts";
import { RollcallError, type Problem } from "../../model/errors.ts";
import { Breath } from "../../lib/breath.ts";
import type { LinkOrigin, User } from "../../model/user.ts";
import type { Known, Sighting } from "../../reconciler/decide.ts";
import { decideMatch, matchKeys, type Match, type MatchKey } from "../../reconciler/match.ts";
import { mayAsk, needsConfirmation } from "../../reconciler/confirm.ts";
import type { DirectoryRules, Rules } from "../../reconciler/rules.ts";
import type { Relations } from "../../reconciler/scope.ts";
import { appUsersByIds, appUsersOfUsers, type StoredAppUser } from "../../store/app-users.ts";
import { directoriesOfUsers } from "../../store/links.ts";
import { usersByIds } from "../../store/users.ts";
import type { Engine } from "../engine.ts";
import type { MovedPeople } from "./moved-people.ts";
import { loadUsersByKey, type UsersByKey } from "./users-by-key.ts";
import { loadRelations, type RelationsOf, type Link } from "./relations.ts";

export type PersonKnown = Known & {
  readonly replaces: Replacement | null;
  /** Of the entry as it was kept; null if there is none. */
  readonly hash: string | null;
};

/** What the store knows about a batch of people: a handful of queries, however many they are. */
export interface KnownPeople {
  of(sighting: Sighting): PersonKnown;
}

/**
 * The user that an entry belongs to is linked to another entry of the same directory. If that one
 * is no longer there, the account was made anew, and `known` is what to decide with.
 */
export interface Replacement {
  readonly externalId: string;
  readonly userId: string;
  readonly known: Known;
}

/** A batch of people, and what is known of them already. */
export interface Batch {
  /** With the matching rules to apply, which need not be those of the run. */
  readonly directory: DirectoryRules;
  readonly sightings: readonly Sighting[];
  /** Their app users; if absent, they are looked up. */
  readonly stored?: readonly StoredAppUser[];
  /**
   * Users that this run has linked to an entry of the directory already; a second entry for one of
   * them is refused, also when both are new. If absent, nobody is.
   */
  readonly linked?: LinkedUsers;
  /** Of the directory, whom this run has read at another place than the store knows. */
  readonly moved?: MovedPeople;
}

/** @param now milliseconds since 1970: what expressions take for now */
export async function loadKnown(
  engine: Engine,
  now: number,
  { directory, sightings, stored: given, linked = new LinkedUsers(), moved }: Batch,
): Promise<KnownPeople> {
  const { db } = engine.store;
  const ids = sightings.map((sighting) => sighting.id);
  const stored = given ?? (await appUsersByIds(db, directory.name, ids));
  const appUsers = new Map(stored.map((appUser) => [appUser.externalId, appUser]));
  const keys = new Map<string, readonly MatchKey[]>();
  const breath = new Breath(null);
  for (const sighting of sightings) {
    if (breath.isDue) await breath.take();
    const stored = appUsers.get(sighting.id);
    if ((stored?.userId ?? null) !== null || stored?.setAside === true) continue;
    keys.set(sighting.id, matchKeys(directory, sighting.profile));
  }
  const allKeys = [...keys.values()].flat();
  const find = await loadUsersByKey(db, allKeys);
  const linkedIds = stored.map((appUser) => appUser.userId).filter((id) => id !== null);
  const users = new Map((await usersByIds(db, linkedIds)).map((user) => [user.id, user]));
  // Links in other directories count for source priority; links in this one, for those who come
  // anew or return. With one directory and nobody new, there is nothing to look up.
  const { directories } = engine.rules;
  const several = directories.size > 1 || !directories.has(directory.name);
  const returning = stored.filter((one) => one.status === "removed" || several);
  const involved = new Set([
    ...returning.map((one) => one.userId).filter((id) => id !== null),
    ...allKeys.flatMap(find).map((user) => user.id),
  ]);
  // A directory that is not configured any more gives nothing and decides nothing.
  const counts = ({ directory: of }: StoredAppUser): boolean =>
    of === directory.name || engine.rules.directories.has(of);
  const all = (await appUsersOfUsers(db, [...involved])).filter(counts);
  const links = groupByUser(all);
  const read = sightings.map((sighting) => linkOf(directory, sighting));
  const others = all.filter((one) => one.directory !== directory.name);
  const people = moved === undefined ? null : { directory: directory.name, people: moved };
  const relations = await loadRelations(engine, now, [...read, ...others], people);
  const { rules } = engine;
  const matched = new Set(
    allKeys
      .filter(mayAsk)
      .flatMap(find)
      .map((user) => user.id),
  );
  const directoriesOf = await directoriesOfUsers(db, [...matched]);
  const loaded = {
    rules,
    appUsers,
    users,
    links,
    keys,
    find,
    relations,
    directories: directoriesOf,
  };
  return new People(directory, loaded, linked);
}

interface Loaded {
  readonly rules: Rules;
  readonly appUsers: ReadonlyMap<string, StoredAppUser>;
  readonly users: ReadonlyMap<string, User>;
  readonly links: ReadonlyMap<string, readonly StoredAppUser[]>;
  readonly keys: ReadonlyMap<string, readonly MatchKey[]>;
  readonly find: UsersByKey;
  readonly relations: RelationsOf;
  /** Of users whom rules find: the directories that have or had them. */
  readonly directories: ReadonlyMap<string, ReadonlySet<string>>;
}

const NONE: ReadonlySet<string> = new Set();

function linkOf({ name }: DirectoryRules, { id, dn, profile }: Sighting): Link {
  return { directory: name, externalId: id, dn, profile };
}

class People implements KnownPeople {
  readonly #directory: DirectoryRules;
  readonly #loaded: Loaded;
  readonly #linked: LinkedUsers;

  constructor(directory: DirectoryRules, loaded: Loaded, linked: LinkedUsers) {
    this.#directory = directory;
    this.#loaded = loaded;
    this.#linked = linked;
  }

  of(sighting: Sighting): PersonKnown {
    const appUser = this.#loaded.appUsers.get(sighting.id) ?? null;
    const hash = appUser?.hash ?? null;
    const match = this.#userOf(sighting, appUser);
    const own = linkOf(this.#directory, sighting);
    const alone = (problem: Problem | null): Known => {
      return unlinked(appUser, problem, this.#loaded.relations([own]));
    };
    if (match.kind !== "one") {
      return { ...alone(match.kind === "problem" ? match.problem : null), replaces: null, hash };
    }
    const { user } = match;
    const { name } = this.#directory;
    const all = this.#loaded.links.get(user.id) ?? [];
    const unconfirmed = this.#unconfirmed(sighting, match);
    if (unconfirmed !== null) return { ...alone(unconfirmed), replaces: null, hash };
    const twin = all.find((link) => link.directory === name && link.externalId !== sighting.id);
    const others = all.filter((one) => one.directory !== name);
    const relations = this.#loaded.relations([own, ...others]);
    const rule = ruleOf(match.key);
    const link: LinkOrigin | null = rule === null ? null : { how: "matched", rule };
    const known = { appUser, user, others, matchProblem: null, link, relations };
    if (twin !== undefined) {
      const replaced: Known = rule === null ? known : { ...known, link: { how: "replaced", rule } };
      const replaces = { externalId: twin.externalId, userId: user.id, known: replaced };
      return { ...alone(alreadyLinked(user, twin)), replaces, hash };
    }
    const fresh = appUser?.userId !== user.id || appUser.status === "removed";
    if (fresh && !this.#mayLink(user.id, appUser)) {
      return { ...alone(alreadyLinked(user, undefined)), replaces: null, hash };
    }
    return { ...known, replaces: null, hash };
  }

  /** Whoever comes back to an own user stays its owner, whoever else claims it. */
  #mayLink(userId: string, appUser: StoredAppUser | null): boolean {
    return this.#linked.add(userId) || appUser?.userId === userId;
  }

  /** The user of the link, or else the one whom the matching rules find. */
  #userOf(sighting: Sighting, appUser: StoredAppUser | null): Found {
    const { users, keys, find } = this.#loaded;
    const own = appUser?.userId == null ? undefined : users.get(appUser.userId);
    if (own !== undefined) return { kind: "one", user: own, key: null };
    return decideMatch(keys.get(sighting.id) ?? [], find, (user) => user.login);
  }

  /** What a person has to confirm first; null where the entry was linked before, or nothing. */
  #unconfirmed({ dn }: Sighting, { user, key }: Extract<Found, { kind: "one" }>): Problem | null {
    if (key === null) return null;
    const { rules, directories } = this.#loaded;
    const entry = { directory: this.#directory.name, dn };
    const found = { key, user, directories: directories.get(user.id) ?? NONE };
    return needsConfirmation(rules, entry, found);
  }
}

/** The user of an entry; the key of the rule that found it is null where the entry was linked before. */
type Found =
  | Exclude<Match<User>, { readonly kind: "one" }>
  | { readonly kind: "one"; readonly user: User; readonly key: MatchKey | null };

function ruleOf(key: MatchKey | null): NonNullable<LinkOrigin["rule"]> | null {
  return key === null ? null : { user: key.attribute, app: key.app, value: key.value };
}

function unlinked(
  appUser: StoredAppUser | null,
  problem: Problem | null,
  relations: Relations,
): Known {
  return { appUser, user: null, others: [], matchProblem: problem, link: null, relations };
}

function alreadyLinked(user: User, twin: StoredAppUser | undefined): Problem {
  const where = twin === undefined ? "another entry of this import" : twin.dn;
  const message = `The user ${user.login} is already linked to ${where}.`;
  return { code: "notUniqueWithinOrgAppId", field: "externalId", message };
}

function groupByUser(appUsers: readonly StoredAppUser[]): Map<string, StoredAppUser[]> {
  const groups = new Map<string, StoredAppUser[]>();
  for (const appUser of appUsers) {
    if (appUser.userId === null)
      throw new RollcallError("internal.error", "an app user without a user was loaded");
    const group = groups.get(appUser.userId);
    if (group === undefined) groups.set(appUser.userId, [appUser]);
    else group.push(appUser);
  }
  return groups;
}
