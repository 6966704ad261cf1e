/** How every run begins and what stops it: under a claim, with a record, after what was left. */
import { claimDirectory, telling } from "../engine/claim.ts";
import { knownDirectory } from "../engine/directories.ts";
import type { Engine } from "../engine/engine.ts";
import { scopeFingerprint, searchFacts } from "../engine/fingerprint.ts";
import { uuidV7 } from "../lib/uuid.ts";
import { stoppedBy, type AskedBy } from "../model/asked-by.ts";
import { RollcallError } from "../model/errors.ts";
import type { Run, RunKind, Trigger } from "../model/run.ts";
import { workOn } from "../store/leases.ts";
import { keepStarted } from "../store/started-once.ts";
import { insertRun, type NewRun } from "../store/runs.ts";
import { noteSafeguard } from "../store/safeguard-settings.ts";
import { appendEvents } from "../store/system-log.ts";
import { ensureUnique } from "../store/unique-values.ts";
import { recover } from "./plan/finish.ts";
import type { Claimed, RunContext } from "./record/context.ts";
import { failRun } from "./record/end.ts";
import * as events from "./record/events.ts";
import { KINDS } from "./record/kinds.ts";
import { requireRun } from "./record/notes.ts";
import { write } from "./record/write.ts";

/** What is asked of a run, whatever its kind. */
export interface RunRequest {
  readonly trigger: Trigger;
  /** Decide everything, change nothing. */
  readonly dryRun: boolean;
}

/**
 * Claims the directory for as long as the work takes.
 * @throws RollcallError `run.busy`, `config.unknownDirectory`
 */
export async function withClaim<T>(
  engine: Engine,
  name: string,
  by: AskedBy,
  work: (claimed: Claimed) => Promise<T>,
): Promise<T> {
  const directory = await knownDirectory(engine, name);
  await ensureUnique(engine.store.db, engine.rules.unique);
  await using claim = await claimDirectory(engine.store, name, engine.holder, by.signal);
  const { lease, signal } = claim;
  return await work({ ...by, engine, directory, lease, signal, progress: telling(by, claim) });
}

/** A run of a claimed directory, which has no record yet. */
export function newRun<T extends Claimed>(claimed: T): T & RunContext {
  const { engine, directory } = claimed;
  const fingerprint = directory.settings === null ? "" : engine.fingerprintOf(directory.name);
  return { ...claimed, run: { id: uuidV7(), fingerprint, now: Date.now() } };
}

/** Takes up what was left, and makes the record of a new run. @param reverts the run it puts back */
export async function beginRun(
  context: RunContext,
  kind: RunKind,
  { trigger, dryRun }: RunRequest,
  reverts: string | null = null,
): Promise<void> {
  await recover(context, !dryRun);
  const { run, directory, actor } = context;
  const source = directory.settings?.source ?? null;
  const search = source !== null && KINDS[kind].readsDirectory ? searchFacts(source) : null;
  const facts: NewRun = {
    ...run,
    kind,
    directory: directory.name,
    type: "full",
    trigger,
    actor,
    dryRun,
    scope: source === null ? "" : scopeFingerprint(source),
    search,
    reverts,
  };
  await write(context, async (trx) => {
    await insertRun(trx, facts);
    await workOn(trx, context.lease, run.id);
    if (context.once !== undefined) await keepStarted(trx, context.once, run.id);
    await appendEvents(trx, run.id, actor, [events.started(facts)]);
  });
  context.begun?.(run.id);
  if (KINDS[kind].readsDirectory && !dryRun) await tellOfLimits(context);
}

/** The limits stand in a file that anybody may have edited; a change of them is an event. */
async function tellOfLimits(context: RunContext): Promise<void> {
  const { name, limits } = context.directory;
  await write(context, async (trx) => {
    const before = await noteSafeguard(trx, name, limits);
    if (before === null) return;
    const event = events.roadblockUpdated(name, before, limits);
    await appendEvents(trx, context.run.id, context.actor, [event]);
  });
}

/** After these the run's record belongs to whoever takes it up. */
const NOT_OURS: ReadonlySet<string> = new Set(["run.handedBack", "run.leaseLost"]);

/** Does a run's work and returns its record; what stops it is written there. */
export async function settle(context: RunContext, work: () => Promise<void>): Promise<Run> {
  try {
    await work();
  } catch (thrown) {
    const reason = stopReason(context.signal, thrown);
    if (reason instanceof RollcallError && NOT_OURS.has(reason.code)) throw reason;
    const run = await requireRun(context, context.run.id);
    // A run that began to apply is finished by the next start; it must not be dropped.
    if (run.state === "reading" || run.state === "judging") await failRun(context, run, reason);
    if (!(reason instanceof RollcallError)) throw reason;
  }
  return await requireRun(context, context.run.id);
}

/** What stopped a run: a fault with a code, what its claim says, or the person at the keyboard. */
function stopReason(signal: AbortSignal, thrown: unknown): unknown {
  if (!signal.aborted || thrown instanceof RollcallError) return thrown;
  if (signal.reason instanceof RollcallError) return signal.reason;
  const message = `Interrupted${stoppedBy(signal)}; nothing was changed.`;
  return new RollcallError("run.interrupted", message);
}
