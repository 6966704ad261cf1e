/**
 * Who of the people with an account in an app is a member of the groups that are pushed to it, and
 * how that differs from what the app was told.
 */
import type { Account } from "../../model/account.ts";
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
  type Told,
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
  readonly remove: readonly Leaving[];
}

/** Who is to be a member no more. */
export interface Leaving extends PushedMember {
  readonly login: string | null;
  /** Whether the account that was told is not the person's any more: then it is no member either. */
  readonly isGone: boolean;
  /** Whether the person has no active account any more. */
  readonly isStray: boolean;
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
    const reason = unreadable(setting, found.length) ?? takenBy(known, before, group?.id);
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

/** Why the group of this name cannot take the place of the one that was pushed; null: it can. */
function takenBy(
  known: readonly PushedGroup[],
  before: PushedGroup | undefined,
  groupId: string | undefined,
): string | null {
  if (before === undefined || before.groupId === groupId) return null;
  const other = known.find(
    (one) =>
      one !== before &&
      one.directory === before.directory &&
      one.groupId === groupId &&
      one.state !== "unlinked",
  );
  if (other === undefined) return null;
  return `The group that is called ${before.configured} by now is pushed as ${other.configured} already.`;
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
    const stray = await strayMembers(db, { app: name, directory, groupId: toldAs(group) });
    remove.set(
      group,
      stray.map((one) => ({ ...one, login: null, isStray: true })),
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
      const told = pushed.get(`${directory} ${toldAs(group)}`);
      for (const account of active) {
        const { userId } = account;
        const wanted = isMember(userId, directory, group.groupId);
        const step = stepOf(account, wanted, told?.get(userId));
        if (step !== null && step.comes) add.get(group)?.push(step.member);
        if (step !== null && !step.comes) remove.get(group)?.push(step.member);
      }
    }
  }
  return groups.map((group) => {
    return { group, add: add.get(group) ?? [], remove: remove.get(group) ?? [] };
  });
}

type MemberStep =
  | { readonly comes: true; readonly member: PushedMember }
  | { readonly comes: false; readonly member: Leaving };

/** What the app has to be told of somebody with an active account; null: nothing. */
function stepOf(
  { userId, externalId, login }: Account,
  wanted: boolean,
  before: Told | undefined,
): MemberStep | null {
  const member = { userId, externalId: externalId ?? "" };
  // An account that was made anew is no member yet.
  const isGone = before?.externalId !== member.externalId;
  // What the app may have or not have is told again, either way.
  if (wanted) return isGone || !before?.confirmed ? { comes: true, member } : null;
  if (before === undefined) return null;
  return { comes: false, member: { ...member, login, isGone, isStray: false } };
}

/** The identifier of a group under which its members were told. */
function toldAs({ pushed, groupId }: SourceGroup): string {
  return pushed?.groupId ?? groupId;
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
