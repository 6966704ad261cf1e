import { sql, type Selectable, type Updateable } from "kysely";
import type { ReadEvidence } from "../model/entry.ts";
import { RollcallError } from "../model/errors.ts";
import type { Conversion, Mark, Way } from "../model/incremental.ts";
import {
  NO_COUNTS,
  type ImportType,
  type GroupCounts,
  type PhaseTime,
  type Run,
  type RunCounts,
  type RunKind,
  type RunPhase,
  type RunStatus,
  type SearchFacts,
  type Trigger,
} from "../model/run.ts";
import type { Connection, Trx } from "./database.ts";
import type { RunsTable } from "./tables.ts";

type Row = Selectable<RunsTable>;

/** Ways that may not tell of deletions by themselves. */
const COMPARED: ReadonlySet<Way> = new Set<Way>(["usn", "timestamp"]);

/** What a run needs to be finished by another process. */
export interface OpenRun extends Run {
  readonly fingerprint: string;
  readonly planSize: number;
  /** Of the searches; see `scopeFingerprint`. */
  readonly scope: string;
  /** For the checkpoint. */
  readonly mark: Mark | null;
  readonly search: SearchFacts | null;
}

export function toRun(row: Row): OpenRun {
  return {
    id: row.id,
    kind: row.kind as RunKind,
    directory: row.directory,
    type: row.type as ImportType,
    trigger: row.trigger as Trigger,
    actor: row.actor,
    dryRun: row.dry_run,
    status: row.status as RunStatus,
    phase: row.phase as RunPhase,
    counts: { ...NO_COUNTS, ...row.counts },
    phases: row.phases,
    held: row.held,
    error: row.error,
    decidedBy: row.decided_by,
    startedAt: row.started_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
    fingerprint: row.fingerprint,
    server: row.server,
    planSize: row.plan_size,
    scope: row.scope,
    evidence: row.evidence,
    search: row.search,
    replaces: row.replaces,
    reverts: row.reverts,
    way: row.way as Way | null,
    mark: row.mark,
    converted: row.converted,
    groups: row.objects,
    comparedAt: row.mark !== null && COMPARED.has(row.mark.way) ? row.mark.comparedAt : null,
  };
}

export interface NewRun {
  readonly id: string;
  readonly kind: RunKind;
  readonly directory: string | null;
  readonly type: ImportType;
  readonly trigger: Trigger;
  readonly actor: Run["actor"];
  readonly dryRun: boolean;
  readonly fingerprint: string;
  readonly scope: string;
  readonly search: SearchFacts | null;
  readonly reverts: string | null;
}

export async function insertRun(db: Connection | Trx, run: NewRun): Promise<void> {
  await db
    .insertInto("runs")
    .values({
      id: run.id,
      kind: run.kind,
      directory: run.directory,
      type: run.type,
      trigger: run.trigger,
      actor: JSON.stringify(run.actor),
      dry_run: run.dryRun,
      status: "running",
      phase: "reading",
      counts: JSON.stringify(NO_COUNTS),
      phases: "[]",
      held: null,
      error: null,
      decided_by: null,
      fingerprint: run.fingerprint,
      server: null,
      plan_size: 0,
      scope: run.scope,
      search: run.search === null ? null : JSON.stringify(run.search),
      reverts: run.reverts,
      finished_at: null,
    })
    .execute();
}

export interface RunUpdate {
  readonly status?: RunStatus;
  readonly phase?: RunPhase;
  readonly counts?: RunCounts;
  readonly phases?: readonly PhaseTime[];
  readonly held?: Run["held"];
  readonly error?: Run["error"];
  readonly decidedBy?: string;
  readonly server?: string;
  readonly planSize?: number;
  readonly type?: ImportType;
  readonly way?: Way | null;
  readonly mark?: Mark | null;
  readonly converted?: Conversion;
  readonly objects?: GroupCounts;
  readonly evidence?: ReadEvidence;
  readonly replaces?: string;
  readonly finished?: boolean;
}

const JSON_COLUMNS = [
  "counts",
  "held",
  "error",
  "mark",
  "converted",
  "objects",
  "evidence",
] as const;
const TEXT_COLUMNS = ["status", "phase", "server", "type", "way", "replaces"] as const;

export async function updateRun(
  db: Connection | Trx,
  id: string,
  update: RunUpdate,
): Promise<void> {
  const { finished, phases, decidedBy, planSize, ...rest } = update;
  const set: Updateable<RunsTable> = {};
  if (phases !== undefined) set.phases = JSON.stringify(phases);
  if (decidedBy !== undefined) set.decided_by = decidedBy;
  if (planSize !== undefined) set.plan_size = planSize;
  for (const key of JSON_COLUMNS) {
    const value = rest[key];
    if (value !== undefined) set[key] = (value === null ? null : JSON.stringify(value)) as never;
  }
  for (const key of TEXT_COLUMNS) {
    const value = rest[key];
    if (value !== undefined) set[key] = value as never;
  }
  let query = db.updateTable("runs").set(set).where("id", "=", id);
  if (finished === true)
    query = query.set({ phase: "ended", finished_at: sql<Date>`clock_timestamp()` });
  await query.execute();
}

const LENGTH = 36;

/** A run by its id, or by the beginning of it if only one fits. @throws RollcallError `run.notFound` */
export async function findRun(db: Connection, id: string): Promise<OpenRun | null> {
  const prefix = id.toLowerCase();
  if (!/^[0-9a-f-]{4,36}$/.test(prefix)) return null;
  // Between the first and the last id that begin so; the key's index knows where they are.
  const bound = (digit: string): string =>
    prefix + TEMPLATE.slice(prefix.length).replaceAll("x", digit);
  const [first, last] = prefix.length === LENGTH ? [prefix, prefix] : [bound("0"), bound("f")];
  if (!UUID.test(first)) return null;
  const rows = await db
    .selectFrom("runs")
    .selectAll()
    .where("id", ">=", first)
    .where("id", "<=", last)
    .limit(2)
    .execute();
  const [row] = rows;
  if (rows.length > 1) {
    const message = `Several runs begin with ${id}; give more of the id.`;
    throw new RollcallError("run.notFound", message);
  }
  return row === undefined ? null : toRun(row);
}

const TEMPLATE = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Runs, newest first. */
export async function listRuns(
  db: Connection,
  query: {
    readonly directory: string | null;
    readonly status: string | null;
    readonly edits: boolean;
    readonly limit: number;
  },
): Promise<OpenRun[]> {
  let select = db.selectFrom("runs").selectAll().orderBy("id", "desc").limit(query.limit);
  // Edits of single users are in their own history.
  if (!query.edits) select = select.where("kind", "<>", "edit");
  if (query.directory !== null) select = select.where("directory", "=", query.directory);
  if (query.status !== null) select = select.where("status", "=", query.status);
  return (await select.execute()).map(toRun);
}

/** Runs of a directory that have not ended: interrupted ones, and those that are held. */
export async function openRuns(
  db: Connection,
  directory: string,
  status: "running" | "held",
): Promise<OpenRun[]> {
  const rows = await db
    .selectFrom("runs")
    .selectAll()
    .where("directory", "=", directory)
    .where("status", "=", status)
    .orderBy("id")
    .execute();
  return rows.map(toRun);
}

/** The last import of a directory, however it ended; dry runs and dropped ones do not count. */
export async function lastImport(db: Connection, directory: string): Promise<OpenRun | null> {
  const row = await db
    .selectFrom("runs")
    .selectAll()
    .where("directory", "=", directory)
    .where("kind", "=", "import")
    .where("dry_run", "=", false)
    .where("status", "<>", "cancelled")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : toRun(row);
}

/** The last import of a directory that was applied whole. */
export async function lastAppliedImport(db: Connection, directory: string): Promise<string | null> {
  const row = await db
    .selectFrom("runs")
    .select("id")
    .where("directory", "=", directory)
    .where("kind", "=", "import")
    .where("status", "=", "done")
    .where("dry_run", "=", false)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.id ?? null;
}

/** The run that put another one back without leaving anybody out; null if there is none. */
export async function wholeRevertOf(db: Connection, runId: string): Promise<string | null> {
  const row = await db
    .selectFrom("runs")
    .select("id")
    .where("reverts", "=", runId)
    .where("kind", "=", "revert")
    .where("status", "=", "done")
    .where("dry_run", "=", false)
    .where(sql<boolean>`(counts->>'skipped')::int + (counts->>'failed')::int = 0`)
    .executeTakeFirst();
  return row?.id ?? null;
}
