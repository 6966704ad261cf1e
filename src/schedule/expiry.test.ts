import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Backoff } from "./backoff.ts";
import { watchExpiry } from "./expiry.ts";
import type { ScheduledWork } from "./work.ts";

const MINUTE = 60_000;
const imports = vi.fn<ScheduledWork["import"]>();
const ends = vi.fn<ScheduledWork["endExpired"]>();
const isHeld = vi.fn<ScheduledWork["isHeld"]>();
const nextExpiry = vi.fn<ScheduledWork["nextExpiry"]>();
const takeTick = vi.fn<ScheduledWork["takeTick"]>();
const quiet = (): void => undefined;
const log = { info: quiet, warn: quiet, error: quiet };
const run = (status: string, code: string | null = null) =>
  ({ directory: "corp", status, error: code === null ? null : { code, message: code } }) as never;

let stop: AbortController;
let watching: Promise<void>;
let due: number;

beforeEach(() => {
  vi.useFakeTimers();
  due = Date.now() + 10_000;
  nextExpiry.mockReset().mockImplementation((_name, after) => {
    return Promise.resolve(due > after ? due : null);
  });
  takeTick.mockReset().mockResolvedValue(true);
  isHeld.mockReset().mockResolvedValue(false);
  imports.mockReset().mockResolvedValue(run("done"));
  ends.mockReset().mockResolvedValue(run("done"));
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await vi.advanceTimersByTimeAsync(MINUTE);
  await watching;
  vi.useRealTimers();
});

function start(): void {
  const work = {
    import: imports,
    endExpired: ends,
    isHeld,
    nextExpiry,
    takeTick,
  } as unknown as ScheduledWork;
  const watch = { work, name: "corp", backoff: new Backoff(), log, signal: stop.signal };
  watching = watchExpiry(watch);
}

test("on the day, the directory is read", async () => {
  start();
  await vi.advanceTimersByTimeAsync(9000);
  expect(imports).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(10 * MINUTE);
  expect(imports).toHaveBeenCalledTimes(1);
  expect(ends).not.toHaveBeenCalled();
});

test("a directory that cannot be read for a moment is asked again before what it said counts", async () => {
  imports.mockResolvedValueOnce(run("failed", "ldap.unreachable"));
  start();
  await vi.advanceTimersByTimeAsync(10 * MINUTE);
  expect(imports).toHaveBeenCalledTimes(2);
  expect(ends).not.toHaveBeenCalled();
});

test.each([["ldap.baseNotFound"], ["ldap.unreachable"], ["ldap.credentials"]])(
  "the day does not wait for ever for one that cannot be read: %s",
  async (code) => {
    imports.mockResolvedValue(run("failed", code));
    start();
    await vi.advanceTimersByTimeAsync(20 * MINUTE);
    expect(ends).toHaveBeenCalledTimes(1);
    // A refused password is not tried again for that.
    if (code === "ldap.credentials") expect(imports).toHaveBeenCalledTimes(1);
    else expect(imports.mock.calls.length).toBeGreaterThan(1);
  },
);

test("the day ends also where several replicas take turns", async () => {
  imports.mockResolvedValue(run("failed", "ldap.unreachable"));
  let turn = 0;
  takeTick.mockImplementation(() => Promise.resolve(turn++ % 2 === 0));
  start();
  await vi.advanceTimersByTimeAsync(20 * MINUTE);
  expect(ends).toHaveBeenCalledTimes(1);
});

test("while a run is held, what is stored tells whose day has come", async () => {
  isHeld.mockResolvedValue(true);
  start();
  await vi.advanceTimersByTimeAsync(2 * MINUTE);
  expect(imports).not.toHaveBeenCalled();
  expect(ends).toHaveBeenCalledTimes(1);
});
