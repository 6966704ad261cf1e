/** What is known about an entry in a directory's scope that belongs to no user. */
import type { Engine } from "../../engine/engine.ts";
import { loadRelations } from "../../engine/people/relations.ts";
import { loadUsersByKey } from "../../engine/people/users-by-key.ts";
import type { AppProfile } from "../../model/entry.ts";
import type { Problem } from "../../model/errors.ts";
import type { AppUser, User } from "../../model/user.ts";
import { mappedLogin } from "../../reconciler/explain/entries.ts";
import type { LooseEntry } from "../../reconciler/explain/facts.ts";
import { firstFound, matchKeys } from "../../reconciler/match.ts";
import { resolveProfile } from "../../reconciler/source-priority.ts";
import { appUsersOfUsers } from "../../store/app-users.ts";
import { linkOf } from "../../store/links.ts";
import { userByLoginKey } from "../../store/users.ts";
import { conflictsOf } from "./conflicts.ts";

/** @param asked the user who was asked about; null: whom the matching rules find, if anybody */
export async function gatherEntry(
  engine: Engine,
  entry: AppUser,
  asked: { readonly user: User; readonly links: ReadonlyMap<string, AppProfile> } | null,
): Promise<LooseEntry> {
  const { db } = engine.store;
  const matched = await matchedUsers(engine, entry);
  const [first] = matched;
  const whose = asked ?? (first === undefined ? null : await linkedOf(engine, first));
  const alone = await problemsOf(engine, entry, null, new Map());
  return {
    entry,
    link: await linkOf(db, entry.directory, entry.externalId),
    matched,
    holder: await holderOf(engine, entry),
    alone,
    together: whose === null ? alone : await problemsOf(engine, entry, whose.user, whose.links),
  };
}

/** Those whom the first matching rule that finds anybody finds; see `decideMatch`. */
export async function matchedUsers(
  { rules, store }: Engine,
  { directory, profile }: Pick<AppUser, "directory" | "profile">,
): Promise<readonly User[]> {
  const own = rules.directories.get(directory);
  const keys = own === undefined ? [] : matchKeys(own, profile);
  const find = await loadUsersByKey(store.db, keys);
  return firstFound(keys, find)?.users ?? [];
}

async function linkedOf({ store }: Engine, user: User) {
  const links = await appUsersOfUsers(store.db, [user.id]);
  return { user, links: new Map(links.map((one) => [one.directory, one.profile])) };
}

/** Who has the login that the entry would get, and whether that user has an entry there already. */
async function holderOf(
  { rules, store: { db } }: Engine,
  { directory, profile }: AppUser,
): Promise<LooseEntry["holder"]> {
  const key = mappedLogin(rules, directory, profile);
  const user = key === null ? null : await userByLoginKey(db, key);
  if (user === null) return null;
  const links = await appUsersOfUsers(db, [user.id]);
  const own = links.find((one) => one.directory === directory);
  return { login: user.login, entryDn: own?.dn ?? null };
}

/** What would be wrong with an entry now, as a user of its own or as this user's. */
async function problemsOf(
  engine: Engine,
  { directory, profile, externalId, dn }: AppUser,
  user: User | null,
  others: ReadonlyMap<string, AppProfile>,
): Promise<readonly Problem[]> {
  const links = new Map(others).set(directory, profile);
  const own = [{ directory, profile, externalId, dn }];
  const relations = (await loadRelations(engine, Date.now(), own))(own);
  const creator = user === null ? directory : null;
  const resolved = resolveProfile(engine.rules, { links, before: user, creator, relations });
  return [...resolved.problems, ...(await conflictsOf(engine, user?.id ?? null, resolved))];
}
