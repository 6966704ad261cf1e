/** Groups of all directories, and who is in them. */
import type { Engine } from "../engine/engine.ts";
import { loadRelations } from "../engine/people/relations.ts";
import type { AppUser } from "../model/user.ts";
import { datedUsers, type DatedUser } from "../store/user-search.ts";
import { appUsersOfUsers } from "../store/app-users.ts";
import { linkedPage } from "../store/linked.ts";
import { listGroups, type GroupsQuery, type ListedGroup } from "../store/objects.ts";

export type { GroupsQuery, ListedGroup } from "../store/objects.ts";

/** A group by its directory and its identifier there. */
export interface GroupName {
  readonly directory: string;
  readonly id: string;
}

/** In order of directory and identifier. */
export async function findGroups(engine: Engine, query: GroupsQuery): Promise<ListedGroup[]> {
  return await listGroups(engine.store.db, [...engine.directories.keys()], query);
}

/** A group that somebody is in; it is not listed where a directory's groups are not read. */
export type GroupOfUser = Omit<ListedGroup, "dn">;

/** The groups that a user is in, directly, by the primary group, and through other groups. */
export async function groupsOfUser(engine: Engine, userId: string): Promise<GroupOfUser[]> {
  const links = await appUsersOfUsers(engine.store.db, [userId]);
  const groups = await groupsOf(engine, links);
  return groups(links);
}

/**
 * Users in a group, in order of their ids. A group is not asked for its members: people are asked
 * for their groups, because primary groups and nested ones do not list whoever is in them.
 */
export async function usersInGroup(
  engine: Engine,
  { directory, id }: GroupName,
  after: string | null,
  limit: number,
): Promise<DatedUser[]> {
  const { db } = engine.store;
  const found: string[] = [];
  for (let from = after; found.length < limit;) {
    const page = await linkedPage(db, directory, { after: from, prefix: null, limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) break;
    from = last.userId;
    const groups = await groupsOf(engine, page);
    for (const link of page) {
      const isMember = groups([link]).some((one) => one.directory === directory && one.id === id);
      if (isMember) found.push(link.userId);
    }
  }
  return await datedUsers(db, found.slice(0, limit));
}

const PAGE = 1000;

async function groupsOf(
  { store, rules, directories }: Engine,
  appUsers: readonly AppUser[],
): Promise<(links: readonly AppUser[]) => GroupOfUser[]> {
  const known = appUsers.filter((one) => directories.has(one.directory));
  const needs = { groups: true, related: [] };
  const loader = { store, rules: { directories: rules.directories, needs } };
  const relations = await loadRelations(loader, Date.now(), known);
  return (links) => {
    const own = links.filter((one) => directories.has(one.directory));
    return relations(own).groups.map(({ sourceId, id, name }) => {
      return { directory: sourceId, id, name };
    });
  };
}
