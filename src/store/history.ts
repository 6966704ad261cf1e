import { sql } from "kysely";
import type { Problem } from "../model/errors.ts";
import type { Action, AttributeChange, Reason, RunKind } from "../model/run.ts";
import type { Connection } from "./database.ts";

/** What one run did to one user. */
export interface UserChange {
  readonly run: string;
  readonly at: string;
  readonly kind: RunKind;
  readonly directory: string | null;
  /** Who started the run, or approved it. */
  readonly by: string;
  readonly action: Action;
  readonly reason: Reason | null;
  readonly changes: readonly AttributeChange[];
  readonly error: Problem | null;
}

/** The last changes of a user, newest first. The user's creation is not among them. */
export async function changesOfUser(
  db: Connection,
  userId: string,
  limit: number,
): Promise<UserChange[]> {
  const rows = await db
    .selectFrom("run_changes as c")
    .innerJoin("runs as r", "r.id", "c.run_id")
    .select(["c.run_id", "c.action", "c.reason", "c.changes", "c.error"])
    .select(["r.kind", "r.directory", "r.actor", "r.decided_by", "r.started_at", "r.finished_at"])
    .where("c.user_id", "=", userId)
    .where(sql<boolean>`c.action <> 'created'`)
    .where("c.applied", "=", true)
    .orderBy("c.run_id", "desc")
    .orderBy("c.seq")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    run: row.run_id,
    at: (row.finished_at ?? row.started_at).toISOString(),
    kind: row.kind as RunKind,
    directory: row.directory,
    by: row.decided_by ?? row.actor.displayName,
    action: row.action as Action,
    reason: row.reason as Reason | null,
    changes: row.changes,
    error: row.error,
  }));
}
