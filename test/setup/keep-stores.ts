/** Has all tests of commands keep their embedded databases open; see `kept-stores.ts`. */
import { afterAll, vi } from "vitest";
import { keeping } from "../support/kept-stores.ts";
import { dropFinished } from "../support/rollcall.ts";

afterAll(dropFinished);

vi.mock(import("../../src/store/database.ts"), async (load) => {
  const real = await load();
  return { ...real, openStore: keeping(real.openStore) };
});
