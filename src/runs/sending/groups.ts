/**
 * Pushes groups: each is made once, then its members are told by what changed. What was told is on
 * record, because many apps never show a group's members. A group that cannot be read stays as it is.
 */
import {
  planMemberships,
  sourceGroups,
  type GroupPlan,
  type SourceGroup,
} from "../../engine/accounts/memberships.ts";
import type { AccountError } from "../../model/account.ts";
import type { PushGroup } from "../../model/app.ts";
import { AppFailure } from "../../provisioning/failure.ts";
import type { PushTally } from "../../reconciler/judge-push.ts";
import {
  countPushedMembers,
  dropPushedGroup,
  moveGroup,
  noteMembers,
  noteMembersInDoubt,
  savePushedGroup,
  type PushedGroup,
  type PushedMember,
} from "../../store/pushed-groups.ts";
import { noteRemovals, savePushChanges, type PlannedPush } from "../../store/pushes.ts";
import { appendEvents } from "../../store/system-log.ts";
import { closeTasks, openTasks, type NewTask } from "../../store/tasks.ts";
import { write } from "../record/write.ts";
import type { PushContext } from "./context.ts";
import * as events from "./events.ts";

/** Of rows that only tell. */
const TOLD = -1;

export interface PlannedGroups {
  readonly tally: Pick<PushTally, "memberships" | "removedMemberships">;
  /** Whether the app has to be told anything of groups. */
  readonly isOwed: boolean;
}

/** Memberships that would be taken away, for the safeguard and for whoever looks at the push. */
export async function planGroups(
  context: PushContext,
  { first, whole }: { readonly first: number; readonly whole: boolean },
): Promise<PlannedGroups> {
  const { engine, app, run } = context;
  const { unlinked } = await sourceGroups(engine, app);
  if (!whole || app.settings.pushGroups.length === 0)
    return {
      tally: { memberships: 0, removedMemberships: 0 },
      isOwed: whole && unlinked.length > 0,
    };
  const memberships = await countPushedMembers(engine.store.db, app.settings.name);
  const plans = await plansOf(context);
  const rows = plans.flatMap(({ group, remove }) =>
    remove.map((member): PlannedPush => rowOf(group, member)),
  );
  const numbered = rows.map((row, i) => ({ ...row, seq: first + i }));
  await write(context, (trx) => savePushChanges(trx, run.id, numbered));
  const isOwed = unlinked.length > 0 || !plans.every(isInStep);
  return { tally: { memberships, removedMemberships: rows.length }, isOwed };
}

function rowOf(group: SourceGroup, member: GroupPlan["remove"][number]): PlannedPush {
  const { userId, login, externalId } = member;
  return {
    seq: 0,
    step: TOLD,
    action: "removed",
    userId,
    login,
    externalId,
    reason: "notMember",
    changes: [{ attribute: "groups", from: group.name, to: null }],
    error: null,
    applied: false,
    lost: true,
  };
}

/** A group that the directory has under another identifier now keeps what was told of it. */
async function moveGroups(context: PushContext, groups: readonly SourceGroup[]): Promise<void> {
  for (const { pushed, groupId } of groups)
    if (pushed !== null && pushed.groupId !== groupId)
      await write(context, async (trx) => {
        // Its place may be that of one which is not pushed any more.
        await dropPushedGroup(trx, { ...pushed, groupId });
        await moveGroup(trx, pushed, groupId);
      });
}

/** Without removals of a directory that is held or failing: what it says of groups may be old. */
async function plansOf(context: PushContext): Promise<GroupPlan[]> {
  const { engine, app, run, desk } = context;
  const { groups } = await sourceGroups(engine, app);
  const plans = await planMemberships(engine, app, groups, run.now);
  return plans.map((plan) =>
    desk.isUnsettled(plan.group.setting.directory) ? { ...plan, remove: [] } : plan,
  );
}

/**
 * Makes, renames and fills the groups; one behind the other.
 * @param allowed.shown the memberships that may be taken away, as `groupMember` names them
 * @param allowed.isExact else also those of accounts that are not active any more
 */
export async function sendGroups(
  context: PushContext,
  { shown, isExact }: { readonly shown: ReadonlySet<string>; readonly isExact: boolean },
): Promise<void> {
  const { engine, app, run, actor } = context;
  const { settings } = app;
  const { groups, unreadable, unlinked } = await sourceGroups(engine, app);
  await moveGroups(context, groups);
  for (const group of unlinked)
    await write(context, async (trx) => {
      // What was told stays on record, for the day on which it is pushed again.
      await savePushedGroup(trx, { ...group, state: "unlinked" });
      const type = "application.provision.group_push.deactivate_mapping";
      await appendEvents(trx, run.id, actor, [events.group(settings, group.name, type)]);
    });
  for (const { setting, reason } of unreadable) {
    const error = {
      code: "app.groupUnreadable",
      field: "pushGroups",
      message: reason,
      appSaid: null,
    } as const;
    await openGroupTask(context, setting, error);
  }
  for (const plan of await plansOf(context)) {
    if (context.signal.aborted) return;
    const { group, remove } = plan;
    const allowed = remove.filter(
      ({ userId, isStray }) => shown.has(groupMember(group.name, userId)) || (isStray && !isExact),
    );
    await sendGroup(context, { ...plan, remove: allowed });
  }
}

/** A membership in the list of what a push takes away. */
export function groupMember(group: string, userId: string): string {
  return `${userId} ${group}`;
}

async function sendGroup(context: PushContext, plan: GroupPlan): Promise<void> {
  const { settings } = context.app;
  const { group } = plan;
  if (isInStep(plan)) return;
  try {
    const pushed = await ensureGroup(context, group);
    if (!("externalId" in pushed)) return await openGroupTask(context, group.setting, pushed.error);
    const refused = await sendMembers(context, pushed, plan);
    if (refused.length > 0)
      return await openGroupTask(context, group.setting, membersRefused(group, refused));
    await closeGroupTask(context, group.setting);
  } catch (thrown) {
    if (!(thrown instanceof AppFailure)) throw thrown;
    if (thrown.kind === "credential" || thrown.untried) throw thrown;
    // Gone in the app: the next push makes it anew. A member may be what is not there, too.
    if (thrown.kind === "vanished" && (await isGroupGone(context, group)))
      await write(context, (trx) =>
        dropPushedGroup(trx, {
          app: settings.name,
          directory: group.setting.directory,
          groupId: group.groupId,
        }),
      );
    const { code, message, appSaid } = thrown;
    await openGroupTask(context, group.setting, { code, field: "group", message, appSaid });
  }
}

/** Believed only if the app, asked for groups of its name, shows a list without it. */
async function isGroupGone(
  { provisioner }: PushContext,
  { pushed, name }: SourceGroup,
): Promise<boolean> {
  const externalId = pushed?.externalId ?? null;
  if (pushed === null || externalId === null) return false;
  try {
    if (await provisioner.hasGroup(externalId)) return false;
    const found = await provisioner.findGroups(pushed.name || name);
    return !found.some((one) => one.externalId === externalId);
  } catch (thrown) {
    if (!(thrown instanceof AppFailure) || thrown.kind === "credential") throw thrown;
    return false;
  }
}

function isInStep({ group, add, remove }: GroupPlan): boolean {
  const { pushed, name } = group;
  return pushed?.state === "active" && pushed.name === name && add.length + remove.length === 0;
}

type Active = PushedGroup & { readonly externalId: string };

/** The group in the app: made, if it is not there, and called as it should be. */
async function ensureGroup(
  context: PushContext,
  source: SourceGroup,
): Promise<Active | { readonly error: AccountError }> {
  const { app, provisioner } = context;
  const { setting, groupId, name, pushed } = source;
  const { directory, name: configured } = setting;
  const common = { app: app.settings.name, directory, groupId, configured, name } as const;
  if (pushed?.externalId != null) {
    const { externalId } = pushed;
    const active: Active = { ...common, externalId, state: "active" };
    if (pushed.name === name) {
      if (pushed.state !== "active") await write(context, (trx) => savePushedGroup(trx, active));
      return active;
    }
    // Until the app answers, what it is called there is not known.
    await write(context, (trx) => savePushedGroup(trx, { ...active, name: "" }));
    await provisioner.renameGroup(externalId, name);
    await save(context, active, "application.provision.group_push.mapping.app.group.renamed");
    return active;
  }
  const found = await findGroup(context, source);
  if (typeof found === "object" && found !== null) return found;
  const externalId =
    found ?? (await makeGroup(context, { ...common, externalId: null, state: "attempted" }));
  const active: Active = { ...common, externalId, state: "active" };
  await save(context, active, "application.provision.group_push.pushed");
  return active;
}

/**
 * A group that is there already. Only one that has our own id was made by us.
 * @returns its id in the app; null if there is none
 */
async function findGroup(
  { provisioner }: PushContext,
  { groupId, name, pushed }: SourceGroup,
): Promise<string | null | { readonly error: AccountError }> {
  // Also by the name under which it may have been made without an answer.
  const names = new Set([name, ...(pushed === null || pushed.name === "" ? [] : [pushed.name])]);
  for (const one of names) {
    const found = await provisioner.findGroups(one);
    const own = found.find(({ ownId }) => ownId === groupId);
    if (own !== undefined) return own.externalId;
    if (found.length === 0 || one !== name) continue;
    const message = `The app has a group ${name} already, which Rollcall did not make.`;
    return { error: { code: "app.groupTaken", field: "group", message, appSaid: null } };
  }
  return null;
}

/** On record before it is sent; taken back where it surely was not done. */
async function makeGroup(context: PushContext, attempt: PushedGroup): Promise<string> {
  await write(context, (trx) => savePushedGroup(trx, attempt));
  try {
    return await context.provisioner.createGroup(attempt.name, attempt.groupId);
  } catch (thrown) {
    if (thrown instanceof AppFailure && !thrown.uncertain)
      await write(context, (trx) => dropPushedGroup(trx, attempt));
    throw thrown;
  }
}

async function save(
  context: PushContext,
  group: PushedGroup,
  type: Parameters<typeof events.group>[2],
): Promise<void> {
  const { app, run, actor } = context;
  await write(context, async (trx) => {
    await savePushedGroup(trx, group);
    await appendEvents(trx, run.id, actor, [events.group(app.settings, group.name, type)]);
  });
}

/** @returns those whom the app refuses */
async function sendMembers(
  context: PushContext,
  group: Active,
  { add, remove }: GroupPlan,
): Promise<PushedMember[]> {
  const refused: PushedMember[] = [];
  const changes = [
    ...add.map((member) => ({ member, comes: true, isGone: false })),
    ...remove.map((member) => ({ member, comes: false, isGone: member.isGone })),
  ];
  for (let from = 0; from < changes.length;) {
    if (context.signal.aborted) break;
    const size = context.provisioner.capabilities.groupChunk;
    refused.push(...(await sendChunk(context, group, changes.slice(from, from + size))));
    from += size;
  }
  if (changes.length > refused.length) {
    const { app, run, actor } = context;
    const event = events.group(
      app.settings,
      group.name,
      "application.provision.group_push.push_memberships",
    );
    await write(context, (trx) => appendEvents(trx, run.id, actor, [event]));
  }
  return refused;
}

interface MemberStep {
  readonly member: PushedMember;
  readonly comes: boolean;
  /** The app need not know whoever is not there any more. */
  readonly isGone: boolean;
}

/** A chunk that is refused is halved, until it is clear who is refused. */
async function sendChunk(
  context: PushContext,
  group: Active,
  steps: readonly MemberStep[],
): Promise<PushedMember[]> {
  const coming = steps.filter(({ comes }) => comes).map(({ member }) => member);
  const going = steps.filter(({ comes }) => !comes).map(({ member }) => member);
  const ids = (members: readonly PushedMember[]): string[] => members.map((one) => one.externalId);
  const all = steps.map(({ member }) => member);
  await write(context, (trx) => noteMembersInDoubt(trx, group, all));
  try {
    await context.provisioner.changeMembers(group.externalId, {
      add: ids(coming),
      remove: ids(going),
    });
  } catch (thrown) {
    if (!(await isAboutMembers(context, group, thrown))) throw thrown;
    if (steps.length === 1 && steps[0]?.isGone === true) {
      await noteTold(context, group, [], going);
      return [];
    }
    if (steps.length === 1) {
      // Whoever was refused did not become a member; whoever could not be removed still is one.
      const refused = coming.map(({ userId }) => userId);
      await write(context, (trx) => noteMembers(trx, group, { added: going, removed: refused }));
      return all;
    }
    const middle = Math.ceil(steps.length / 2);
    return [
      ...(await sendChunk(context, group, steps.slice(0, middle))),
      ...(await sendChunk(context, group, steps.slice(middle))),
    ];
  }
  await noteTold(context, group, coming, going);
  return [];
}

async function noteTold(
  context: PushContext,
  group: Active,
  added: readonly PushedMember[],
  going: readonly PushedMember[],
): Promise<void> {
  const removed = going.map(({ userId }) => userId);
  await write(context, async (trx) => {
    await noteMembers(trx, group, { added, removed });
    if (removed.length > 0) await noteRemovals(trx, context.run.id, group.name, removed);
  });
}

/** Whether a chunk was refused for somebody in it, and not because groups are refused at all. */
async function isAboutMembers(
  { provisioner }: PushContext,
  { externalId }: Active,
  thrown: unknown,
): Promise<boolean> {
  if (!(thrown instanceof AppFailure)) return false;
  if (thrown.kind === "vanished") return await provisioner.hasGroup(externalId);
  return thrown.kind === "refused" && thrown.status !== 403;
}

function membersRefused({ name }: SourceGroup, refused: readonly PushedMember[]): AccountError {
  const some = refused.slice(0, 5).map(({ externalId }) => externalId);
  const more = refused.length > some.length ? ", …" : "";
  const message = `The app refused ${refused.length} members of the group ${name}: ${some.join(", ")}${more}.`;
  return { code: "app.groupMembers", field: "members", message, appSaid: null };
}

function subjectOf({ directory, name }: PushGroup): string {
  return `group ${directory} ${name}`;
}

async function openGroupTask(
  context: PushContext,
  setting: PushGroup,
  error: AccountError,
): Promise<void> {
  const { app, run, actor } = context;
  const { settings } = app;
  const task: NewTask = {
    app: settings.name,
    subject: subjectOf(setting),
    userId: null,
    login: null,
    what: "group",
    error,
  };
  await write(context, async (trx) => {
    const opened = await openTasks(trx, [task]);
    const type = "application.provision.group_push.updated";
    await appendEvents(trx, run.id, actor, [
      events.group(settings, setting.name, type, error.message),
      ...opened.map(() => events.taskCreated(settings, task)),
    ]);
  });
}

async function closeGroupTask(context: PushContext, setting: PushGroup): Promise<void> {
  const { app, run, actor } = context;
  await write(context, async (trx) => {
    const closed = await closeTasks(trx, app.settings.name, [subjectOf(setting)]);
    const drafts = closed.map((subject) => events.taskDone(app.settings, subject));
    await appendEvents(trx, run.id, actor, drafts);
  });
}
