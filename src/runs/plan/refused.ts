import type { RunContext } from "../../engine/engine.ts";
import { loadKept } from "../../engine/people/stored.ts";
/**
 * People of whom the database refuses a value. In most batches they are found by halving; people
 * who exchange logins have to stay together, so each of them is tried inside a savepoint.
 */
import type { Problem } from "../../model/errors.ts";
import type { AppUserWrite, PlannedChange } from "../../model/plan.ts";
import { failPlanned, lasting, type Kept } from "../../reconciler/decide-failure.ts";
import { isOfStatus } from "../../reconciler/events.ts";
import { sameProblem } from "../../reconciler/writes.ts";
import { applyBatch, vacateLogins, type Batch } from "../../store/apply.ts";
import { transact, tryOut } from "../../store/database.ts";
import { fence } from "../../store/leases.ts";
import { planRows, replacePlanRows, stepSeqs } from "../../store/plan.ts";

/** SQLSTATE classes of values that cannot be stored, or not in one statement. */
const DATA_FAULT = /^(?:21|22|23|54)/;

export function isDataFault(error: unknown): boolean {
  return DATA_FAULT.test(sqlState(error));
}

export function sqlState(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Fails the one person of a batch. What is kept of the person stays, and gets the error. */
export async function failUnstorable(
  context: RunContext,
  batch: Batch,
  cause: unknown,
): Promise<void> {
  try {
    await transact(context.engine.store, async (trx) => {
      await fence(trx, context.lease);
      await failRow(trx, context, batch, cause, keptWithError);
      await applyBatch(trx, batch, context.actor, false);
    });
  } catch (error) {
    // Even the name of the entry cannot be stored: then only the run's history tells of it.
    if (!isDataFault(error)) throw error;
    await transact(context.engine.store, async (trx) => {
      await fence(trx, context.lease);
      await failRow(trx, context, batch, cause, () => null);
      await applyBatch(trx, batch, context.actor, false);
    });
  }
}

/**
 * Fails those of a batch of exchanges whom the database refuses by themselves.
 * @returns whether there was anybody, so that the others can be tried again
 */
export async function failUnstorableMoves(context: RunContext, batch: Batch): Promise<boolean> {
  const refused = await refusedMoves(context, batch);
  if (refused.size === 0) return false;
  await transact(context.engine.store, async (trx) => {
    await fence(trx, context.lease);
    for (const [seq, cause] of refused) {
      const one = { ...batch, from: seq, to: seq + 1 };
      await failRow(trx, context, one, cause, keptWithError);
    }
  });
  return true;
}

class Undone extends Error {}

async function refusedMoves(
  context: RunContext,
  batch: Batch,
): Promise<ReadonlyMap<number, unknown>> {
  const refused = new Map<number, unknown>();
  const tried = transact(context.engine.store, async (trx) => {
    await fence(trx, context.lease);
    await vacateLogins(trx, batch);
    for (const seq of await stepSeqs(trx, batch.plan, batch.runId, batch.step)) {
      const one = { ...batch, from: seq, to: seq + 1 };
      const failure = await tryOut(trx, () => applyBatch(trx, one, context.actor, false));
      if (failure === null) continue;
      if (!isDataFault(failure)) throw failure;
      refused.set(seq, failure);
    }
    throw new Undone();
  });
  await tried.catch((error: unknown) => {
    if (!(error instanceof Undone)) throw error;
  });
  return refused;
}

type KeptAs = (planned: PlannedChange, kept: Kept, problem: Problem) => AppUserWrite | null;

async function failRow(
  trx: Parameters<typeof planRows>[0],
  context: RunContext,
  batch: Batch,
  cause: unknown,
  keptAs: KeptAs,
): Promise<void> {
  const reason = cause instanceof Error ? cause.message.toWellFormed().slice(0, 300) : "refused";
  const message = `The database refuses a value of this person: ${reason}`;
  const problem = { code: "entry.unstorable", field: "entry", message } as const;
  const rows = await planRows(trx, batch.plan, batch.runId, [batch.from]);
  const kept = await loadKept(trx, batch.directory, rows);
  const failed = rows.map((row) => {
    const stored = kept(row.planned);
    const planned = failPlanned(context.settings.name, row.planned, problem, stored);
    // What was told at the last import is not told again.
    const repeated = sameProblem(stored.appUser?.error ?? null, problem);
    const appUser = repeated ? null : keptAs(row.planned, stored, problem);
    // Access stays as it is, too, so nothing of it is told.
    const events = repeated ? [] : planned.events.filter((event) => !isOfStatus(event));
    const nothing = { user: null, lost: false, reason: null };
    return { ...row, planned: { ...planned, ...nothing, appUser, events }, claimsLogin: false };
  });
  await replacePlanRows(trx, batch.plan, batch.runId, failed);
}

/** Of somebody new nothing is kept but the name, so that the error has a place. */
function keptWithError(
  planned: PlannedChange,
  { appUser }: Kept,
  problem: Problem,
): AppUserWrite | null {
  if (planned.externalId === null) return null;
  const { dn, status, profile, userId } = appUser ?? {
    dn: planned.dn,
    status: "active",
    profile: {},
    userId: null,
  };
  const error = appUser === null ? problem : lasting(appUser, problem);
  return { dn, status, profile, userId, hash: "", error };
}
