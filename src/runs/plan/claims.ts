import { loadStored } from "../../engine/people/stored.ts";
import type { Problem } from "../../model/errors.ts";
import type { PlannedChange } from "../../model/plan.ts";
import { failPlanned } from "../../reconciler/decide-failure.ts";
import { oneProblem } from "../../reconciler/decide.ts";
import { loginTaken, valueTaken } from "../../reconciler/taken.ts";
import type { Connection } from "../../store/connection.ts";
import {
  markLoginExchanges,
  planRows,
  repeatedLogins,
  replacePlanRows,
  takenLogins,
  type PlanName,
} from "../../store/plan.ts";
import { markValueExchanges, repeatedValues, takenValues } from "../../store/unique-values.ts";

const BATCH = 500;

/**
 * Makes the logins of a plan unique, and the values of attributes that are: against users that keep
 * theirs, and among the plan's people.
 * Whoever fails gives up no login either, so this repeats until nobody new fails. In the end,
 * people who exchange logins are marked, to be applied together.
 *
 * @param onFailure is told what was planned, and what is planned instead, for the counts
 */
export async function settleClaims(
  db: Connection,
  plan: {
    readonly name: PlanName;
    readonly runId: string;
    readonly directory: string;
    readonly unique: readonly string[];
    /** Whether several rows may claim the same login. */
    readonly repeatsLogins: boolean;
  },
  onFailure: (was: PlannedChange, now: PlannedChange) => void,
): Promise<void> {
  const { name, runId, directory, unique, repeatsLogins } = plan;
  const before = new Set<number>();
  for (;;) {
    const claims = new Map<number, Problem[]>();
    const note = (seq: number, problem: Problem): void => {
      const all = (claims.get(seq) ?? []).filter((one) => one.field !== problem.field);
      claims.set(seq, [...all, problem]);
    };
    const repeated = repeatsLogins ? await repeatedLogins(db, name, runId) : [];
    for (const row of repeated) note(row.seq, loginTaken(row));
    for (const row of await takenLogins(db, name, runId)) note(row.seq, loginTaken(row));
    for (const row of await repeatedValues(db, name, runId, unique)) note(row.seq, valueTaken(row));
    for (const row of await takenValues(db, name, runId, unique)) note(row.seq, valueTaken(row));
    // Whoever failed claims nothing any more; what stands in the way all the same, applying finds.
    const seqs = [...claims.keys()].filter((seq) => !before.has(seq));
    if (seqs.length === 0) break;
    for (const seq of seqs) before.add(seq);
    for (let at = 0; at < seqs.length; at += BATCH) {
      const rows = await planRows(db, name, runId, seqs.slice(at, at + BATCH));
      const kept = await loadStored(db, directory, rows);
      const failed = rows.map((row) => {
        const problem = oneProblem(claims.get(row.seq) ?? []) ?? loginTaken(undefined);
        const planned = failPlanned(directory, row.planned, problem, kept(row.planned));
        onFailure(row.planned, planned);
        return { ...row, planned };
      });
      await replacePlanRows(db, name, runId, failed);
    }
  }
  await markLoginExchanges(db, name, runId);
  await markValueExchanges(db, name, runId, unique);
}
