/**
 * `serve`: the schedules of all directories, pushes, hooks, and what is answered over HTTP; by a
 * configuration that may be exchanged while it works.
 */
import { openDoors } from "./doors.ts";
import { editConfiguration } from "./edit-configuration.ts";
import type { Face } from "./api/context.ts";
import type { EditConfiguration } from "./model/configuration-edit.ts";
import { sleep } from "./lib/sleep.ts";
import { asRollcallError } from "./model/errors.ts";
import { Secret } from "./model/secret.ts";
import type { Hangups } from "./model/hangups.ts";
import type { Settings } from "./model/settings.ts";
import type { SchedulerLog } from "./schedule/log.ts";
import type { ScheduledWork } from "./schedule/work.ts";
import type { Service } from "./service.ts";

/** What the daemon is given by whoever starts it. */
export interface Daemon {
  readonly log: SchedulerLog;
  /** What the API says and carries out, for each configuration. */
  readonly faceOf: (service: Service) => Face;
  /** Told whenever the configuration is to be read again. */
  readonly hangups: Hangups | null;
  /** Reads it. @throws RollcallError `config.invalid` */
  readonly reload: () => Promise<Settings>;
  /** Reads a text as the file would be read. @throws RollcallError `config.invalid` */
  readonly parse: (text: string) => Promise<Settings>;
  /** Ends everything at the next safe point. */
  readonly signal: AbortSignal;
}

/** Works until the signal aborts, and ends at the next safe point. */
export async function serve(first: Service, daemon: Daemon): Promise<void> {
  const { log, hangups, signal } = daemon;
  // Only the daemon needs these; every other command begins sooner without them.
  const { runSchedules } = await import("./schedule/scheduler.ts");
  const changes = new Changes(hangups, signal);
  const now = { service: first };
  // One after another, so that none of two changes of the same text is lost.
  let editing: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = editing.then(work);
    editing = done.catch(() => undefined);
    return done;
  };
  const edit: EditConfiguration = (change, by) =>
    inTurn(async () => {
      now.service = await editConfiguration(now.service, daemon.parse, change, by);
      doors.use(now.service);
      changes.tell();
      return now.service.settings;
    });
  await using doors = await openDoors(first, { ...daemon, edit });
  const retired = new Set<Promise<void>>();
  while (!signal.aborted) {
    const retire = new AbortController();
    const until = AbortSignal.any([signal, retire.signal]);
    const own = now.service;
    await own.log.keepHooks().catch((error: unknown) => {
      log.warn({ error: String(error) }, "former hooks are not forgotten yet");
    });
    const ended: Promise<void> = runSchedules(workOf(own, signal), log, until).finally(() =>
      retired.delete(ended),
    );
    retired.add(ended);
    while (now.service === own && !signal.aborted) {
      const change = await changes.next(signal);
      if (change !== "hangup") continue;
      await inTurn(async () => {
        const next = await exchanged({ service: now.service, first }, daemon);
        if (next === null) return;
        now.service = next;
        doors.use(now.service);
      });
    }
    // What is being done is done by the configuration by which it began.
    retire.abort();
  }
  await Promise.all(retired);
}

/** Hears of hangups and of changes by the API, also of those that come while one is worked on. */
class Changes {
  #hangup = false;
  #edited = false;
  #wake = new AbortController();

  constructor(from: Hangups | null, signal: AbortSignal) {
    const heard = (): void => {
      this.#hangup = true;
      this.#wake.abort();
    };
    from?.addEventListener("hangup", heard, { signal });
    // One that came while the daemon was starting.
    if (from?.isPending === true) heard();
  }

  /** The configuration was changed and taken over. */
  tell(): void {
    this.#edited = true;
    this.#wake.abort();
  }

  /** Resolves at the next one, or when the signal aborts. */
  async next(signal: AbortSignal): Promise<"hangup" | "edit"> {
    while (!this.#hangup && !this.#edited && !signal.aborted)
      await sleep(LONG_MS, AbortSignal.any([this.#wake.signal, signal]));
    this.#wake = new AbortController();
    this.#edited = false;
    const isHangup = this.#hangup;
    this.#hangup = false;
    return isHangup ? "hangup" : "edit";
  }
}

const LONG_MS = 3_600_000;

/** The service with the configuration as it is now; null if it cannot be: the old one goes on. */
async function exchanged(
  { service, first }: { readonly service: Service; readonly first: Service },
  { log, reload }: Pick<Daemon, "log" | "reload">,
): Promise<Service | null> {
  try {
    const settings = await reload();
    const next = service.with(settings);
    // Where it listens stays as it was at the start.
    for (const key of ["http", "database"] as const)
      if (plain(settings[key]) !== plain(first.settings[key]))
        log.warn({ key }, `${key} was changed, which takes effect at the next start only`);
    log.info({ config: settings.file }, "the configuration was read again, and is in effect");
    return next;
  } catch (thrown) {
    const { code, message, details } = asRollcallError(thrown);
    log.error(
      { code, details },
      `the configuration is not taken over, the old one goes on: ${message}`,
    );
    return null;
  }
}

/** Of `http`, what is asked at each request. */
const AT_ONCE: ReadonlySet<string> = new Set([
  "isWritable",
  "trustedProxies",
  "searchIndexes",
  "oidc",
]);

/** Settings as they can be compared; secrets compare by what they are. */
function plain(value: unknown): string {
  return JSON.stringify(value, (key, one: unknown) =>
    one instanceof Secret ? one.reveal() : AT_ONCE.has(key) ? undefined : one,
  );
}

/** What schedules ask for. What has begun goes on until the daemon ends, whoever asked for it. */
function workOf(service: Service, signal: AbortSignal): ScheduledWork {
  const { settings, runs, directories, pushes } = service;
  return {
    directories: settings.directories,
    import: (name, asked, by) => runs.import(name, asked, { ...by, signal }),
    resume: (name, by) => runs.resumeLeft(name, { ...by, signal }),
    isHeld: (name) => runs.isHeld(name),
    takeTick: (schedule, at) => runs.takeTick(schedule, at),
    endExpired: (name, by) => runs.endExpired(name, { ...by, signal }),
    pauseOf: (name) => directories.pause(name),
    nextExpiry: (name, after) => directories.nextExpiry(name, after),
    apps: settings.apps,
    isPushDue: (app) => pushes.isDue(app),
    push: (app, by) => {
      const asked = { kind: "push", trigger: "schedule", dryRun: false, people: null } as const;
      return pushes.push(app, asked, { ...by, signal });
    },
    hooks: settings.hooks,
    deliver: (hook, told, until) => service.log.deliver(hook, told, until),
    listen: (name, listener, until) => directories.listen(name, listener, until),
  };
}
