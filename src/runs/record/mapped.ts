import type { RunContext } from "../../engine/engine.ts";
import { mappingVersion } from "../../engine/fingerprint.ts";
import type { Run } from "../../model/run.ts";
import { countPresent } from "../../store/app-users.ts";
import { transact } from "../../store/database.ts";
import { fence } from "../../store/leases.ts";
import { countOutdated, markMapped } from "../../store/mapped.ts";

/**
 * After a force sync: from now on these app profiles count as mapped with the mappings of the run.
 * @param ids only these; null: all of the directory
 */
export async function noteMapped(
  { engine, settings, fingerprint, lease, signal }: RunContext,
  ids: readonly string[] | null,
): Promise<void> {
  const version = mappingVersion(fingerprint);
  if ((await countOutdated(engine.store.db, settings.name, version)) === 0) return;
  for (let after: string | null = ""; after !== null;) {
    // The run is done; what is not noted, the next import maps again.
    if (signal.aborted) return;
    const from: string = after;
    after = await transact(engine.store, async (trx) => {
      await fence(trx, lease);
      return await markMapped(trx, settings.name, version, { after: from, ids });
    });
  }
}

/** The same for a force sync that was held, if it was one of everybody and nobody was left out. */
export async function noteApproved(context: RunContext, run: Run): Promise<void> {
  if (run.kind !== "force-sync" || run.status !== "done" || run.counts.skipped > 0) return;
  const { own } = await countPresent(context.engine.store.db, context.settings.name);
  if (run.counts.read >= own) await noteMapped(context, null);
}
