/**
 * What mappings may ask for besides app profiles: groups, and people whom attributes name (a
 * manager). Loaded for a batch of people in a handful of queries, and only if some mapping asks.
 */
import type { Related } from "../../mapping/scope.ts";
import type { GroupValue } from "../../mapping/values.ts";
import { dnKey, nameOfDn } from "../../model/dn.ts";
import { memberNames, textsOf } from "../../model/members.ts";
import type { AppUser } from "../../model/user.ts";
import type { Rules } from "../../reconciler/rules.ts";
import {
  appUserFact,
  NO_RELATIONS,
  relationKey,
  userRecord,
  type Relations,
} from "../../reconciler/scope.ts";
import {
  appUsersByDns,
  appUsersByIds,
  appUsersOfUsers,
  type StoredAppUser,
} from "../../store/app-users.ts";
import { membershipsOfMany } from "../../store/objects.ts";
import { usersByIds } from "../../store/users.ts";
import type { Engine } from "../engine.ts";
import type { MovedPeople } from "./moved-people.ts";

/** An app user, or an entry that is about to be one. */
export type Link = Pick<AppUser, "directory" | "externalId" | "dn" | "profile">;

/** People of a directory whom this run has read at another place than the store knows. */
export interface Moved {
  readonly directory: string;
  readonly people: MovedPeople;
}

/** Gives what was loaded, for one person with these links. */
export type RelationsOf = (links: readonly Link[]) => Relations;

/** What relations are loaded with; `rules.needs` says which. */
export interface RelationsEngine {
  readonly store: Engine["store"];
  readonly rules: Pick<Rules, "directories" | "needs">;
}

/** @param moved people of `directory` whom the store knows at another place */
export async function loadRelations(
  engine: RelationsEngine,
  now: number,
  links: readonly Link[],
  moved: Moved | null = null,
): Promise<RelationsOf> {
  const { rules } = engine;
  const { needs } = rules;
  if (!needs.groups && needs.related.length === 0) {
    const nothing = { ...NO_RELATIONS, now };
    return () => nothing;
  }
  const groups = needs.groups ? await loadGroups(engine, links) : null;
  const people = await loadPeople(engine, links, moved);
  return (own) => {
    const related = new Map<string, Related>();
    let incomplete = false;
    for (const { key, place } of own.flatMap((link) => relationsOf(rules, link))) {
      const person = people.get(place);
      // Somebody without a user may get one; an app profile of theirs is there already.
      if (person?.user === undefined || person.user === null) incomplete = true;
      if (person !== undefined) related.set(key, person);
    }
    const all = groups === null ? [] : own.flatMap((link) => groups.get(linkKey(link)) ?? []);
    return { now, groups: all, related, incomplete };
  };
}

function linkKey({ directory, externalId }: Pick<Link, "directory" | "externalId">): string {
  return `${directory} ${externalId}`;
}

interface Relation {
  /** As expressions find it. */
  readonly key: string;
  readonly directory: string;
  readonly dn: string;
  readonly place: string;
}

/** Whom the attributes of an app profile name; of several values the first. */
function relationsOf({ needs }: Pick<Rules, "needs">, { directory, profile }: Link): Relation[] {
  return needs.related.flatMap((need) => {
    const dn = need.directory === directory ? textsOf(profile, need.attribute)[0] : undefined;
    if (dn === undefined || dn === "") return [];
    return [
      { key: relationKey(directory, need.attribute), directory, dn, place: placeOf(directory, dn) },
    ];
  });
}

function placeOf(directory: string, dn: string): string {
  return `${directory} ${dnKey(dn)}`;
}

/** Everybody whom a link of these names, by place. */
async function loadPeople(
  engine: RelationsEngine,
  links: readonly Link[],
  moved: Moved | null,
): Promise<ReadonlyMap<string, Related>> {
  const { rules, store } = engine;
  const named = links.flatMap((link) => relationsOf(rules, link));
  const found = await peopleAt(engine, named, moved);
  const ids = [...new Set(found.map(({ person }) => person.userId).filter((id) => id !== null))];
  const users = new Map((await usersByIds(store.db, ids)).map((user) => [user.id, user]));
  const appUsers = Map.groupBy(await appUsersOfUsers(store.db, ids), (one) => one.userId);
  return new Map(
    found.map(({ place, person }) => {
      const user = users.get(person.userId ?? "");
      const theirs = user === undefined ? [person] : (appUsers.get(user.id) ?? [person]);
      const related: Related = {
        user: user === undefined ? null : userRecord(user),
        appUsers: theirs.map((link) => appUserFact(rules, link)),
      };
      return [place, related];
    }),
  );
}

interface Found {
  readonly place: string;
  readonly person: StoredAppUser;
}

/** Whom the store knows at these places; those who moved there come behind who was there before. */
async function peopleAt(
  { store }: RelationsEngine,
  named: readonly Relation[],
  moved: Moved | null,
): Promise<Found[]> {
  const found: Found[] = [];
  for (const [directory, own] of Map.groupBy(named, (one) => one.directory)) {
    // A directory writes a name as it wrote it in the entry, nearly always.
    const dns = new Set(own.flatMap(({ dn }) => [dn, dnKey(dn)]));
    for (const person of await appUsersByDns(store.db, directory, [...dns]))
      found.push({ place: placeOf(directory, person.dn), person });
    if (moved?.directory !== directory) continue;
    const here = own.flatMap(({ dn, place }) => {
      const id = moved.people.at(dn);
      return id === undefined ? [] : [{ id, place }];
    });
    const ids = here.map(({ id }) => id);
    const people = await appUsersByIds(store.db, directory, ids);
    const byId = new Map(people.map((person) => [person.externalId, person]));
    for (const { id, place } of here) {
      const person = byId.get(id);
      if (person !== undefined) found.push({ place, person });
    }
  }
  return found;
}

/** Groups by app user: those that the directory's groups name, and those that `memberOf` names. */
async function loadGroups(
  { store, rules }: RelationsEngine,
  links: readonly Link[],
): Promise<ReadonlyMap<string, readonly GroupValue[]>> {
  const groups = new Map<string, readonly GroupValue[]>();
  for (const [directory, own] of Map.groupBy(links, (link) => link.directory)) {
    const from = { name: directory, type: rules.directories.get(directory)?.type ?? directory };
    const members = own.map(({ externalId, dn, profile }) => {
      return { ref: externalId, ...memberNames(externalId, dn, profile) };
    });
    const stored = Map.groupBy(
      await membershipsOfMany(store.db, directory, members),
      (one) => one.ref,
    );
    for (const link of own) {
      const kept = stored.get(link.externalId) ?? [];
      const known = new Set(kept.map((group) => dnKey(group.dn)));
      const named = textsOf(link.profile, "memberOf").filter((dn) => !known.has(dnKey(dn)));
      groups.set(linkKey(link), [
        ...kept.map(({ id, name }) => groupOf(id, name, from)),
        ...named.map((dn) => groupOf(dn, nameOfDn(dn), from)),
      ]);
    }
  }
  return groups;
}

/** Groups of directories are what administrators know as groups of an application. */
function groupOf(id: string, name: string, from: { name: string; type: string }): GroupValue {
  const { name: sourceId, type: sourceType } = from;
  return { kind: "group", id, name, type: "APP_GROUP", sourceId, sourceType };
}
