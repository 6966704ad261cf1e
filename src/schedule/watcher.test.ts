import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RollcallError } from "../model/errors.ts";
import { Backoff } from "./backoff.ts";
import { watchDirectory } from "./watcher.ts";
import type { ScheduledWork } from "./work.ts";

/** What is asked for, answered as a test wants it. */
const imports = vi.fn<ScheduledWork["import"]>();
const listening = vi.fn<ScheduledWork["listen"]>();
const isHeld = vi.fn<ScheduledWork["isHeld"]>();
const work: ScheduledWork = {
  directories: new Map(),
  import: imports,
  listen: listening,
  isHeld,
  resume: () => Promise.resolve(false),
  takeTick: () => Promise.resolve(true),
  pauseOf: () => ({
    load: () => Promise.resolve(null),
    save: () => Promise.reject(new Error("nowhere")),
    clear: () => Promise.resolve(),
  }),
  nextExpiry: () => Promise.resolve(null),
  endExpired: () => Promise.resolve(null),
  apps: new Map(),
  isPushDue: () => Promise.resolve(false),
  hooks: new Map(),
  deliver: () => Promise.resolve(),
  push: () => Promise.reject(new Error("no app")),
};

const SECOND = 1000;
const done = { directory: "corp", status: "done", error: null } as never;
const failed = (code: string) =>
  ({ directory: "corp", status: "failed", error: { code, message: code } }) as never;

const quiet = (): void => undefined;

let stop: AbortController;
let hear: () => void;
let watching: Promise<void>;

beforeEach(() => {
  vi.useFakeTimers();
  imports.mockReset().mockResolvedValue(done);
  isHeld.mockReset().mockResolvedValue(false);
  stop = new AbortController();
  listening.mockReset().mockImplementation((_name, listener, signal) => {
    hear = () => listener.onChange();
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(new Error("stopped")));
    });
  });
});
afterEach(async () => {
  stop.abort();
  await vi.advanceTimersByTimeAsync(SECOND);
  await watching;
  vi.useRealTimers();
});

async function start(): Promise<void> {
  const log = { info: quiet, warn: quiet, error: quiet };
  const watch = { work, name: "corp", backoff: new Backoff(), log };
  watching = watchDirectory({ ...watch, signal: stop.signal });
  await vi.advanceTimersByTimeAsync(0);
}

test("changes of a moment become one import; one that comes meanwhile starts one more", async () => {
  await start();
  imports.mockImplementationOnce(async () => {
    hear();
    return await Promise.resolve(done);
  });
  for (let i = 0; i < 10; i++) hear();
  await vi.advanceTimersByTimeAsync(10 * SECOND);
  expect(imports).toHaveBeenCalledTimes(2);
});

test("an import that fails is repeated when its cause allows, although nothing more is heard", async () => {
  await start();
  imports.mockResolvedValueOnce(failed("ldap.busy"));
  hear();
  await vi.advanceTimersByTimeAsync(30 * SECOND);
  expect(imports).toHaveBeenCalledTimes(1);
  hear(); // within the patience, which it must not shorten
  await vi.advanceTimersByTimeAsync(10 * SECOND);
  expect(imports).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(60 * SECOND);
  expect(imports).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(600 * SECOND);
  expect(imports).toHaveBeenCalledTimes(2);
});

test("a directory that is busy, or whose run is held, is tried again", async () => {
  await start();
  imports.mockRejectedValueOnce(new RollcallError("run.busy", "busy"));
  hear();
  await vi.advanceTimersByTimeAsync(5 * SECOND);
  expect(imports).toHaveBeenCalledTimes(2);
  isHeld.mockResolvedValue(true);
  hear();
  await vi.advanceTimersByTimeAsync(120 * SECOND);
  expect(imports).toHaveBeenCalledTimes(2);
  isHeld.mockResolvedValue(false);
  await vi.advanceTimersByTimeAsync(20 * SECOND);
  expect(imports).toHaveBeenCalledTimes(3);
});

test("constant change does not mean constant importing", async () => {
  await start();
  imports.mockImplementation(async () => {
    hear();
    return await Promise.resolve(done);
  });
  hear();
  await vi.advanceTimersByTimeAsync(60 * SECOND);
  expect(imports.mock.calls.length).toBeLessThan(40);
  expect(imports.mock.calls.length).toBeGreaterThan(20);
});

test("a lost connection is made again with growing patience; what cannot be heard is asked rarely", async () => {
  listening.mockRejectedValue(new RollcallError("ldap.connectionLost", "lost"));
  await start();
  await vi.advanceTimersByTimeAsync(60 * SECOND);
  expect(listening.mock.calls.length).toBeLessThan(6);
  expect(listening.mock.calls.length).toBeGreaterThan(2);
  listening.mockRejectedValue(new RollcallError("ldap.watchUnavailable", "no"));
  await vi.advanceTimersByTimeAsync(300 * SECOND);
  const asked = listening.mock.calls.length;
  await vi.advanceTimersByTimeAsync(1800 * SECOND);
  expect(listening.mock.calls.length - asked).toBe(3);
});
