import { sql, type Selectable } from "kysely";
import { RollcallError } from "../model/errors.ts";
import { WAY_FACTS, type Mark, type Way } from "../model/incremental.ts";
import {
  NO_COUNTS,
  type Held,
  type ImportType,
  type Run,
  type RunCounts,
  type RunKind,
  type RunState,
  type RunStatus,
  type SearchFacts,
  type Trigger,
} from "../model/run.ts";
import type { Connection, Trx } from "./connection.ts";
import type { PlanName } from "./plan.ts";
import { rowsByKeys } from "./rows-by-keys.ts";
import type { RunsTable } from "./tables.ts";
import { jsonText } from "./json-text.ts";

type Row = Selectable<RunsTable>;

/** What a run needs to be finished by another process. */
export interface OpenRun extends Run {
  readonly fingerprint: string;
  /** Where its plan lies, and up to which number. */
  readonly planTable: PlanName;
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
    state: (row.status === "running" ? row.phase : row.status) as RunState,
    counts: { ...NO_COUNTS, ...(row.counts as RunCounts) },
    phases: row.phases,
    held: row.held as Held | null,
    error: row.error,
    decidedBy: row.decided_by,
    startedAt: row.started_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
    fingerprint: row.fingerprint,
    server: row.server,
    planTable: row.plan_table as PlanName,
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
    comparedAt: comparedAt(row.mark),
  };
}

function comparedAt(mark: Mark | null): string | null {
  if (mark === null || WAY_FACTS[mark.way].tellsDeletions === "always") return null;
  return mark.comparedAt;
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

/** The record of a run that begins to read. */
export async function insertRun(db: Connection | Trx, run: NewRun): Promise<void> {
  await db
    .insertInto("runs")
    .values({
      ...beginning(run.id, run.kind, run.actor),
      directory: run.directory,
      type: run.type,
      trigger: run.trigger,
      dry_run: run.dryRun,
      fingerprint: run.fingerprint,
      scope: run.scope,
      search: run.search === null ? null : jsonText(run.search),
      reverts: run.reverts,
    })
    .execute();
}

/** The record of an edit by hand, which is done at once. */
export async function insertEdit(
  trx: Trx,
  id: string,
  actor: Run["actor"],
  counts: RunCounts,
): Promise<void> {
  const done = { status: "done", phase: "ended", finished_at: sql<Date>`clock_timestamp()` };
  await trx
    .insertInto("runs")
    .values({ ...beginning(id, "edit", actor), ...done, counts: jsonText(counts) })
    .execute();
}

function beginning(id: string, kind: RunKind, actor: Run["actor"]) {
  return {
    id,
    kind,
    directory: null,
    app: null,
    type: "full",
    trigger: "manual",
    actor: jsonText(actor),
    dry_run: false,
    status: "running",
    phase: "reading",
    counts: jsonText(NO_COUNTS),
    phases: "[]",
    held: null,
    error: null,
    decided_by: null,
    fingerprint: "",
    server: null,
    plan_size: 0,
    scope: "",
    search: null,
    reverts: null,
    finished_at: null,
  } as const;
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
    .where("app", "is", null)
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

/** What the history of people tells of a run. */
export type RunOfChange = Pick<
  OpenRun,
  "kind" | "directory" | "actor" | "decidedBy" | "startedAt" | "finishedAt"
>;

/** Runs by their identifiers, beside a history: see `docs/how-to/09-distribute-history.md`. */
export async function runsByIds(
  db: Connection,
  ids: Iterable<string>,
): Promise<ReadonlyMap<string, RunOfChange>> {
  const rows = await rowsByKeys(db, [...ids], "uuid", (id) =>
    db
      .selectFrom("runs")
      .select(["id", "kind", "directory", "actor", "decided_by", "started_at", "finished_at"])
      .where("runs.id", "=", id),
  );
  return new Map(
    rows.map((row) => [
      row.id,
      {
        kind: row.kind as RunKind,
        directory: row.directory,
        actor: row.actor,
        decidedBy: row.decided_by,
        startedAt: row.started_at.toISOString(),
        finishedAt: row.finished_at?.toISOString() ?? null,
      },
    ]),
  );
}

export interface RunsQuery {
  readonly directory: string | null;
  readonly status: string | null;
  /** Also what people edited here, each of which is a run. */
  readonly edits: boolean;
  readonly limit: number;
}

/** Runs, newest first. */
export async function listRuns(db: Connection, query: RunsQuery): Promise<OpenRun[]> {
  let select = db
    .selectFrom("runs")
    .selectAll()
    .where("app", "is", null)
    .orderBy("id", "desc")
    .limit(query.limit);
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
