/**
 * Databases that stay open from one command of a test to the next: opening one costs more than most
 * commands do, an embedded one by far, and on Postgres each connection is a process that begins and
 * ends. Tests of what survives a process close it in between.
 */
import type { Store, StoreSettings } from "../../src/store/database.ts";

interface Kept {
  store: Promise<Store> | null;
  inUse: boolean;
}

/** By folder, or by URL. */
const kept = new Map<string, Kept>();

/** From now on, the database in this folder, or at this URL, stays open once it was opened. */
export function keepOpen(place: string): void {
  kept.set(place, { store: null, inUse: false });
}

/** Closes it, so that another process can open it, or the next command anew. */
export async function closeKept(place: string): Promise<void> {
  const one = kept.get(place);
  if (one?.store == null) return;
  const { store } = one;
  one.store = null;
  await (await store)[Symbol.asyncDispose]();
}

/** @param open opens a database as the program does */
export function keeping(
  open: (settings: StoreSettings) => Promise<Store>,
): (settings: StoreSettings) => Promise<Store> {
  return async (settings) => {
    const one = kept.get(settings.url?.reveal() ?? settings.directory);
    // Two at the same time are two processes' connections, or refused, as ever.
    if (one === undefined || one.inUse) return await open(settings);
    one.inUse = true;
    one.store ??= open(settings);
    const { store } = one;
    try {
      const opened = await store;
      return {
        ...opened,
        [Symbol.asyncDispose]: () => {
          one.inUse = false;
          return Promise.resolve();
        },
      };
    } catch (error) {
      one.store = null;
      one.inUse = false;
      throw error;
    }
  };
}
