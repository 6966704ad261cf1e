import type { Trx } from "../../store/connection.ts";
import { transact } from "../../store/database.ts";
import { fence } from "../../store/leases.ts";
import type { Claimed } from "./context.ts";

/**
 * The only way in which a run writes: a transaction that first proves that the claim on the
 * directory is ours, and keeps it so until it ends.
 * @throws RollcallError `run.leaseLost` if somebody else has the directory by now
 */
export async function write<T>(
  { engine, lease }: Pick<Claimed, "engine" | "lease">,
  work: (trx: Trx) => Promise<T>,
): Promise<T> {
  return await transact(engine.store, async (trx) => {
    await fence(trx, lease);
    return await work(trx);
  });
}
