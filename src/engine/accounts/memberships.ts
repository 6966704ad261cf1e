/**
 * Who of the people with an account in an app is a member of the groups that are pushed to it, and
 * how that differs from what the app was told.
 */
import type { PushGroup } from "../../model/app.ts";
import type { AppRules } from "../../reconciler/app-rules.ts";
import { listAccounts } from "../../store/accounts.ts";
import { appUsersOfUsers } from "../../store/app-users.ts";
import { groupById, groupsNamed } from "../../store/objects.ts";
import {
  pushedGroups,
  pushedMembersOf,
  strayMembers,
  type PushedGroup,
  type PushedMember,
} from "../../store/pushed-groups.ts";
import type { Engine } from "../engine.ts";
import { loadRelations } from "../people/relations.ts";
import { unreadable } from "./groups.ts";

const PAGE = 1000;

/** A group of a directory that is pushed. */
export interface SourceGroup {
  readonly setting: PushGroup;
  readonly groupId: string;
  /** What it is to be called in the app. */
  readonly name: string;
  /** What is known of it there; null: it was never pushed. */
  readonly pushed: PushedGroup | null;
}

export interface GroupPlan {
  readonly group: SourceGroup;
  readonly add: readonly PushedMember[];
  readonly remove: readonly (PushedMember & { readonly login: string | null })[];
}

export interface SourceGroups {
  readonly groups: readonly SourceGroup[];
  /** Groups that cannot be read, with the reason; nothing of them is changed. */
  readonly unreadable: readonly { readonly setting: PushGroup; readonly reason: string }[];
  /** Pushed once, and not to be pushed any more. */
  readonly unlinked: readonly PushedGroup[];
}

/** The groups that are pushed: by name, or, if it was renamed, by what was pushed under this name. */
export async function sourceGroups(engine: Engine, { settings }: AppRules): Promise<SourceGroups> {
  const { db } = engine.store;
  const known = await pushedGroups(db, settings.name);
  const groups: SourceGroup[] = [];
  const problems: SourceGroups["unreadable"][number][] = [];
  const linked = new Set<PushedGroup>();
  for (const setting of settings.pushGroups) {
    const { directory, name, as } = setting;
    const before = known.find((one) => one.directory === directory && one.configured === name);
    if (before !== undefined) linked.add(before);
    const renamed = before === undefined ? null : await groupById(db, directory, before.groupId);
    const found = renamed === null ? await groupsNamed(db, directory, name) : [renamed];
    const [group] = found;
    const reason = unreadable(setting, found.length);
    if (group === undefined || reason !== null)
      problems.push({ setting, reason: reason ?? `${name} cannot be read.` });
    else
      groups.push({
        setting,
        groupId: group.id,
        name: as ?? group.name,
        // One that was made anew in the directory is the same there.
        pushed: before ?? null,
      });
  }
  const unlinked = known.filter((one) => !linked.has(one) && one.state !== "unlinked");
  return { groups, unreadable: problems, unlinked };
}

/**
 * What differs, group by group. Only the differences are kept, however many members there are.
 * @param app whose groups they are
 */
export async function planMemberships(
  engine: Engine,
  app: AppRules,
  groups: readonly SourceGroup[],
  now: number,
): Promise<GroupPlan[]> {
  const { db } = engine.store;
  const { name } = app.settings;
  const add = new Map<SourceGroup, PushedMember[]>(groups.map((group) => [group, []]));
  const remove = new Map<SourceGroup, GroupPlan["remove"][number][]>();
  for (const group of groups) {
    const { directory } = group.setting;
    const stray = await strayMembers(db, { app: name, directory, groupId: group.groupId });
    remove.set(
      group,
      stray.map((one) => ({ ...one, login: null })),
    );
  }
  for (let after: string | null = null; groups.length > 0;) {
    const page = await listAccounts(db, { app: name, after, limit: PAGE, all: true });
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.userId;
    const active = page.filter((one) => one.state === "active" && one.externalId !== null);
    const isMember = await membershipsIn(
      engine,
      active.map((one) => one.userId),
      now,
    );
    const pushed = await pushedMembersOf(
      db,
      name,
      active.map((one) => one.userId),
    );
    for (const group of groups) {
      const { directory } = group.setting;
      const told = pushed.get(`${directory} ${group.groupId}`);
      for (const { userId, externalId, login } of active) {
        const member = { userId, externalId: externalId ?? "" };
        const wanted = isMember(userId, directory, group.groupId);
        const before = told?.get(userId);
        // What the app may have or not have is told again, either way.
        if (wanted && before?.confirmed !== true) add.get(group)?.push(member);
        if (!wanted && before !== undefined) remove.get(group)?.push({ ...member, login });
      }
    }
  }
  return groups.map((group) => {
    return { group, add: add.get(group) ?? [], remove: remove.get(group) ?? [] };
  });
}

/** Whether people are in groups of directories, directly or through others. */
async function membershipsIn(
  { store, rules, directories }: Engine,
  userIds: readonly string[],
  now: number,
): Promise<(userId: string, directory: string, groupId: string) => boolean> {
  const appUsers = await appUsersOfUsers(store.db, userIds);
  const links = appUsers.filter((one) => directories.has(one.directory));
  const needs = { groups: true, related: [] };
  const loader = { store, rules: { directories: rules.directories, needs } };
  const relations = await loadRelations(loader, now, links);
  const groups = new Map(
    [...Map.groupBy(links, (one) => one.userId ?? "")].map(([userId, own]) => {
      const keys = relations(own).groups.map((group) => `${group.sourceId} ${group.id}`);
      return [userId, new Set(keys)];
    }),
  );
  return (userId, directory, groupId) =>
    groups.get(userId)?.has(`${directory} ${groupId}`) === true;
}
