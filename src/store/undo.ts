/** What runs replaced, for as long as they can be put back. */
import { sql, type RawBuilder } from "kysely";
import type { Action } from "../model/run.ts";
import type { AppUserBefore, AppUserStatus, User } from "../model/user.ts";
import type { Connection } from "./connection.ts";
import { rowsByKeys } from "./rows-by-keys.ts";
import { runsByIds } from "./runs.ts";
import type { AppUserImage, UserImage } from "./tables.ts";
import { toUser } from "./users.ts";

/** Somebody whom a run changed, as before it. */
export interface Undoable {
  readonly seq: number;
  readonly action: Action;
  readonly externalId: string | null;
  readonly dn: string;
  readonly userId: string;
  readonly before: { readonly user: User | null; readonly appUser: AppUserBefore | null };
  readonly changedSince: boolean;
  readonly replaced: boolean;
}

interface Row {
  readonly seq: number;
  readonly action: string;
  readonly external_id: string | null;
  readonly dn: string;
  readonly user_id: string;
  readonly user_before: UserImage | null;
  readonly app_user_before: AppUserImage | null;
  readonly user_version: number | null;
  readonly reason: string | null;
}

/**
 * One look-up by the whole key. Of a fresh run the planner knows nothing, and would compare every
 * row with every other. That the run is named once more tells where the rows lie, if they are distributed.
 */
const imageIn = (runId: string): RawBuilder<unknown> => sql`
  select i.run_id, i.user_before, i.app_user_before from run_undo i
  where i.run_id = ${runId} and i.run_id = c.run_id and i.seq = c.seq limit 1`;

/**
 * A page of the people whom a run changed, in order of its plan. Changed since is whoever has
 * another version than the run left, or was written by a newer run of the same directory; what
 * others did to their own app profiles is not concerned.
 */
export async function undoableAfter(
  db: Connection,
  run: { readonly id: string; readonly directory: string },
  after: number,
  limit: number,
): Promise<Undoable[]> {
  const { rows } = await sql<Row>`
    select c.seq, c.action, c.external_id, c.dn, c.user_id, c.user_version, c.reason, b.user_before,
      b.app_user_before
    from run_changes c
    left join lateral (${imageIn(run.id)}) b on true
    where c.run_id = ${run.id} and c.applied and c.user_id is not null and c.seq > ${after}
      and (c.action = 'created' or b.run_id is not null)
    order by c.seq limit ${limit}`.execute(db);
  const userIds = rows.map((row) => row.user_id);
  const left = await versionsLeft(db, run.id, userIds);
  const now = await versionsNow(db, userIds);
  const rewritten = await rewrittenSince(db, run, userIds);
  const isCutStill = await cutStill(db, run.directory, rows);
  return rows.map((row) => ({
    seq: row.seq,
    action: row.action as Action,
    externalId: row.external_id,
    dn: row.dn,
    userId: row.user_id,
    changedSince:
      isOtherVersion(now.get(row.user_id), row.user_version, left.get(row.user_id)) ||
      rewritten.has(row.user_id) ||
      (row.reason === "unlinked" && !isCutStill(row)),
    replaced: row.reason === "replaced" || row.reason === "relinked",
    before: {
      user: row.user_before === null ? null : toUser(row.user_before),
      appUser: row.app_user_before === null ? null : toAppUser(run.directory, row.app_user_before),
    },
  }));
}

/** @param left by the run; whoever is gone has no version now, and some rows change none */
function isOtherVersion(
  now: number | undefined,
  ...left: readonly (number | null | undefined)[]
): boolean {
  const known = left.filter((version) => version != null);
  return now !== undefined && known.length > 0 && now !== Math.max(...known);
}

/**
 * The versions that a run left of users. The run is compared as text, so that its rows are found by the
 * users: it may have changed everybody.
 */
async function versionsLeft(
  db: Connection,
  runId: string,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, number | null>> {
  const { rows } = await sql<{ id: string; version: number | null }>`
    select user_id as id, max(user_version) as version from run_changes
    where user_id = any(${userIds}::uuid[]) and run_id::text = ${runId} and action <> 'created'
    group by user_id`.execute(db);
  return new Map(rows.map((row) => [row.id, row.version]));
}

async function versionsNow(
  db: Connection,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const users = await rowsByKeys(db, userIds, "uuid", (id) =>
    db.selectFrom("users").select(["id", "version"]).where("users.id", "=", id),
  );
  return new Map(users.map((user) => [user.id, user.version]));
}

/** Who of the users was written by a newer run of the same directory. */
async function rewrittenSince(
  db: Connection,
  run: { readonly id: string; readonly directory: string },
  userIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const newer = await sql<{ id: string }>`
    select distinct run_id as id from run_changes
    where user_id = any(${userIds}::uuid[]) and action <> 'created' and run_id > ${run.id}
      and applied`.execute(db);
  const runs = await runsByIds(
    db,
    newer.rows.map((row) => row.id),
  );
  const own = [...runs].flatMap(([id, one]) => (one.directory === run.directory ? [id] : []));
  if (own.length === 0) return new Set();
  const { rows } = await sql<{ id: string }>`
    select distinct n.user_id as id from run_changes n
    where n.user_id = any(${userIds}::uuid[]) and n.action <> 'created' and n.applied
      and n.run_id = any(${own}::uuid[])
      and (n.action in ('updated', 'removed') or exists (
        select 1 from run_undo i where i.run_id = n.run_id and i.seq = n.seq))`.execute(db);
  return new Set(rows.map((row) => row.id));
}

/** Whether an entry whose link was cut was not linked again since, nor left its scope. */
async function cutStill(
  db: Connection,
  directory: string,
  rows: readonly Row[],
): Promise<(row: Row) => boolean> {
  const cut = rows.flatMap((row) =>
    row.reason === "unlinked" && row.external_id !== null ? [row.external_id] : [],
  );
  const found = await rowsByKeys(db, cut, "text", (id) =>
    db
      .selectFrom("app_users")
      .select(["external_id", "user_id", "status"])
      .where("directory", "=", directory)
      .where("app_users.external_id", "=", id),
  );
  const entries = new Map(found.map((one) => [one.external_id, one]));
  return ({ external_id: id, app_user_before: before }) => {
    const entry = entries.get(id ?? "");
    if (entry === undefined || entry.user_id !== null) return false;
    return before === null || entry.status === before.status;
  };
}

function toAppUser(directory: string, image: AppUserImage): AppUserBefore {
  return {
    directory,
    externalId: image.external_id,
    userId: image.user_id,
    dn: image.dn,
    status: image.status as AppUserStatus,
    profile: image.profile,
    error: image.error,
    setAside: false,
    byRule: false,
    link: image.link ?? null,
  };
}

/** How many people a run changed: in all, and of whom no image is kept. */
export async function countUndoable(
  db: Connection,
  runId: string,
): Promise<{ readonly all: number; readonly without: number }> {
  const { rows } = await sql<{ all: number; without: number }>`
    select count(*)::int as all,
      count(*) filter (where c.action <> 'created' and b.run_id is null)::int as without
    from run_changes c
    left join lateral (${imageIn(runId)}) b on true
    where c.run_id = ${runId} and c.applied and c.user_id is not null
      and (c.action in ('created', 'updated', 'removed') or b.run_id is not null)`.execute(db);
  return rows[0] ?? { all: 0, without: 0 };
}
