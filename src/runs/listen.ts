import { claimLease } from "../engine/claim.ts";
import type { Engine } from "../engine/engine.ts";
import { scopeFingerprint } from "../engine/fingerprint.ts";
import { mayBeEmpty } from "../model/directory.ts";
import { RollcallError } from "../model/errors.ts";
import { MustReadAll, WAY_FACTS, type ChangeListener } from "../model/incremental.ts";
import { readCheckpoint } from "../store/checkpoints.ts";
import { openRuns } from "../store/runs.ts";

/** Whether a run of the directory waits for a person's decision; newer ones would replace it. */
export async function isHeld(engine: Engine, name: string): Promise<boolean> {
  return (await openRuns(engine.store.db, name, "held")).length > 0;
}

/**
 * Listens to a directory until the connection or the signal ends. Of several processes one
 * listens. What arrives only says that something changed; an incremental import finds out what,
 * under the same rules as every other.
 * @throws RollcallError `run.busy` if another process listens, `ldap.watchUnavailable`, or the
 * cause of the end
 */
export async function listenTo(
  engine: Engine,
  name: string,
  listener: ChangeListener,
  signal: AbortSignal,
): Promise<void> {
  const directory = await engine.openDirectory(name);
  const source = engine.directories.get(name)?.source;
  if (source === undefined || directory.listen === undefined)
    throw new RollcallError("ldap.watchUnavailable", `${name} cannot be listened to.`);
  const { store, holder } = engine;
  await using claim = await claimLease(store, `watch:${name}`, holder, signal);
  const checkpoint = await readCheckpoint(store.db, name);
  const mark = checkpoint?.scope === scopeFingerprint(source) ? checkpoint.mark : null;
  if (mark !== null && !WAY_FACTS[mark.way].listens) {
    const message = `${name} reads changes by ${WAY_FACTS[mark.way].title}, which cannot be listened to.`;
    throw new RollcallError("ldap.watchUnavailable", message);
  }
  // Without a position to listen from, nothing tells what changed until now; what may be empty tells itself.
  if (mark === null && !mayBeEmpty(source)) listener.onChange();
  try {
    await directory.listen(mark, listener, claim.signal);
  } catch (thrown) {
    if (!(thrown instanceof MustReadAll)) throw thrown;
    listener.onChange(); // this import will begin anew, and leave a mark that is accepted
    throw new RollcallError("ldap.connectionLost", thrown.message, { cause: thrown });
  }
}
