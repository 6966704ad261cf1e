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
  await backoff.succeeded();
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
    save: (pause: Pause | null) => {
      kept = pause;
      return Promise.resolve();
    },
  };
  const [one, other] = [new Backoff(memory), new Backoff(memory)];
  await one.failed("ldap.credentials", 0);
  expect(await other.waiting(1)).toMatchObject({ code: "ldap.credentials" });
  // The second failure is told by another process, and counts on.
  await other.failed("ldap.credentials", HOUR);
  expect(await one.waiting(3 * HOUR - 1)).not.toBeNull();
  await one.succeeded();
  expect(await new Backoff(memory).waiting(HOUR + 1)).toBeNull();
});

test("where the memory cannot be reached, what this process knows counts", async () => {
  const away = (): Promise<never> => Promise.reject(new Error("away"));
  const backoff = new Backoff({ load: away, save: away });
  await backoff.failed("ldap.credentials", 0);
  expect(await backoff.waiting(HOUR - 1)).not.toBeNull();
});
