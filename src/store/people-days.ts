/** How many people there were, day by day. */
import { sql } from "kysely";
import type { Connection } from "./connection.ts";

export interface UserCounts {
  readonly active: number;
  /** Whoever is there and not active. */
  readonly others: number;
}

export interface PeopleDay extends UserCounts {
  /** YYYY-MM-DD, in UTC. */
  readonly day: string;
}

/** A walk through everybody. */
export async function countByActivity(db: Connection): Promise<UserCounts> {
  const { rows } = await sql<UserCounts>`
    select (count(*) filter (where status = 'active'))::int as active,
      (count(*) filter (where status <> 'active'))::int as others from users`.execute(db);
  return rows[0] ?? { active: 0, others: 0 };
}

/** Notes for today what there is now; the last note of a day counts. */
export async function notePeople(db: Connection, { active, others }: UserCounts): Promise<void> {
  await sql`insert into people_days (day, active, others)
    values ((clock_timestamp() at time zone 'UTC')::date, ${active}, ${others})
    on conflict (day) do update set active = excluded.active, others = excluded.others`.execute(db);
}

/** The last so many days of which something is known, in order. */
export async function peopleDays(db: Connection, most: number): Promise<PeopleDay[]> {
  const { rows } = await sql<PeopleDay>`
    select day::text as day, active, others from (
      select * from people_days order by day desc limit ${most}) d order by d.day`.execute(db);
  return rows;
}
