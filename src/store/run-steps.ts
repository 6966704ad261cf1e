/**
 * The steps of a run from state to state. Each is one statement that finds the run only in a state
 * from which the step may be taken, so that nothing that happened meanwhile is overwritten; see
 * `NEXT`. What a run finds out on its way changes no state and is noted.
 */
import { sql, type Updateable } from "kysely";
import type { PushCounts, PushHeld } from "../model/account.ts";
import type { ReadEvidence } from "../model/entry.ts";
import { RollcallError } from "../model/errors.ts";
import type { Conversion, Mark, Way } from "../model/incremental.ts";
import {
  NEXT,
  type GroupCounts,
  type Held,
  type ImportType,
  type PhaseTime,
  type Run,
  type RunCounts,
  type RunState,
} from "../model/run.ts";
import type { Trx } from "./connection.ts";
import type { PlanName } from "./plan.ts";
import type { RunsTable } from "./tables.ts";
import { jsonText } from "./json-text.ts";

/** What is known of a run by now. */
export interface RunNotes {
  readonly type?: ImportType;
  readonly converted?: Conversion;
  readonly server?: string;
  readonly way?: Way | null;
  readonly mark?: Mark | null;
  readonly evidence?: ReadEvidence;
  readonly groups?: GroupCounts;
  readonly counts?: RunCounts | PushCounts;
  readonly phases?: readonly PhaseTime[];
  readonly planSize?: number;
}

/** Writes down what a run found out. */
export async function noteRun(trx: Trx, id: string, notes: RunNotes): Promise<void> {
  await trx.updateTable("runs").set(columnsOf(notes)).where("id", "=", id).execute();
}

/** Everything is read and planned. */
export async function beginJudging(trx: Trx, id: string, notes: RunNotes): Promise<void> {
  await step(trx, id, "judging", columnsOf(notes));
}

/** The plan passed. @param replaces the held run whose place it takes */
export async function beginApplying(trx: Trx, id: string, replaces: string | null): Promise<void> {
  await step(trx, id, "applying", { replaces });
}

/** The plan waits for a person. */
export async function holdRun(
  trx: Trx,
  id: string,
  held: Held,
  replaces: string | null,
): Promise<void> {
  const plan_table: PlanName = "held_plan";
  await step(trx, id, "held", { held: jsonText(held), plan_table, replaces });
}

/** The plan of a push waits for a person. */
export async function holdPush(
  trx: Trx,
  id: string,
  held: PushHeld,
  notes: Pick<RunNotes, "counts" | "phases">,
): Promise<void> {
  await step(trx, id, "held", { held: jsonText(held), ...columnsOf(notes) });
}

/** A person releases the plan that waited. */
export async function approveHeld(trx: Trx, id: string, by: string): Promise<void> {
  await step(trx, id, "applying", { decided_by: by });
}

/** Everything is applied. */
export async function endAsDone(
  trx: Trx,
  id: string,
  counts: RunCounts | PushCounts,
  phases: readonly PhaseTime[],
): Promise<void> {
  await step(trx, id, "done", columnsOf({ counts, phases }));
}

/** Everything is shown, and nothing applied. @param held if a run that applies would be */
export async function endDryRun(
  trx: Trx,
  id: string,
  held: Held | PushHeld | null,
  notes: Pick<RunNotes, "counts" | "phases">,
): Promise<void> {
  const columns = { ...columnsOf(notes), held: jsonOrNull(held) };
  await step(trx, id, "done", columns);
}

export async function endAsFailed(
  trx: Trx,
  id: string,
  error: NonNullable<Run["error"]>,
): Promise<void> {
  await step(trx, id, "failed", { error: jsonText(error) });
}

/** The plan that waited is dropped. */
export async function cancelHeld(trx: Trx, id: string, by: string): Promise<void> {
  await step(trx, id, "cancelled", { decided_by: by });
}

const STATES = Object.keys(NEXT) as RunState[];

/** The columns that a state is kept in: a held run stopped while it was being judged. */
function stored(state: RunState): { readonly status: string; readonly phase: string } {
  switch (state) {
    case "reading":
    case "judging":
    case "applying":
      return { status: "running", phase: state };
    case "held":
      return { status: "held", phase: "judging" };
    case "done":
    case "failed":
    case "cancelled":
      return { status: state, phase: "ended" };
  }
}

/** @throws RollcallError `internal.error` if the run is in no state from which this one may follow */
async function step(
  trx: Trx,
  id: string,
  to: RunState,
  facts: Updateable<RunsTable>,
): Promise<void> {
  const before = STATES.filter((state) => NEXT[state].includes(to)).map(stored);
  const ends = NEXT[to].length === 0;
  const { numUpdatedRows } = await trx
    .updateTable("runs")
    .set({ ...facts, ...stored(to) })
    .$if(ends, (query) => query.set({ finished_at: sql<Date>`clock_timestamp()` }))
    .where("id", "=", id)
    .where((row) => row.or(before.map(({ status, phase }) => row.and({ status, phase }))))
    .executeTakeFirst();
  if (numUpdatedRows === 1n) return;
  throw new RollcallError("internal.error", `The run ${id} cannot become ${to} from where it is.`);
}

function columnsOf(notes: RunNotes): Updateable<RunsTable> {
  const { type, server, way, mark, converted, groups, evidence, counts, phases, planSize } = notes;
  return {
    ...(type === undefined ? {} : { type }),
    ...(server === undefined ? {} : { server }),
    ...(way === undefined ? {} : { way }),
    ...(mark === undefined ? {} : { mark: jsonOrNull(mark) }),
    ...(converted === undefined ? {} : { converted: jsonText(converted) }),
    ...(groups === undefined ? {} : { objects: jsonText(groups) }),
    ...(evidence === undefined ? {} : { evidence: jsonText(evidence) }),
    ...(counts === undefined ? {} : { counts: jsonText(counts) }),
    ...(phases === undefined ? {} : { phases: jsonText(phases) }),
    ...(planSize === undefined ? {} : { plan_size: planSize }),
  };
}

function jsonOrNull(value: unknown): string | null {
  return value === null ? null : jsonText(value);
}
