/** Tasks: what a person decides about pushes that could not go on. */
import type { Engine } from "../engine/engine.ts";
import type { Push, Task } from "../model/account.ts";
import type { AskedBy } from "../model/asked-by.ts";
import { RollcallError } from "../model/errors.ts";
import { releaseAccounts } from "../store/accounts.ts";
import { endPause, noteApp } from "../store/app-states.ts";
import { transact } from "../store/database.ts";
import { appendEvents } from "../store/system-log.ts";
import { dismissTask, findTask, listTasks } from "../store/tasks.ts";
import { configuredApp } from "../engine/apps.ts";
import { pushApp } from "./push.ts";
import * as events from "./sending/events.ts";

const MOST = 100_000;

/**
 * Tries a task again: the account is decided on anew, by the values and mappings of now.
 * @param id of the task, or the beginning of it
 */
export async function retryTask(engine: Engine, id: string, by: AskedBy): Promise<Push> {
  const task = await findTask(engine.store.db, id);
  const userIds = task.userId === null ? null : [task.userId];
  // A pause of the app ends with the app's own task only.
  return await retry(engine, task.app, { userIds, endsPause: task.what === "app" }, by);
}

/** Tries all tasks of an app again; a pause ends if the app can be used. */
export async function retryTasksOf(engine: Engine, app: string, by: AskedBy): Promise<Push> {
  configuredApp(engine.apps, app);
  return await retry(engine, app, { userIds: null, endsPause: true }, by);
}

async function retry(
  engine: Engine,
  app: string,
  {
    userIds,
    endsPause,
  }: { readonly userIds: readonly string[] | null; readonly endsPause: boolean },
  by: AskedBy,
): Promise<Push> {
  await transact(engine.store, async (trx) => {
    await releaseAccounts(trx, app, userIds);
    if (!endsPause) return;
    await noteApp(trx, app, { notBefore: null });
    await endPause(trx, app);
  });
  const request = { kind: "push", trigger: "manual", dryRun: false, userIds } as const;
  return await pushApp(engine, app, request, by);
}

/** Takes a task off the list. What was refused is still not sent again before something changes. */
export async function dismissTaskOf(engine: Engine, id: string, by: AskedBy): Promise<Task> {
  const task = await findTask(engine.store.db, id);
  const { settings } = configuredApp(engine.apps, task.app);
  const isThere = await transact(engine.store, async (trx) => {
    const dismissed = await dismissTask(trx, task.id);
    const event = events.taskDismissed(settings, task);
    if (dismissed) await appendEvents(trx, null, by.actor, [event]);
    return dismissed;
  });
  if (!isThere) throw new RollcallError("task.notFound", `The task ${id} is done by now.`);
  return task;
}

export async function tasksOf(engine: Engine, app: string | null): Promise<Task[]> {
  if (app !== null) configuredApp(engine.apps, app);
  return await listTasks(engine.store.db, app, MOST);
}
