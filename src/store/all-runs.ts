/** Runs of directories and pushes to apps in one list: they share a table and an order. */
import { sql } from "kysely";
import type { Push } from "../model/account.ts";
import type { Run } from "../model/run.ts";
import type { Connection } from "./connection.ts";
import { lowestId } from "./filters/log-condition.ts";
import { toPush } from "./pushes.ts";
import { toRun } from "./runs.ts";

/** A run of a directory, or a push to an app. */
export type AnyRun =
  | { readonly of: "directory"; readonly run: Run }
  | { readonly of: "app"; readonly push: Push };

export interface AllRunsQuery {
  readonly directory: string | null;
  readonly app: string | null;
  readonly kind: string | null;
  readonly status: string | null;
  /** Also what people edited here, each of which is a run. */
  readonly edits: boolean;
  /** Older than this one; null: from the newest on. */
  readonly after: string | null;
  readonly limit: number;
}

/** Newest first. */
export async function listAllRuns(db: Connection, query: AllRunsQuery): Promise<AnyRun[]> {
  const { directory, app, kind, status, edits, after, limit } = query;
  let select = db.selectFrom("runs").selectAll().orderBy("id", "desc").limit(limit);
  if (directory !== null) select = select.where("directory", "=", directory);
  if (app !== null) select = select.where("app", "=", app);
  if (kind !== null) select = select.where("kind", "=", kind);
  if (!edits && kind !== "edit") select = select.where("kind", "<>", "edit");
  if (status !== null) select = select.where("status", "=", status);
  if (after !== null) select = select.where("id", "<", after);
  return (await select.execute()).map(toAny);
}

/** Those that have not ended, or ended a moment ago; the oldest first. */
export async function recentRuns(db: Connection): Promise<AnyRun[]> {
  const rows = await db
    .selectFrom("runs")
    .selectAll()
    .where("kind", "<>", "edit")
    .where(
      sql<boolean>`(status in ('running', 'held')
        or finished_at > clock_timestamp() - interval '1 minute')`,
    )
    .where((row) =>
      // By the key: the runs of long ago are many, and have ended.
      row.or([
        row("id", ">", lowestId(Date.now() - DAY_MS)),
        row("status", "in", ["running", "held"]),
      ]),
    )
    .orderBy("id")
    .limit(MOST_RECENT)
    .execute();
  return rows.map(toAny);
}

const DAY_MS = 86_400_000;
const MOST_RECENT = 500;

/** One by its whole id; null: there is none. */
export async function anyRun(db: Connection, id: string): Promise<AnyRun | null> {
  const row = await db.selectFrom("runs").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : toAny(row);
}

function toAny(row: Parameters<typeof toRun>[0]): AnyRun {
  return row.app === null ? { of: "directory", run: toRun(row) } : { of: "app", push: toPush(row) };
}
