/**
 * People of whom the database refuses a value. In most batches they are found by halving; people
 * who exchange logins have to stay together, so each of them is tried inside a savepoint.
 */
import { loadStored } from "../../engine/people/stored.ts";
import type { Problem } from "../../model/errors.ts";
import type { AppUserWrite, PlannedChange } from "../../model/plan.ts";
import { failPlanned, lasting, type Kept } from "../../reconciler/decide-failure.ts";
import { isOfStatus } from "../../reconciler/events.ts";
import { sameProblem } from "../../reconciler/writes.ts";
import { applyBatch, vacateLogins, type PlanSlice } from "../../store/apply.ts";
import type { Trx } from "../../store/connection.ts";
import { tryOut } from "../../store/database.ts";
import { planRows, replacePlanRows, stepSeqs } from "../../store/plan.ts";
import { isDataFault } from "../../store/sql-state.ts";
import type { RunContext } from "../record/context.ts";
import { write } from "../record/write.ts";

/** Fails the one person of a slice. What is kept of the person stays, and gets the error. */
export async function failUnstorable(
  context: RunContext,
  slice: PlanSlice,
  cause: unknown,
): Promise<void> {
  const fail = (keptAs: KeptAs): Promise<void> =>
    write(context, async (trx) => {
      await failRow(trx, slice, cause, keptAs);
      await applyBatch(trx, slice, context.actor, false);
    });
  try {
    await fail(keptWithError);
  } catch (error) {
    // Even the name of the entry cannot be stored: then only the run's history tells of it.
    if (!isDataFault(error)) throw error;
    await fail(() => null);
  }
}

/**
 * Fails those of a slice of exchanges whom the database refuses by themselves.
 * @returns whether there was anybody, so that the others can be tried again
 */
export async function failRefusedExchanges(
  context: RunContext,
  slice: PlanSlice,
): Promise<boolean> {
  const refused = await refusedExchanges(context, slice);
  if (refused.size === 0) return false;
  await write(context, async (trx) => {
    for (const [seq, cause] of refused) {
      await failRow(trx, { ...slice, from: seq, to: seq + 1 }, cause, keptWithError);
    }
  });
  return true;
}

class Undone extends Error {}

async function refusedExchanges(
  context: RunContext,
  slice: PlanSlice,
): Promise<ReadonlyMap<number, unknown>> {
  const refused = new Map<number, unknown>();
  const tried = write(context, async (trx) => {
    await vacateLogins(trx, slice);
    for (const seq of await stepSeqs(trx, slice.plan, slice.runId, slice.step)) {
      const one = { ...slice, from: seq, to: seq + 1 };
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
  trx: Trx,
  { plan, runId, directory, from }: PlanSlice,
  cause: unknown,
  keptAs: KeptAs,
): Promise<void> {
  const reason = cause instanceof Error ? cause.message.toWellFormed().slice(0, 300) : "refused";
  const message = `The database refuses a value of this person: ${reason}`;
  const problem = { code: "entry.unstorable", field: "entry", message } as const;
  const rows = await planRows(trx, plan, runId, [from]);
  const kept = await loadStored(trx, directory, rows);
  const failed = rows.map((row) => {
    const stored = kept(row.planned);
    const planned = failPlanned(directory, row.planned, problem, stored);
    // What was told at the last import is not told again.
    const repeated = sameProblem(stored.appUser?.error ?? null, problem);
    const appUser = repeated ? null : keptAs(row.planned, stored, problem);
    // Access stays as it is, too, so nothing of it is told.
    const events = repeated ? [] : planned.events.filter((event) => !isOfStatus(event));
    const nothing = { user: null, lost: false, reason: null };
    return { ...row, planned: { ...planned, ...nothing, appUser, events } };
  });
  await replacePlanRows(trx, plan, runId, failed);
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
