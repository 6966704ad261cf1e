import { loadKept } from "../../engine/people/stored.ts";
import type { Problem } from "../../model/errors.ts";
import type { PlannedChange } from "../../model/plan.ts";
import { failPlanned } from "../../reconciler/decide-failure.ts";
import { oneProblem } from "../../reconciler/decide.ts";
import type { Connection } from "../../store/database.ts";
import {
  markLoginMoves,
  planRows,
  repeatedLogins,
  replacePlanRows,
  takenLogins,
  type PlanName,
} from "../../store/plan.ts";
import { markValueMoves, repeatedValues, takenValues } from "../../store/unique-values.ts";

const BATCH = 500;

/**
 * Makes the logins of a plan unique, and the values of attributes that are: against users that keep theirs, and among the plan's people.
 * Whoever fails gives up no login either, so this repeats until nobody new fails. In the end,
 * people who exchange logins are marked, to be applied together.
 *
 * @param onFailure is told what was planned, and what is planned instead, for the counts
 */
export async function resolveLogins(
  db: Connection,
  plan: {
    readonly name: PlanName;
    readonly runId: string;
    readonly directory: string;
    readonly unique: readonly string[];
  },
  onFailure: (was: PlannedChange, now: PlannedChange) => void,
): Promise<void> {
  const { name, runId, directory, unique } = plan;
  const before = new Set<number>();
  for (;;) {
    const claims = new Map<number, Problem[]>();
    const note = (seq: number, problem: Problem): void => {
      const all = (claims.get(seq) ?? []).filter((one) => one.field !== problem.field);
      claims.set(seq, [...all, problem]);
    };
    for (const row of await repeatedLogins(db, name, runId)) note(row.seq, loginTaken(row));
    for (const row of await takenLogins(db, name, runId)) note(row.seq, loginTaken(row));
    for (const row of await repeatedValues(db, name, runId, unique)) note(row.seq, valueTaken(row));
    for (const row of await takenValues(db, name, runId, unique)) note(row.seq, valueTaken(row));
    // Whoever failed claims nothing any more; what stands in the way all the same, applying finds.
    const seqs = [...claims.keys()].filter((seq) => !before.has(seq));
    if (seqs.length === 0) break;
    for (const seq of seqs) before.add(seq);
    for (let at = 0; at < seqs.length; at += BATCH) {
      const rows = await planRows(db, name, runId, seqs.slice(at, at + BATCH));
      const kept = await loadKept(db, directory, rows);
      const failed = rows.map((row) => {
        const problem = oneProblem(claims.get(row.seq) ?? []) ?? loginTaken(undefined);
        const planned = failPlanned(directory, row.planned, problem, kept(row.planned));
        onFailure(row.planned, planned);
        return { ...row, planned, claimsLogin: false };
      });
      await replacePlanRows(db, name, runId, failed);
    }
  }
  await markLoginMoves(db, name, runId);
  await markValueMoves(db, name, runId, unique);
}

/** The problem of a person whose login somebody else has. */
export function loginTaken(
  claim: { readonly login: string | null; readonly holder: string | null } | undefined,
): Problem {
  const message = `The login ${claim?.login ?? ""} is already used by ${claim?.holder ?? "another user"}.`;
  return { code: "notUniqueWithinOrg", field: "login", message };
}

/** The problem of a person whose value of a unique attribute somebody else has. */
export function valueTaken(claim: {
  readonly attribute: string;
  readonly value: string;
  readonly holder: string;
}): Problem {
  const { attribute, value, holder } = claim;
  const message = `${attribute} ${JSON.stringify(value)} is already used by ${holder}, and has to be unique.`;
  return { code: "notUniqueWithinOrg", field: attribute, message };
}
