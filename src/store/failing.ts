/** People whose last update failed, by what they fail with. */
import { sql } from "kysely";
import type { Problem } from "../model/errors.ts";
import type { Connection } from "./connection.ts";
import { rowsByKeys } from "./rows-by-keys.ts";

export interface FailingQuery {
  readonly directory: string | null;
  readonly code: string | null;
}

/** A cause, and how many people it stops. */
export interface FailingCause {
  readonly code: string;
  readonly field: string;
  readonly people: number;
  /** When the first of them began to fail with it. */
  readonly since: Date | null;
}

export interface FailingPerson {
  readonly directory: string;
  readonly externalId: string | null;
  readonly dn: string;
  readonly login: string | null;
  readonly error: Problem;
  readonly since: Date | null;
}

/** The most frequent cause first. */
export async function failingCauses(db: Connection, query: FailingQuery): Promise<FailingCause[]> {
  const rows = await failing(db, query)
    .select([
      sql<string>`error->>'code'`.as("code"),
      sql<string>`error->>'field'`.as("field"),
      // Somebody may fail in several directories with the same cause.
      sql<number>`count(distinct coalesce(user_id::text, directory || ' ' || external_id))::int`.as(
        "people",
      ),
      sql<Date | null>`min(error_since)`.as("since"),
    ])
    .groupBy([sql`error->>'code'`, sql`error->>'field'`])
    .orderBy("people", "desc")
    .orderBy(sql`error->>'code'`)
    .execute();
  return rows;
}

/** Those who fail longest first. */
export async function failingPeople(
  db: Connection,
  query: FailingQuery,
  { code, field }: Pick<FailingCause, "code" | "field">,
  limit: number,
): Promise<FailingPerson[]> {
  const rows = await failing(db, query)
    .leftJoin("users", "users.id", "app_users.user_id")
    .select(["directory", "external_id", "dn", "users.login", "error", "error_since"])
    .where(sql<boolean>`error->>'code' = ${code} and error->>'field' = ${field}`)
    .orderBy("error_since")
    .orderBy("external_id")
    .limit(limit)
    .execute();
  return rows.flatMap(({ external_id: externalId, error_since: since, error, ...row }) =>
    error === null ? [] : [{ ...row, externalId, error, since }],
  );
}

function failing(db: Connection, { directory, code }: FailingQuery) {
  let select = db
    .selectFrom("app_users")
    .where("error", "is not", null)
    .where("app_users.status", "<>", "removed");
  if (directory !== null) select = select.where("directory", "=", directory);
  if (code !== null) {
    // Among all that is wrong with a person, not only as what came first.
    const other = JSON.stringify({ others: [{ code }] });
    select = select.where(sql<boolean>`(error->>'code' = ${code} or error @> ${other}::jsonb)`);
  }
  return select;
}

const AT_ONCE = 5000;

/** People who failed in an import and of whom nothing is kept, not even that they fail. */
export async function failingEntries(
  db: Connection,
  directory: string,
  runId: string,
  limit: number,
): Promise<Pick<FailingPerson, "externalId" | "dn" | "error">[]> {
  const found: Pick<FailingPerson, "externalId" | "dn" | "error">[] = [];
  for (let after: number | undefined = -1; after !== undefined && found.length < limit;) {
    const page = await failedAfter(db, runId, after);
    const ids = page.flatMap((row) => (row.external_id === null ? [] : [row.external_id]));
    const kept = await rowsByKeys(db, ids, "text", (id) =>
      db
        .selectFrom("app_users")
        .select("external_id")
        .where("directory", "=", directory)
        .where("app_users.external_id", "=", id),
    );
    const known = new Set(kept.map((row) => row.external_id));
    for (const { external_id: externalId, dn, error } of page)
      if (error !== null && (externalId === null || !known.has(externalId)))
        found.push({ externalId, dn, error });
    after = page.length < AT_ONCE ? undefined : page.at(-1)?.seq;
  }
  return found.slice(0, limit);
}

async function failedAfter(db: Connection, runId: string, after: number) {
  return await db
    .selectFrom("run_changes")
    .select(["seq", "external_id", "dn", "error"])
    .where("run_id", "=", runId)
    .where("action", "=", "failed")
    .where("seq", ">", after)
    .orderBy("seq")
    .limit(AT_ONCE)
    .execute();
}
