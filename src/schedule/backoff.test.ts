import { expect, test } from "vitest";
import type { Pause } from "../model/pause.ts";
import { Backoff } from "./backoff.ts";

const HOUR = 3_600_000;

test("a refused password is left alone for an hour, then for two, and a success forgets it", async () => {
  const backoff = new Backoff();
  expect(await backoff.waiting(0)).toBeNull();
  await backoff.failed("ldap.credentials", 0);
  expect(await backoff.waiting(HOUR - 1)).toMatchObject({ code: "ldap.credentials" });
  expect(await backoff.waiting(HOUR)).toBeNull();
  await backoff.failed("ldap.credentials", HOUR);
  expect(await backoff.waiting(2 * HOUR)).not.toBeNull();
  expect(await backoff.waiting(3 * HOUR)).toBeNull();
  await backoff.succeeded(HOUR);
  await backoff.failed("ldap.credentials", 0);
  expect(await backoff.waiting(HOUR)).toBeNull();
});

test("a server that is away is tried at the next tick; other faults do not wait", async () => {
  const backoff = new Backoff();
  await backoff.failed("ldap.unreachable", 0);
  expect(await backoff.waiting(1)).toBeNull();
  await backoff.failed("ldap.unreachable", 0);
  expect(await backoff.waiting(1)).not.toBeNull();
  const other = new Backoff();
  for (let i = 0; i < 5; i++) await other.failed("ldap.baseNotFound", 0);
  expect(await other.waiting(0)).toBeNull();
});

test("a pause is the same for whoever shares its memory, and ends for all with a success", async () => {
  let kept: Pause | null = null;
  const memory = {
    load: () => Promise.resolve(kept),
    save: (pause: Pause) => {
      kept = pause;
      return Promise.resolve();
    },
    clear: () => {
      kept = null;
      return Promise.resolve();
    },
  };
  const [one, other] = [new Backoff(memory), new Backoff(memory)];
  await one.failed("ldap.credentials", 0);
  expect(await other.waiting(1)).toMatchObject({ code: "ldap.credentials" });
  // The second failure is told by another process, and counts on.
  await other.failed("ldap.credentials", HOUR);
  expect(await one.waiting(3 * HOUR - 1)).not.toBeNull();
  // Whoever reached it, by hand or elsewhere, ends it for all.
  await memory.clear();
  expect(await one.waiting(HOUR + 1)).toBeNull();
  expect(await other.waiting(HOUR + 1)).toBeNull();
});

test("what began before a failure does not end its pause", async () => {
  const backoff = new Backoff();
  await backoff.failed("ldap.unreachable", 0);
  await backoff.failed("ldap.credentials", 10);
  await backoff.succeeded(5);
  expect(await backoff.waiting(HOUR)).not.toBeNull();
  await backoff.succeeded(11);
  expect(await backoff.waiting(20)).toBeNull();
});

test("no other end makes a pause shorter, and no clock makes it longer than a day", async () => {
  const backoff = new Backoff();
  await backoff.failed("ldap.credentials", 0);
  await backoff.failed("ldap.unreachable", 1);
  await backoff.failed("ldap.baseNotFound", 2);
  expect(await backoff.waiting(HOUR - 1)).toMatchObject({ code: "ldap.credentials" });
  const ahead = { failures: 1, code: "ldap.credentials", until: 1e12 };
  const wrong = new Backoff({
    load: () => Promise.resolve(ahead),
    save: () => Promise.resolve(),
    clear: () => Promise.resolve(),
  });
  expect((await wrong.waiting(0))?.until).toBe(new Date(24 * HOUR).toISOString());
});

test("where the memory cannot be reached, what this process knows counts", async () => {
  const away = (): Promise<never> => Promise.reject(new Error("away"));
  const backoff = new Backoff({ load: away, save: away, clear: away });
  await backoff.failed("ldap.credentials", 0);
  expect(await backoff.waiting(HOUR - 1)).not.toBeNull();
});
