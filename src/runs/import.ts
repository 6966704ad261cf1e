/**
 * An import, from the directory to the user profiles:
 *
 *   claim ─► take up what was left ─► read and decide ─► make logins unique ─► judge ─► apply
 *
 * Nothing is changed before the safeguard has judged. A dry run is the same without the last step.
 */
import { configuredDirectory } from "../engine/directories.ts";
import type { Engine } from "../engine/engine.ts";
import type { AskedBy } from "../model/asked-by.ts";
import { MustReadAll, type Conversion } from "../model/incremental.ts";
import type { ImportType, Run } from "../model/run.ts";
import { mayBeRespelled } from "../model/directory.ts";
import { ensureDnIndex, ensureIdIndex } from "../store/app-users.ts";
import { dropObjects } from "../store/objects.ts";
import { thinChanges } from "../store/kept-counts.ts";
import { countByActivity, notePeople } from "../store/people-days.ts";
import { thinHistory, thinLog, thinRemoved } from "../store/retention.ts";
import { ensureMatchIndex } from "../store/users.ts";
import { beginRun, newRun, settle, withClaim, type RunRequest } from "./begin.ts";
import { PlanBuilder } from "./plan/builder.ts";
import { concludePlan, type Considered } from "./plan/conclude.ts";
import { forgetBrought, requireBrought } from "./reading/brought.ts";
import { chooseStart, readChanges } from "./reading/changes.ts";
import { readEverybody } from "./reading/everybody.ts";
import type { ReadingContext } from "./record/context.ts";
import * as events from "./record/events.ts";
import { log, note, requireRun } from "./record/notes.ts";
import { Stopwatch } from "./record/stopwatch.ts";

export interface ImportRequest extends RunRequest {
  /** What was asked for; null: whatever is best. */
  readonly type: ImportType | null;
}

/** Of whatever is deleted by its age behind each import; more waits for the next one. */
const THINNING_BATCHES = 20;

/**
 * Imports a directory. A failed read does not throw: the run that is returned has status
 * `failed` and its error.
 * @throws RollcallError `config.unknownDirectory`, `run.busy`, and faults of the database
 */
export async function importDirectory(
  engine: Engine,
  name: string,
  request: ImportRequest,
  by: AskedBy,
): Promise<Run> {
  const directory = configuredDirectory(engine, name);
  return await withClaim(engine, name, by, async (claimed) => {
    const { store, rules, retention } = engine;
    for (const rule of directory.rules.matching) await ensureMatchIndex(store.db, rule.user);
    if (rules.needs.related.length > 0) await ensureDnIndex(store.db);
    if (mayBeRespelled(directory.settings.source)) await ensureIdIndex(store.db);
    const context: ReadingContext = newRun({ ...claimed, directory });
    await beginRun(context, "import", request);
    const run = await settle(context, () => runImport(context, request));
    if (run.status === "done" && !run.dryRun) await forgetBrought(context);
    // What is left of it is for the next import; the run is over, whatever becomes of old ones.
    if (!request.dryRun) {
      await thinHistory(store, retention, THINNING_BATCHES).catch(() => 0);
      await thinLog(store, retention.logDays, THINNING_BATCHES).catch(() => 0);
      await thinRemoved(store, retention.removedDays, THINNING_BATCHES).catch(() => 0);
      await thinChanges(store.db).catch(() => undefined);
      await noteHowMany(engine).catch(() => undefined);
    }
    return run;
  });
}

/** For whoever looks at how many people there were over time. */
async function noteHowMany({ store, counts }: Engine): Promise<void> {
  const { value } = await counts.of("users by activity", () => countByActivity(store.db), true);
  await notePeople(store.db, value);
}

async function runImport(context: ReadingContext, request: ImportRequest): Promise<void> {
  const watch = new Stopwatch();
  watch.begin("reading");
  await requireBrought(context);
  await using plan = new PlanBuilder(context);
  const considered = await readSource(context, plan, request);
  const run = await requireRun(context, context.run.id);
  await log(context, events.downloadComplete(run, considered.read));
  watch.begin("judging");
  await concludePlan(context, plan, considered, watch);
}

/** Reads changes where that was asked for and is possible, else everybody; a conversion is told. */
async function readSource(
  context: ReadingContext,
  plan: PlanBuilder,
  request: ImportRequest,
): Promise<Considered> {
  const start = await chooseStart(context, request.type);
  if ("mark" in start) {
    try {
      await note(context, { type: "incremental" });
      return await readChanges(context, plan, start);
    } catch (thrown) {
      if (!(thrown instanceof MustReadAll)) throw thrown;
      await dropObjects(context.engine.store.db, context.run.id);
      await convert(context, thrown.conversion);
    }
  } else if (start.conversion !== null) {
    await convert(context, start.conversion);
  }
  return await readEverybody(context, plan);
}

async function convert(context: ReadingContext, converted: Conversion): Promise<void> {
  await note(context, { type: "full", converted });
  const run = await requireRun(context, context.run.id);
  await log(context, events.convertedToFull({ ...run, type: "incremental" }, converted));
}
