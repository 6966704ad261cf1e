/** A request that starts something may be sent again by a client that did not hear the answer. */
import type { Engine } from "../engine/engine.ts";
import { RollcallError } from "../model/errors.ts";
import { freeKey, takeKey, type OnceKey } from "../store/started-once.ts";

/**
 * Starts a run, which keeps the key with its record, unless the same request started one before.
 * @returns the id of the run, of now or of then
 * @throws RollcallError `request.repeated` while the first one begins, or if another was sent under
 * the key
 */
export async function startOnce(
  { store: { db } }: Engine,
  key: OnceKey,
  start: () => Promise<string>,
): Promise<string> {
  const before = await takeKey(db, key);
  if (before !== null) {
    if (before.request !== key.request)
      throw repeated("was sent with another request before; take a new one for it");
    if (before.runId === null) throw repeated("was sent a moment ago, and the run is beginning");
    return before.runId;
  }
  try {
    return await start();
  } catch (thrown) {
    await freeKey(db, key);
    throw thrown;
  }
}

function repeated(why: string): RollcallError {
  return new RollcallError("request.repeated", `The Idempotency-Key ${why}.`);
}
