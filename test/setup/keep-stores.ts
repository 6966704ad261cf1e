/** Has all tests of commands keep their embedded databases open; see `kept-stores.ts`. */
import { vi } from "vitest";
import { keeping } from "../support/kept-stores.ts";

vi.mock(import("../../src/store/database.ts"), async (load) => {
  const real = await load();
  return { ...real, openStore: keeping(real.openStore) };
});
