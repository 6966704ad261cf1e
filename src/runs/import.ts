import { claimDirectory } from "../engine/claim.ts";
import { knownDirectory, requireConfigured } from "../engine/directories.ts";
import type { Engine, ReportProgress, RunContext } from "../engine/engine.ts";
import { scopeFingerprint, searchFacts } from "../engine/fingerprint.ts";
import { uuidV7 } from "../lib/uuid.ts";
/**
 * An import, from the directory to the user profiles:
 *
 *   claim ─► take up what was left ─► read and decide ─► make logins unique ─► judge ─► apply
 *
 * Nothing is changed before the safeguard has judged. A dry run is the same without the last step.
 */
import { RollcallError } from "../model/errors.ts";
import type { EventActor } from "../model/event.ts";
import { MustReadAll, type Conversion } from "../model/incremental.ts";
import type { ImportType, Run, RunKind, Trigger } from "../model/run.ts";
import { ensureDnIndex } from "../store/app-users.ts";
import { transact } from "../store/database.ts";
import { fence } from "../store/leases.ts";
import { dropObjects } from "../store/objects.ts";
import { thinHistory, thinLog } from "../store/retention.ts";
import { insertRun, type NewRun } from "../store/runs.ts";
import { noteSafeguard } from "../store/safeguard-settings.ts";
import { appendEvents } from "../store/system-log.ts";
import { ensureUnique } from "../store/unique-values.ts";
import { ensureMatchIndex } from "../store/users.ts";
import { PlanBuilder } from "./plan/builder.ts";
import { concludePlan, type Considered } from "./plan/conclude.ts";
import { chooseStart, readChanges } from "./reading/changes.ts";
import { readDirectory } from "./reading/everybody.ts";
import { failRun, log, noteRun, recover, requireRun, Stopwatch } from "./record/end.ts";
import * as events from "./record/events.ts";

export interface RunRequest {
  readonly trigger: Trigger;
  readonly actor: EventActor;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly progress: ReportProgress;
  readonly note?: (text: string) => void;
}

export interface ImportRequest extends RunRequest {
  /** What was asked for; null: whatever is best. */
  readonly type: ImportType | null;
}

/** Of each table behind each import; more waits for the next one. */
const THINNING_BATCHES = 20;

/**
 * Imports a directory. A failed read does not throw: the run that is returned has status
 * `failed` and its error.
 * @throws RollcallError `run.busy`, and faults of the database
 */
export async function importDirectory(
  engine: Engine,
  name: string,
  request: ImportRequest,
): Promise<Run> {
  requireConfigured(engine, name);
  return await withContext(engine, name, request, async (context) => {
    const { db } = engine.store;
    for (const rule of context.directory.matching) await ensureMatchIndex(db, rule.user);
    if (context.engine.rules.needs.related.length > 0) await ensureDnIndex(db);
    await beginRun(context, "import", request);
    const run = await settle(context, () => runImport(context, request));
    // What is left of it is for the next import; the run is over, whatever becomes of old ones.
    if (!request.dryRun) {
      await thinHistory(engine.store, engine.history, THINNING_BATCHES).catch(() => 0);
      await thinLog(engine.store, engine.history.logDays, THINNING_BATCHES).catch(() => 0);
    }
    return run;
  });
}

/** Takes up what was left, and makes the record of a new run. */
export async function beginRun(
  context: RunContext,
  kind: RunKind,
  { trigger, actor, dryRun }: RunRequest,
  reverts: string | null = null,
): Promise<NewRun> {
  await recover(context, !dryRun);
  const { fingerprint, runId: id, settings } = context;
  const directory = settings.name;
  const scope = scopeFingerprint(settings.source);
  const type = "full";
  const search = kind === "import" ? searchFacts(settings.source) : null;
  const facts: NewRun = {
    id,
    kind,
    directory,
    type,
    trigger,
    actor,
    dryRun,
    fingerprint,
    scope,
    search,
    reverts,
  };
  await transact(context.engine.store, async (trx) => {
    await fence(trx, context.lease);
    await insertRun(trx, facts);
    await appendEvents(trx, id, actor, [events.started(facts)]);
  });
  if (kind === "import" && !dryRun) await tellOfLimits(context);
  return facts;
}

/** The limits stand in a file that anybody may have edited; a change of them is an event. */
async function tellOfLimits(context: RunContext): Promise<void> {
  const { name, importSafeguard } = context.settings;
  await transact(context.engine.store, async (trx) => {
    await fence(trx, context.lease);
    const before = await noteSafeguard(trx, name, importSafeguard);
    if (before === null) return;
    const event = events.roadblockUpdated(name, before, importSafeguard);
    await appendEvents(trx, context.runId, context.actor, [event]);
  });
}

/** Claims the directory and gives the work a context to run in. */
export async function withContext<T>(
  engine: Engine,
  name: string,
  request: Pick<RunRequest, "actor" | "signal" | "progress" | "note">,
  work: (context: RunContext) => Promise<T>,
): Promise<T> {
  const { settings, directory } = await knownDirectory(engine, name);
  await ensureUnique(engine.store.db, engine.rules.unique);
  await using claim = await claimDirectory(engine.store, name, engine.holder, request.signal);
  return await work({
    engine,
    runId: uuidV7(),
    settings,
    directory,
    fingerprint: engine.settings.has(name) ? engine.fingerprintOf(name) : "",
    lease: claim.lease,
    now: Date.now(),
    actor: request.actor,
    signal: claim.signal,
    progress: request.progress,
    note: request.note ?? (() => undefined),
  });
}

/** Does a run's work and returns its record; what stops it is written there. */
export async function settle(context: RunContext, work: () => Promise<void>): Promise<Run> {
  try {
    await work();
  } catch (thrown) {
    const run = await requireRun(context, context.runId);
    if (
      thrown instanceof RollcallError &&
      (thrown.code === "run.handedBack" || thrown.code === "run.leaseLost")
    )
      throw thrown;
    const reason = stopReason(context.signal, thrown);
    // A run that began to apply is finished by the next start; it must not be dropped.
    if (run.phase !== "applying") await failRun(context, run, reason);
    if (!(reason instanceof RollcallError)) throw reason;
  }
  return await requireRun(context, context.runId);
}

/** What stopped a run: a fault with a code, what its claim says, or the person at the keyboard. */
function stopReason(signal: AbortSignal, thrown: unknown): unknown {
  if (!signal.aborted || thrown instanceof RollcallError) return thrown;
  if (signal.reason instanceof RollcallError) return signal.reason;
  return new RollcallError("run.interrupted", "Interrupted; nothing was changed.");
}

async function runImport(context: RunContext, request: ImportRequest): Promise<void> {
  const { runId } = context;
  const watch = new Stopwatch();
  watch.begin("reading");
  await using plan = new PlanBuilder(context);
  const considered = await readSource(context, plan, request);
  const run = await requireRun(context, runId);
  await log(context, events.downloadComplete(run, considered.read));
  watch.begin("deciding");
  await concludePlan(context, plan, considered, watch);
}

/** Reads changes where that was asked for and is possible, else everybody; a conversion is told. */
async function readSource(
  context: RunContext,
  plan: PlanBuilder,
  request: ImportRequest,
): Promise<Considered> {
  const { db } = context.engine.store;
  const start = await chooseStart(context, request.type);
  if ("mark" in start) {
    try {
      await noteRun(context, { type: "incremental" });
      return await readChanges(context, plan, start);
    } catch (thrown) {
      if (!(thrown instanceof MustReadAll)) throw thrown;
      await dropObjects(db, context.runId);
      await convert(context, thrown.conversion);
    }
  } else if (start.conversion !== null) {
    await convert(context, start.conversion);
  }
  return await readDirectory(context, plan);
}

async function convert(context: RunContext, converted: Conversion): Promise<void> {
  await noteRun(context, { type: "full", converted });
  const run = await requireRun(context, context.runId);
  await log(context, events.convertedToFull({ ...run, type: "incremental" }, converted));
}
