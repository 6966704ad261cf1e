/** Before anything is sent: is it the app, is the credential good, and what can it do? */
import type { AccountError } from "../../model/account.ts";
import type { AppFailure } from "../../provisioning/failure.ts";
import { appState, noteApp } from "../../store/app-states.ts";
import { appendEvents } from "../../store/system-log.ts";
import { closeTasks, openTasks } from "../../store/tasks.ts";
import { write } from "../record/write.ts";
import type { ClaimedApp, PushContext } from "./context.ts";
import * as events from "./events.ts";

/** Of the task for the app itself. */
const APP = "app";

/**
 * Asks the app for a list, alone and before everything else: a refused credential costs one request.
 * @throws AppFailure if it cannot be used
 */
export async function ready(context: PushContext): Promise<void> {
  const { engine, app, provisioner, run, actor } = context;
  const { name } = app.settings;
  const { declared } = await provisioner.probe();
  const { paused } = await appState(engine.store.db, name);
  // Another pause ends only when a person says so.
  const isOver = paused === null || paused.code === "app.credentials";
  await write(context, async (trx) => {
    await noteApp(trx, name, { declared, ...(isOver ? { paused: null } : {}) });
    const closed = isOver ? await closeTasks(trx, name, [APP]) : [];
    const told = closed.map((subject) => events.taskDone(app.settings, subject));
    const resumed = paused === null || !isOver ? [] : [events.paused(app.settings, null)];
    await appendEvents(trx, run.id, actor, [...resumed, ...told]);
  });
}

/** Nothing is sent to the app from now on, until somebody acts; there is one task for it. */
export async function pauseApp(claimed: ClaimedApp, thrown: AppFailure): Promise<void> {
  const { app, actor } = claimed;
  const { settings } = app;
  const { code, message, appSaid } = thrown;
  const error: AccountError = { code, field: "auth", message, appSaid };
  const task = {
    app: settings.name,
    subject: APP,
    userId: null,
    login: null,
    what: "app",
    error,
  } as const;
  await write(claimed, async (trx) => {
    await noteApp(trx, settings.name, { paused: error });
    const opened = await openTasks(trx, [task]);
    await appendEvents(trx, null, actor, [
      events.paused(settings, error),
      ...opened.map(() => events.taskCreated(settings, task)),
    ]);
  });
}

/** Until when the app asked to be left alone; also for the next push, and for other processes. */
export async function notePaused(claimed: ClaimedApp, until: number): Promise<void> {
  const { name } = claimed.app.settings;
  await write(claimed, (trx) => noteApp(trx, name, { notBefore: until })).catch(() => undefined);
}
