/** What runs replaced, for as long as they can be put back. */
import { sql } from "kysely";
import type { Action } from "../model/run.ts";
import type { AppUser, AppUserStatus, User } from "../model/user.ts";
import type { Connection } from "./database.ts";
import type { AppUserImage, UserImage } from "./tables.ts";
import { toUser } from "./users.ts";

/** Somebody whom a run changed, as before it. */
export interface Undoable {
  readonly seq: number;
  readonly action: Action;
  readonly externalId: string | null;
  readonly dn: string;
  readonly userId: string;
  readonly before: { readonly user: User | null; readonly appUser: AppUser | null };
  readonly changedSince: boolean;
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
}

/**
 * A page of the people whom a run changed, in order of its plan. Changed since is whoever has
 * another version than the run left, or stands in the history of a newer run.
 */
export async function undoableAfter(
  db: Connection,
  run: { readonly id: string; readonly directory: string },
  after: number,
  limit: number,
): Promise<Undoable[]> {
  const { rows } = await sql<Row>`
    select c.seq, c.action, c.external_id, c.dn, c.user_id, b.user_before, b.app_user_before,
      coalesce(u.version <> c.user_version, false) or exists (
        select 1 from run_changes n
        where n.user_id = c.user_id and n.action <> 'created' and n.run_id > c.run_id
          and n.applied and n.action in ('updated', 'removed')
      ) as changed
    from run_changes c
    left join run_undo b on b.run_id = c.run_id and b.seq = c.seq
    left join users u on u.id = c.user_id
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
    before: {
      user: row.user_before === null ? null : toUser(row.user_before),
      appUser: row.app_user_before === null ? null : toAppUser(run.directory, row.app_user_before),
    },
  }));
}

function toAppUser(directory: string, image: AppUserImage): AppUser {
  return {
    directory,
    externalId: image.external_id,
    userId: image.user_id,
    dn: image.dn,
    status: image.status as AppUserStatus,
    profile: image.profile,
    error: image.error,
  };
}

/** How many people a run changed who can be put back. */
export async function countUndoable(db: Connection, runId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from run_changes c
    left join run_undo b on b.run_id = c.run_id and b.seq = c.seq
    where c.run_id = ${runId} and c.applied and c.user_id is not null
      and (c.action = 'created' or b.run_id is not null)`.execute(db);
  return rows[0]?.count ?? 0;
}
