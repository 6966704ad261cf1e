/** What runs replaced, for as long as they can be put back. */
import { sql } from "kysely";
import type { Action } from "../model/run.ts";
import type { AppUserBefore, AppUserStatus, User } from "../model/user.ts";
import type { Connection } from "./connection.ts";
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
  readonly changed: boolean;
  readonly reason: string | null;
}

/**
 * One look-up by the whole key. Of a fresh run the planner knows nothing, and would compare every
 * row with every other; for the same reason, runs are compared as text below, so that a person's
 * history is found by the person.
 */
const image = sql`
  select i.run_id, i.user_before, i.app_user_before from run_undo i
  where i.run_id = c.run_id and i.seq = c.seq limit 1`;

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
    select c.seq, c.action, c.external_id, c.dn, c.user_id, c.reason, b.user_before,
      b.app_user_before,
      coalesce(u.version <> greatest(c.user_version, (
        select max(x.user_version) from run_changes x
        where x.user_id = c.user_id and x.run_id::text = c.run_id::text
          and x.action <> 'created')), false)
      or exists (
        select 1 from run_changes n join runs r on r.id = n.run_id
        where n.user_id = c.user_id and n.action <> 'created' and n.run_id::text > c.run_id::text
          and n.applied
          and r.directory = ${run.directory} and (n.action in ('updated', 'removed') or exists (
            select 1 from run_undo i where i.run_id = n.run_id and i.seq = n.seq))
      )
      -- An entry whose link was cut, and that was linked again or left its scope since.
      or (c.reason = 'unlinked' and (a.external_id is null or a.user_id is not null
        or a.status <> b.app_user_before->>'status')) as changed
    from run_changes c
    left join lateral (${image}) b on true
    left join users u on u.id = c.user_id
    left join app_users a on c.reason = 'unlinked' and a.directory = ${run.directory}
      and a.external_id = c.external_id
    where c.run_id = ${run.id} and c.applied and c.user_id is not null and c.seq > ${after}
      and (c.action = 'created' or b.run_id is not null)
    order by c.seq limit ${limit}`.execute(db);
  return rows.map((row) => ({
    seq: row.seq,
    action: row.action as Action,
    externalId: row.external_id,
    dn: row.dn,
    userId: row.user_id,
    changedSince: row.changed,
    replaced: row.reason === "replaced" || row.reason === "relinked",
    before: {
      user: row.user_before === null ? null : toUser(row.user_before),
      appUser: row.app_user_before === null ? null : toAppUser(run.directory, row.app_user_before),
    },
  }));
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
    left join lateral (${image}) b on true
    where c.run_id = ${runId} and c.applied and c.user_id is not null
      and (c.action in ('created', 'updated', 'removed') or b.run_id is not null)`.execute(db);
  return rows[0] ?? { all: 0, without: 0 };
}
