import { RollcallError } from "../model/errors.ts";
import { MustReadAll } from "../model/incremental.ts";
import { readCheckpoint } from "../store/checkpoints.ts";
import { claimLease } from "./claim.ts";
import type { Engine } from "./context.ts";
import { scopeFingerprint } from "./fingerprint.ts";

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
  onChange: () => void,
  signal: AbortSignal,
): Promise<void> {
  const directory = engine.openDirectory(name);
  const source = engine.settings.get(name)?.source;
  if (directory.listen === null || source === undefined)
    throw new RollcallError("ldap.watchUnavailable", `${name} cannot be listened to.`);
  const { store, holder } = engine;
  await using claim = await claimLease(store, `watch:${name}`, holder, signal);
  const checkpoint = await readCheckpoint(store.db, name);
  const mark = checkpoint?.scope === scopeFingerprint(source) ? checkpoint.mark : null;
  // Without a position to listen from, nothing tells what changed until now.
  if (mark?.way !== "contentSync") onChange();
  try {
    await directory.listen(mark, onChange, claim.signal);
  } catch (thrown) {
    if (!(thrown instanceof MustReadAll)) throw thrown;
    onChange(); // this import will begin anew, and leave a mark that is accepted
    throw new RollcallError("ldap.connectionLost", thrown.message, { cause: thrown });
  }
}
