/** Whose values users have: how many users and attributes each directory gives. */
import { sql } from "kysely";
import type { Connection } from "./connection.ts";

/** One attribute that some users have from one source. */
export interface SourcedAttribute {
  readonly source: string;
  readonly attribute: string;
  readonly users: number;
}

export async function sourcedAttributes(db: Connection): Promise<SourcedAttribute[]> {
  // A source that is not named is the one that stands for all others; see `packSources`.
  const { rows } = await sql<SourcedAttribute>`
    select coalesce(u.sources->>k.key, u.sources->>'*', 'okta') as source, k.key as attribute,
      count(*)::int as users
    from users u, jsonb_object_keys(u.profile) as k (key)
    group by 1, 2 order by 1, 2`.execute(db);
  return rows;
}

export interface SourcedUsers {
  readonly directory: string;
  /** Users with an entry in the directory's scope. */
  readonly linked: number;
  /** Users whose profile source it is. */
  readonly sourced: number;
}

/** @param sources profile sources, highest priority first */
export async function sourcedUsers(
  db: Connection,
  sources: readonly string[],
): Promise<SourcedUsers[]> {
  const { rows } = await sql<SourcedUsers>`
    with links as (
      select user_id, directory, array_position(${sources}::text[], directory) as place
      from app_users where user_id is not null and status <> 'removed'
    ), firsts as (
      select user_id, min(place) as place from links group by user_id
    )
    select l.directory, count(*)::int as linked,
      count(*) filter (where l.place = f.place)::int as sourced
    from links l join firsts f on f.user_id = l.user_id
    group by l.directory order by l.directory`.execute(db);
  return rows;
}

/** Users, and how many of them no directory has in its scope. */
export async function countUsers(db: Connection): Promise<{ all: number; unlinked: number }> {
  const { rows } = await sql<{ all: number; unlinked: number }>`
    select count(*)::int as all, count(*) filter (where not exists (
      select 1 from app_users a where a.user_id = u.id and a.status <> 'removed'))::int as unlinked
    from users u`.execute(db);
  return rows[0] ?? { all: 0, unlinked: 0 };
}
