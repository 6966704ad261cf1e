import { mappingVersion } from "../../engine/fingerprint.ts";
import type { Run } from "../../model/run.ts";
import { countPresent } from "../../store/app-users.ts";
import { countOutdated, markMapped } from "../../store/mapped.ts";
import type { RunContext } from "./context.ts";
import { KINDS } from "./kinds.ts";
import { write } from "./write.ts";

/**
 * After a force sync: from now on these app profiles count as mapped with the mappings of the run.
 * @param ids only these; null: all of the directory
 */
export async function noteMapped(
  context: RunContext,
  ids: readonly string[] | null,
): Promise<void> {
  const { engine, directory, run, signal } = context;
  const version = mappingVersion(run.fingerprint);
  if ((await countOutdated(engine.store.db, directory.name, version)) === 0) return;
  for (let after: string | null = ""; after !== null;) {
    // The run is done; what is not noted, the next import maps again.
    if (signal.aborted) return;
    const from: string = after;
    after = await write(context, (trx) =>
      markMapped(trx, directory.name, version, { after: from, ids }),
    );
  }
}

/** The same for a force sync that was held, if it was one of everybody and nobody was left out. */
export async function noteApproved(context: RunContext, run: Run): Promise<void> {
  if (!KINDS[run.kind].mapsStored || run.status !== "done" || run.counts.skipped > 0) return;
  const { own } = await countPresent(context.engine.store.db, context.directory.name);
  if (run.counts.read >= own) await noteMapped(context, null);
}
