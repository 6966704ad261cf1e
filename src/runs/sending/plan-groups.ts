/**
 * What a push has to tell of groups: the memberships that it would take away are rows of its history, for
 * the safeguard and for whoever looks at it; the rest is found again when it is sent.
 */
import {
  membershipSteps,
  sourceGroups,
  type GroupSteps,
  type MemberStep,
  type SourceGroup,
} from "../../engine/accounts/memberships.ts";
import type { PushGroup } from "../../model/app.ts";
import type { PushTally } from "../../reconciler/judge-push.ts";
import { countPushedMembers } from "../../store/pushed-groups.ts";
import { savePushChanges, type PlannedPush } from "../../store/pushes.ts";
import { openSubjects } from "../../store/tasks.ts";
import { write } from "../record/write.ts";
import type { PushContext } from "./context.ts";

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
  if (!whole) return { tally: { memberships: 0, removedMemberships: 0 }, isOwed: false };
  const { db } = engine.store;
  const { name } = app.settings;
  const { groups, unlinked, unreadable } = await sourceGroups(engine, app);
  const memberships = groups.length === 0 ? 0 : await countPushedMembers(db, name);
  // Nothing that could end these is sent yet.
  const unsettled = groups.filter(({ setting }) => context.desk.isUnsettled(setting.directory));
  const waiting = new Set([...unreadable, ...unsettled].map(({ setting }) => subjectOf(setting)));
  const tasks = await openSubjects(db, name, "group");
  let isOwed =
    unlinked.length > 0 || !groups.every(isAsTold) || tasks.some((one) => !waiting.has(one));
  let seq = first;
  for await (const { group, steps } of settledSteps(context, groups)) {
    isOwed = true;
    const rows = steps.filter(({ comes }) => !comes).map((step) => rowOf(group, step, seq++));
    if (rows.length > 0) await write(context, (trx) => savePushChanges(trx, run.id, rows));
  }
  return { tally: { memberships, removedMemberships: seq - first }, isOwed };
}

/** What a task about a group is about. */
export function subjectOf({ directory, name }: PushGroup): string {
  return `group ${directory} ${name}`;
}

/** Whether the app has the group under its name, members apart. */
export function isAsTold({ pushed, name }: SourceGroup): boolean {
  return pushed?.state === "active" && pushed.name === name;
}

/** Without removals of a directory that is held or failing: what it says of groups may be old. */
export async function* settledSteps(
  { engine, app, run, desk, signal }: PushContext,
  groups: readonly SourceGroup[],
): AsyncGenerator<GroupSteps> {
  const asked = { now: run.now, signal };
  for await (const { group, steps } of membershipSteps(engine, app, groups, asked)) {
    const settled = desk.isUnsettled(group.setting.directory)
      ? steps.filter(({ comes }) => comes)
      : steps;
    if (settled.length > 0) yield { group, steps: settled };
  }
}

function rowOf(group: SourceGroup, member: MemberStep, seq: number): PlannedPush {
  const { userId, login, externalId } = member;
  return {
    seq,
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
