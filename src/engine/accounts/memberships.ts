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

/** What the app has to be told of a person in a group. */
export interface MemberStep extends PushedMember {
  /** Whether the person is to be a member, or is to be one no more. */
  readonly comes: boolean;
  /** Null where the account is not there any more. */
  readonly login: string | null;
  /** Whether the account that was told is not the person's any more: then it is no member either. */
  readonly isGone: boolean;
  /** Whether the person has no active account any more. */
  readonly isStray: boolean;
}

export interface GroupSteps {
  readonly group: SourceGroup;
  /** Of one page of people; at least one. */
  readonly steps: readonly MemberStep[];
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
  const pushedAs = ({ directory, name }: PushGroup): PushedGroup | undefined =>
    known.find((one) => one.directory === directory && one.configured === name);
  const linked = new Set(settings.pushGroups.map(pushedAs));
  for (const setting of settings.pushGroups) {
    const { directory, name, as } = setting;
    const before = pushedAs(setting);
    const renamed = before === undefined ? null : await groupById(db, directory, before.groupId);
    const found = renamed === null ? await groupsNamed(db, directory, name) : [renamed];
    const [group] = found;
    const taken = groups.find((one) => isGroup(one, directory, group?.id))?.setting.name;
    const reason =
      unreadable(setting, found.length) ??
      takenBy(linked, before, group?.id) ??
      (taken === undefined ? null : `${name} is the group that is pushed as ${taken} already.`);
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

function isGroup({ setting, groupId }: SourceGroup, directory: string, id?: string): boolean {
  return setting.directory === directory && groupId === id;
}

/** Why the group of this name cannot take the place of the one that was pushed; null: it can. */
function takenBy(
  linked: ReadonlySet<PushedGroup | undefined>,
  before: PushedGroup | undefined,
  groupId: string | undefined,
): string | null {
  if (before === undefined || before.groupId === groupId) return null;
  const other = [...linked].find(
    (one) => one !== before && one?.directory === before.directory && one.groupId === groupId,
  );
  if (other === undefined) return null;
  return `The group that is called ${before.configured} by now is pushed as ${other.configured} already.`;
}

/**
 * What differs, page by page of the people and group by group: nothing is kept, however many groups and
 * members there are. Whoever has no active account any more comes first.
 * @param app whose groups they are
 * @throws the signal's reason, at the next page
 */
export async function* membershipSteps(
  engine: Engine,
  app: AppRules,
  groups: readonly SourceGroup[],
  { now, signal }: { readonly now: number; readonly signal: AbortSignal },
): AsyncGenerator<GroupSteps> {
  for (const group of groups) yield* strayStepsOf(engine, app, group);
  if (groups.length === 0) return;
  const { db } = engine.store;
  const { name } = app.settings;
  for (let after: string | null = null; ;) {
    signal.throwIfAborted();
    const page = await listAccounts(db, { app: name, after, limit: PAGE, all: true });
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.userId;
    const active = page.filter((one) => one.state === "active" && one.externalId !== null);
    const ids = active.map((one) => one.userId);
    const isMember = await membershipsIn(engine, ids, now);
    const pushed = await pushedMembersOf(db, name, ids);
    for (const group of groups) {
      const { directory } = group.setting;
      const told = pushed.get(`${directory} ${toldAs(group)}`);
      const steps = active.flatMap((account) => {
        const wanted = isMember(account.userId, directory, group.groupId);
        return stepOf(account, wanted, told?.get(account.userId)) ?? [];
      });
      if (steps.length > 0) yield { group, steps };
    }
  }
}

async function* strayStepsOf(
  engine: Engine,
  app: AppRules,
  group: SourceGroup,
): AsyncGenerator<GroupSteps> {
  const told = {
    app: app.settings.name,
    directory: group.setting.directory,
    groupId: toldAs(group),
  };
  for (let after: string | null = null; ;) {
    const page = await strayMembers(engine.store.db, told, { after, limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.userId;
    const steps = page.map((one): MemberStep => {
      return { ...one, comes: false, login: null, isStray: true };
    });
    yield { group, steps };
  }
}

/** What the app has to be told of somebody with an active account; null: nothing. */
function stepOf(
  { userId, externalId, login }: Account,
  wanted: boolean,
  before: Told | undefined,
): MemberStep | null {
  const member = { userId, externalId: externalId ?? "", login, isStray: false };
  // An account that was made anew is no member yet.
  const isGone = before?.externalId !== member.externalId;
  // What the app may have or not have is told again, either way.
  if (wanted) return isGone || !before?.confirmed ? { ...member, comes: true, isGone } : null;
  return before === undefined ? null : { ...member, comes: false, isGone };
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
