/** `serve`: the schedules of all directories, and health and metrics over HTTP. */
import type { Face } from "./api/context.ts";
import type { Doors } from "./http/server.ts";
import type { SchedulerLog } from "./schedule/log.ts";
import type { ScheduledWork } from "./schedule/work.ts";
import type { Service } from "./service.ts";

/** Works until the signal aborts, and ends at the next safe point. @param face what whoever serves gives the API */
export async function serve(
  service: Service,
  log: SchedulerLog,
  face: Face,
  signal: AbortSignal,
): Promise<void> {
  // Only the daemon needs these; every other command begins sooner without them.
  const { runSchedules } = await import("./schedule/scheduler.ts");
  const { settings, runs, directories, pushes } = service;
  await using _doors = await openDoors(service, log, face, signal);
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
    hooks: settings.hooks,
    deliver: (hook, told, until) => service.log.deliver(hook, told, until),
    listen: (name, listener, until) => directories.listen(name, listener, until),
  };
  await runSchedules(work, log, signal);
}

/** Health, metrics and the API, as far as they are configured; closed in the order in which they stand. */
async function openDoors(
  service: Service,
  log: SchedulerLog,
  face: Face,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  const open: AsyncDisposable[] = [];
  const doors: AsyncDisposable = {
    [Symbol.asyncDispose]: async () => {
      for (const door of open) await door[Symbol.asyncDispose]();
    },
  };
  try {
    // The embedded database serves one process: commands beside it come through this door.
    if (service.settings.database.url === null) {
      const { openLocalDoor } = await import("./local-door.ts");
      open.push(...(await openLocalDoor(service, { ...face, log }, signal)));
    }
    open.push(...(await openHttp(service, log, face, signal)));
    return doors;
  } catch (thrown) {
    await doors[Symbol.asyncDispose]();
    throw thrown;
  }
}

async function openHttp(
  service: Service,
  log: SchedulerLog,
  face: Face,
  stopping: AbortSignal,
): Promise<AsyncDisposable[]> {
  const { http } = service.settings;
  if (http === null) return [];
  const { startHttp, startMetrics } = await import("./http/server.ts");
  const { createApi } = await import("./api/api.ts");
  let address = "";
  const baseUrl = (): string => http.publicUrl ?? address;
  const api = createApi(service, { baseUrl, stopping, log, ...face });
  const mayRead: Doors["mayRead"] = (request, bindings) => api.mayRead(request, bindings);
  const { metrics: own } = http;
  const metrics = own === null ? null : await startMetrics(service, own);
  const others = metrics === null ? [] : [metrics];
  if (metrics !== null) log.info({ address: metrics.address }, "metrics");
  try {
    const server = await startHttp(
      service,
      http,
      { api: http.api ? api : null, mayRead },
      stopping,
    );
    ({ address } = server);
    if (http.api)
      void service.users.prepareSearch().catch((error: unknown) => {
        if (!stopping.aborted) log.warn({ error: String(error) }, "searches have no indexes yet");
      });
    const offered = http.api ? baseUrl() : "off";
    log.info({ address, api: offered }, "health and metrics");
    // What still works for requests ends after the last connection, and before the database closes.
    return [...others, server, api];
  } catch (thrown) {
    await metrics?.[Symbol.asyncDispose]();
    throw thrown;
  }
}
