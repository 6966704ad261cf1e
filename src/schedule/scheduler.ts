/**
 * When: the cron expressions of all directories, over any number of replicas. A tick is claimed in
 * the database, so one replica takes it; the lease of the directory makes a second start harmless.
 */
import { schedule, type ScheduledTask, type TaskContext } from "node-cron";
import { asRollcallError } from "../model/errors.ts";
import type { ImportType } from "../model/run.ts";
import { Backoff } from "./backoff.ts";
import { watchExpiry } from "./expiry.ts";
import { followHook } from "./hooks.ts";
import type { SchedulerLog } from "./log.ts";
import { pushWhenDue } from "./pusher.ts";
import { tellRun, watchDirectory, type Watch } from "./watcher.ts";
import { byItself, type ScheduledWork } from "./work.ts";

/** Starts the schedules; they end when the signal aborts. Resolves when the last run has ended. */
export async function runSchedules(
  work: ScheduledWork,
  log: SchedulerLog,
  signal: AbortSignal,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const track = (one: Promise<void>): Promise<void> => {
    running.add(one);
    return one.finally(() => running.delete(one));
  };
  const begun = Date.now();
  const tasks: ScheduledTask[] = [];
  let watched = 0;
  let expiring = 0;
  for (const [name, { schedule: times, watch, source }] of work.directories) {
    const backoff = new Backoff(work.pauseOf(name));
    const one: Watch = { work, name, backoff, log, signal, begun };
    await track(resume(one));
    for (const type of ["full", "incremental"] as const) {
      const cron = times[type];
      if (cron === null) continue;
      const { timezone } = times;
      const tick = ({ date }: TaskContext): Promise<void> => track(onTick(one, type, date));
      tasks.push(schedule(cron, tick, { timezone, name: `${name}:${type}`, noOverlap: true }));
      log.info({ directory: name, type, cron, timezone }, "schedule started");
    }
    if (source.users.disabled.some((rule) => rule.expires === true)) {
      expiring++;
      void track(watchExpiry(one));
    }
    if (watch) {
      watched++;
      void track(watchDirectory(one));
    }
  }
  for (const app of work.apps.keys()) {
    log.info({ app }, "pushing whenever something changes");
    void track(pushWhenDue({ work, app, log, signal }));
  }
  for (const hook of work.hooks.keys()) {
    log.info({ hook }, "events are sent as they come");
    void track(followHook(work, hook, log, signal));
  }
  if (tasks.length === 0 && watched === 0) {
    const only = expiring > 0 ? " but what expires" : "";
    log.warn({}, `no directory has a schedule; nothing will be imported by itself${only}`);
  }
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  for (const task of tasks) await task.destroy();
  await Promise.allSettled(running);
}

/** What an earlier process left half-done is finished before the first tick. */
async function resume({ work, name, log, signal }: Watch): Promise<void> {
  try {
    if (await work.resume(name, byItself(signal)))
      log.info({ directory: name }, "an interrupted run was taken up");
  } catch (thrown) {
    const { code, message } = asRollcallError(thrown);
    log.warn({ directory: name, code }, message);
  }
}

async function onTick(
  { work, name, backoff, log, signal }: Watch,
  type: ImportType,
  date: Date,
): Promise<void> {
  if (signal.aborted) return;
  const waiting = await backoff.waiting(Date.now());
  if (waiting !== null) {
    const { until, code } = waiting;
    const message = "not imported: the last failure asks for patience";
    log.warn({ directory: name, until, code }, message);
    return;
  }
  try {
    const second = new Date(Math.floor(date.getTime() / 1000) * 1000);
    if (!(await work.takeTick(`${name}:${type}`, second))) return;
    if (type === "incremental" && (await work.isHeld(name))) {
      // Another import every few minutes would take its place before anybody could release it.
      log.warn({ directory: name }, "not imported: a held run waits for a decision");
      return;
    }
    const asked = { type, trigger: "schedule", dryRun: false } as const;
    await tellRun(log, backoff, await work.import(name, asked, byItself(signal)));
  } catch (thrown) {
    const { code, message } = asRollcallError(thrown);
    if (code === "run.busy") {
      log.info({ directory: name }, message);
      return;
    }
    // Also where not even the failure could be written down: the directory was asked all the same.
    await backoff.failed(code, Date.now());
    log.error({ directory: name, code }, message);
  }
}
