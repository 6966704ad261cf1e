/**
 * Pushes groups: each is made once, then its members are told by what changed. What was told is on
 * record, because many apps never show a group's members. A group that cannot be read stays as it is.
 */
import {
  sourceGroups,
  type GroupSteps,
  type MemberStep,
  type SourceGroup,
} from "../../engine/accounts/memberships.ts";
import type { AccountError } from "../../model/account.ts";
import type { PushGroup } from "../../model/app.ts";
import { AppFailure } from "../../provisioning/failure.ts";
import {
  dropPushedGroup,
  moveGroup,
  savePushedGroup,
  type PushedGroup,
} from "../../store/pushed-groups.ts";
import { removalsOf } from "../../store/pushes.ts";
import { appendEvents } from "../../store/system-log.ts";
import { closeTasks, openSubjects, openTasks, type NewTask } from "../../store/tasks.ts";
import { write } from "../record/write.ts";
import type { PushContext } from "./context.ts";
import { interrupted } from "./end.ts";
import * as events from "./events.ts";
import { sendMembers, type ActiveGroup } from "./members.ts";
import { settledSteps, subjectOf } from "./plan-groups.ts";

/**
 * Makes, renames and fills the groups. Who is a member is read page by page, and told as soon as there is
 * enough for a request.
 * @param isExact whether memberships of accounts that are not active any more are taken away only if they
 *   were shown, as all others are
 */
export async function sendGroups(context: PushContext, isExact: boolean): Promise<void> {
  const { engine, app } = context;
  await unlinkGroups(context, (await sourceGroups(engine, app)).unlinked);
  await moveGroups(context, (await sourceGroups(engine, app)).groups);
  const { groups, unreadable } = await sourceGroups(engine, app);
  const open = new Set(unreadable.map(({ setting }) => subjectOf(setting)));
  for (const { setting, reason } of unreadable)
    await openGroupTask(context, setting, { ...UNREADABLE, message: reason });
  const sendings = new Map(groups.map((group) => [group, new GroupSending(context, group)]));
  const conclude = async (): Promise<void> => {
    for (const sending of sendings.values())
      if (!(await sending.conclude())) open.add(subjectOf(sending.source.setting));
  };
  try {
    for (const sending of sendings.values()) await sending.begin();
    for await (const { group, steps } of settledSteps(context, groups))
      await sendings.get(group)?.take(await allowedSteps(context, { group, steps }, isExact));
    for (const sending of sendings.values()) await sending.end();
  } catch (thrown) {
    // What was told stays told, whatever ends the push; and that is what is to be said.
    await conclude().catch(() => undefined);
    throw thrown;
  }
  await conclude();
  const settled = await openSubjects(engine.store.db, app.settings.name, "group");
  await closeGroupTasks(
    context,
    settled.filter((subject) => !open.has(subject)),
  );
}

const UNREADABLE = {
  code: "app.groupUnreadable",
  field: "pushGroups",
  appSaid: null,
} as const;

async function unlinkGroups(context: PushContext, unlinked: readonly PushedGroup[]): Promise<void> {
  const { app, run, actor } = context;
  for (const group of unlinked)
    await write(context, async (trx) => {
      // What was told stays on record, for the day on which it is pushed again.
      await savePushedGroup(trx, { ...group, state: "unlinked" });
      const type = "application.provision.group_push.deactivate_mapping";
      await appendEvents(trx, run.id, actor, [events.group(app.settings, group.name, type)]);
    });
}

/** Nobody is taken out of a group who was not shown as that: what was not judged waits. */
async function allowedSteps(
  { engine, run }: PushContext,
  { group, steps }: GroupSteps,
  isExact: boolean,
): Promise<readonly MemberStep[]> {
  const going = steps.filter(({ comes }) => !comes);
  if (going.length === 0) return steps;
  const ids = going.map(({ userId }) => userId);
  const shown = await removalsOf(engine.store.db, run.id, ids);
  return steps.filter(
    ({ comes, isStray, userId }) =>
      comes || (isStray && !isExact) || shown.get(userId)?.has(group.name) === true,
  );
}

const EXAMPLES = 5;

/** A group on its way. What fails for one waits for the next push, and does not touch the others. */
class GroupSending {
  readonly source: SourceGroup;
  readonly #context: PushContext;
  /** In the app; null before it is looked at, and where it cannot be had. */
  #group: ActiveGroup | null = null;
  /** Whether everybody was told of who is to be. */
  #isThrough = false;
  #waiting: MemberStep[] = [];
  #sent = 0;
  #refused = 0;
  /** Some of those who are refused, to be named. */
  readonly #examples: string[] = [];

  constructor(context: PushContext, source: SourceGroup) {
    this.#context = context;
    this.source = source;
  }

  async begin(): Promise<void> {
    this.#refuseInterrupted();
    await this.#attempt(async () => {
      const found = await ensureGroup(this.#context, this.source);
      if ("externalId" in found) this.#group = found;
      else await openGroupTask(this.#context, this.source.setting, found.error);
    });
  }

  async take(steps: readonly MemberStep[]): Promise<void> {
    if (this.#group === null) return;
    this.#waiting.push(...steps);
    // Whoever has no account any more goes first, and waits for nobody.
    const least = steps.every(({ isStray }) => isStray) ? 1 : this.#chunk;
    while (this.#waiting.length >= least) await this.#send();
  }

  async end(): Promise<void> {
    while (this.#waiting.length > 0) await this.#send();
    this.#isThrough = this.#group !== null;
  }

  /**
   * Writes down what was told, and who was refused.
   * @returns whether the app has the group as it should be, as far as is known
   */
  async conclude(): Promise<boolean> {
    if (this.#sent > this.#refused) await this.#tellMemberships();
    if (this.#refused > 0)
      await openGroupTask(this.#context, this.source.setting, this.#membersRefused());
    // What may be old says nothing of who is to be a member no more.
    const isSettled = !this.#context.desk.isUnsettled(this.source.setting.directory);
    return this.#isThrough && this.#refused === 0 && isSettled;
  }

  #refuseInterrupted(): void {
    const { signal } = this.#context;
    if (signal.aborted) throw interrupted(signal);
  }

  /** How many fit into one request; the app may turn out to take fewer. */
  get #chunk(): number {
    return this.#context.provisioner.capabilities.groupChunk;
  }

  async #send(): Promise<void> {
    const group = this.#group;
    const steps = this.#waiting.splice(0, this.#chunk);
    this.#refuseInterrupted();
    if (group === null) return;
    await this.#attempt(async () => {
      const refused = await sendMembers(this.#context, group, steps);
      this.#sent += steps.length;
      this.#refused += refused.length;
      const names = refused.map(({ externalId }) => externalId);
      this.#examples.push(...names.slice(0, EXAMPLES - this.#examples.length));
    });
  }

  #membersRefused(): AccountError {
    const more = this.#refused > this.#examples.length ? ", …" : "";
    const some = `${this.#examples.join(", ")}${more}`;
    const message = `The app refused ${this.#refused} members of the group ${this.source.name}: ${some}.`;
    return { code: "app.groupMembers", field: "members", message, appSaid: null };
  }

  async #tellMemberships(): Promise<void> {
    const { app, run, actor } = this.#context;
    const type = "application.provision.group_push.push_memberships";
    const event = events.group(app.settings, this.source.name, type);
    await write(this.#context, (trx) => appendEvents(trx, run.id, actor, [event]));
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.#group = null;
      this.#waiting = [];
      await noteFailure(this.#context, this.source, thrown);
    }
  }
}

/** What the app says against a group is a task; what concerns all of them ends the push. */
async function noteFailure(
  context: PushContext,
  group: SourceGroup,
  thrown: unknown,
): Promise<void> {
  if (!(thrown instanceof AppFailure)) throw thrown;
  if (thrown.kind === "credential" || thrown.untried) throw thrown;
  // Gone in the app: the next push makes it anew. A member may be what is not there, too.
  if (thrown.kind === "vanished" && (await isGroupGone(context, group)))
    await write(context, (trx) =>
      dropPushedGroup(trx, {
        app: context.app.settings.name,
        directory: group.setting.directory,
        groupId: group.groupId,
      }),
    );
  const { code, message, appSaid } = thrown;
  await openGroupTask(context, group.setting, { code, field: "group", message, appSaid });
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

/** The group in the app: made, if it is not there, and called as it should be. */
async function ensureGroup(
  context: PushContext,
  source: SourceGroup,
): Promise<ActiveGroup | { readonly error: AccountError }> {
  const { app, provisioner } = context;
  const { setting, groupId, name, pushed } = source;
  const { directory, name: configured } = setting;
  const common = { app: app.settings.name, directory, groupId, configured, name } as const;
  if (pushed?.externalId != null) {
    const { externalId } = pushed;
    const active: ActiveGroup = { ...common, externalId, state: "active" };
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
  const active: ActiveGroup = { ...common, externalId, state: "active" };
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

/** Of groups that are as they should be, and of those that are not pushed any more. */
async function closeGroupTasks(context: PushContext, subjects: readonly string[]): Promise<void> {
  if (subjects.length === 0) return;
  const { app, run, actor } = context;
  await write(context, async (trx) => {
    const closed = await closeTasks(trx, app.settings.name, subjects);
    const drafts = closed.map((subject) => events.taskDone(app.settings, subject));
    await appendEvents(trx, run.id, actor, drafts);
  });
}
