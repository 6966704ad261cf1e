/** `serve`: the schedules of all directories, and health and metrics over HTTP. */
import type { SchedulerLog } from "./schedule/log.ts";
import type { ScheduledWork } from "./schedule/work.ts";
import type { Service } from "./service.ts";

/** Works until the signal aborts, and ends at the next safe point. */
export async function serve(
  service: Service,
  log: SchedulerLog,
  signal: AbortSignal,
): Promise<void> {
  // Only the daemon needs these; every other command begins sooner without them.
  const { startHttp } = await import("./http/server.ts");
  const { runSchedules } = await import("./schedule/scheduler.ts");
  const { settings, runs, directories, pushes } = service;
  const http = settings.http === null ? null : await startHttp(service, settings.http, signal);
  try {
    if (http !== null) log.info({ address: http.address }, "health and metrics");
    const work: ScheduledWork = {
      directories: settings.directories,
      import: (name, asked, by) => runs.import(name, asked, by),
      resume: (name, by) => runs.resumeLeft(name, by),
      isHeld: (name) => runs.isHeld(name),
      takeTick: (schedule, at) => runs.takeTick(schedule, at),
      endExpired: (name, by) => runs.endExpired(name, by),
      nextExpiry: (name, after) => directories.nextExpiry(name, after),
      apps: settings.apps,
      isPushDue: (app) => pushes.isDue(app),
      push: (app, by) => {
        const asked = { kind: "push", trigger: "schedule", dryRun: false, people: null } as const;
        return pushes.push(app, asked, by);
      },
      listen: (name, listener, until) => directories.listen(name, listener, until),
    };
    await runSchedules(work, log, signal);
  } finally {
    await http?.[Symbol.asyncDispose]();
  }
}
