/**
 * When: the cron expressions of all directories, over any number of replicas. A tick is claimed in
 * the database, so one replica takes it; the lease of the directory makes a second start harmless.
 */
import { schedule, type ScheduledTask, type TaskContext } from "node-cron";
import type { Engine } from "../engine/engine.ts";
import { asRollcallError } from "../model/errors.ts";
import { SYSTEM_ACTOR } from "../model/event.ts";
import type { ImportType } from "../model/run.ts";
import { importDirectory } from "../runs/import.ts";
import { isHeld } from "../runs/listen.ts";
import { resumeRuns } from "../runs/resume.ts";
import { claimSlot } from "../store/leases.ts";
import { Backoff } from "./backoff.ts";
import { tellRun, watchDirectory } from "./watcher.ts";

export interface SchedulerLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const quiet = (): void => undefined;

/** Starts the schedules; they end when the signal aborts. Resolves when the last run has ended. */
export async function runSchedules(
  engine: Engine,
  log: SchedulerLog,
  signal: AbortSignal,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const track = (work: Promise<void>): Promise<void> => {
    running.add(work);
    return work.finally(() => running.delete(work));
  };
  const tasks: ScheduledTask[] = [];
  let watched = 0;
  for (const [name, { schedule: times, watch }] of engine.settings) {
    const backoff = new Backoff();
    await track(resume(engine, name, log, signal));
    for (const type of ["full", "incremental"] as const) {
      const cron = times[type];
      if (cron === null) continue;
      const tick = (context: TaskContext): Promise<void> =>
        track(onTick(engine, name, type, context, backoff, log, signal));
      tasks.push(
        schedule(cron, tick, {
          timezone: times.timezone,
          name: `${name}:${type}`,
          noOverlap: true,
        }),
      );
      log.info({ directory: name, type, cron, timezone: times.timezone }, "schedule started");
    }
    if (watch) {
      watched++;
      void track(watchDirectory({ engine, name, backoff, log, signal }));
    }
  }
  if (tasks.length === 0 && watched === 0)
    log.warn({}, "no directory has a schedule; nothing will be imported by itself");
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  for (const task of tasks) await task.destroy();
  await Promise.allSettled(running);
}

/** What an earlier process left half-done is finished before the first tick. */
async function resume(
  engine: Engine,
  name: string,
  log: SchedulerLog,
  signal: AbortSignal,
): Promise<void> {
  try {
    const request = { actor: SYSTEM_ACTOR, signal, progress: quiet };
    if (await resumeRuns(engine, name, request))
      log.info({ directory: name }, "an interrupted run was taken up");
  } catch (thrown) {
    const { code, message } = asRollcallError(thrown);
    log.warn({ directory: name, code }, message);
  }
}

async function onTick(
  engine: Engine,
  name: string,
  type: ImportType,
  context: TaskContext,
  backoff: Backoff,
  log: SchedulerLog,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  const waiting = backoff.waiting(Date.now());
  if (waiting !== null) {
    log.warn(
      { directory: name, until: waiting.until, code: waiting.code },
      "not imported: the last failure asks for patience",
    );
    return;
  }
  try {
    const slot = new Date(Math.floor(context.date.getTime() / 1000) * 1000);
    if (!(await claimSlot(engine.store.db, `${name}:${type}`, slot))) return;
    if (type === "incremental" && (await isHeld(engine, name))) {
      // Another import every few minutes would take its place before anybody could release it.
      log.warn({ directory: name }, "not imported: a held run waits for a decision");
      return;
    }
    const request = {
      type,
      trigger: "schedule",
      actor: SYSTEM_ACTOR,
      dryRun: false,
      signal,
      progress: quiet,
    } as const;
    const run = await importDirectory(engine, name, request);
    tellRun(log, backoff, run);
  } catch (thrown) {
    const { code, message } = asRollcallError(thrown);
    if (code === "run.busy") log.info({ directory: name }, message);
    else log.error({ directory: name, code }, message);
  }
}
