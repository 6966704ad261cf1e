import { expect, test } from "vitest";
import { Backoff } from "./backoff.ts";

const HOUR = 3_600_000;

test("a refused password is left alone for an hour, then for two, and a success forgets it", () => {
  const backoff = new Backoff();
  expect(backoff.waiting(0)).toBeNull();
  backoff.failed("ldap.credentials", 0);
  expect(backoff.waiting(HOUR - 1)).toMatchObject({ code: "ldap.credentials" });
  expect(backoff.waiting(HOUR)).toBeNull();
  backoff.failed("ldap.credentials", HOUR);
  expect(backoff.waiting(2 * HOUR)).not.toBeNull();
  expect(backoff.waiting(3 * HOUR)).toBeNull();
  backoff.succeeded();
  backoff.failed("ldap.credentials", 0);
  expect(backoff.waiting(HOUR)).toBeNull();
});

test("a server that is away is tried at the next tick; other faults do not wait", () => {
  const backoff = new Backoff();
  backoff.failed("ldap.unreachable", 0);
  expect(backoff.waiting(1)).toBeNull();
  backoff.failed("ldap.unreachable", 0);
  expect(backoff.waiting(1)).not.toBeNull();
  const other = new Backoff();
  for (let i = 0; i < 5; i++) other.failed("ldap.baseNotFound", 0);
  expect(other.waiting(0)).toBeNull();
});
