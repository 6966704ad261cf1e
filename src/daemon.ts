/** `serve`: the schedules of all directories, and health and metrics over HTTP. */
import type { Words } from "./api/context.ts";
import type { Doors } from "./http/server.ts";
import type { SchedulerLog } from "./schedule/log.ts";
import type { ScheduledWork } from "./schedule/work.ts";
import type { Service } from "./service.ts";

/** Works until the signal aborts, and ends at the next safe point. @param words what helps, as whoever serves says it */
export async function serve(
  service: Service,
  log: SchedulerLog,
  words: Words,
  signal: AbortSignal,
): Promise<void> {
  // Only the daemon needs these; every other command begins sooner without them.
  const { runSchedules } = await import("./schedule/scheduler.ts");
  const { settings, runs, directories, pushes } = service;
  await using _doors = await openDoors(service, log, words, signal);
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
}

/** Health, metrics and the API, as far as they are configured; closed in the order in which they stand. */
async function openDoors(
  service: Service,
  log: SchedulerLog,
  words: Words,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  const { http } = service.settings;
  if (http === null) return doorsOf([]);
  const { startHttp, startMetrics } = await import("./http/server.ts");
  const { createApi } = await import("./api/api.ts");
  let address = "";
  const baseUrl = (): string => http.publicUrl ?? address;
  const api = createApi(service, { baseUrl, stopping: signal, words });
  const mayRead: Doors["mayRead"] = (request, bindings) => api.mayRead(request, bindings);
  const server = await startHttp(service, http, { api: http.api ? api : null, mayRead }, signal);
  ({ address } = server);
  log.info({ address, api: http.api ? (http.publicUrl ?? address) : "off" }, "health and metrics");
  // What still works for requests ends after the last connection, and before the database closes.
  const open = [server, api];
  if (http.metrics === null) return doorsOf(open);
  try {
    const metrics = await startMetrics(service, http.metrics);
    log.info({ address: metrics.address }, "metrics");
    return doorsOf([metrics, ...open]);
  } catch (thrown) {
    await doorsOf(open)[Symbol.asyncDispose]();
    throw thrown;
  }
}

function doorsOf(doors: readonly AsyncDisposable[]): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      for (const door of doors) await door[Symbol.asyncDispose]();
    },
  };
}
