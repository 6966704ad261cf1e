/**
 * Who has which value of the attributes that are unique among users. The primary key is what makes
 * sure of it, also between two runs of different directories; the queries here find beforehand who
 * would stand in whose way, so that the one person fails with a sentence.
 */
import { sql, type RawBuilder } from "kysely";
import { STEPS } from "../model/plan.ts";
import type { Connection, Trx } from "./database.ts";
import type { PlanName } from "./plan.ts";

/** Index rows have a limit; what is longer is compared by its beginning. */
const KEY_LENGTH = 400;
/** Stands for the attribute itself: its values of all users are in the table. */
const COMPLETE = "";
const NOBODY = "00000000-0000-0000-0000-000000000000";

export interface Claim {
  readonly seq: number;
  readonly attribute: string;
  readonly value: string;
  /** The login, or the DN, of whoever has the value or claims it first. */
  readonly holder: string;
}

function keyOf(profile: RawBuilder<unknown>): RawBuilder<string> {
  return sql<string>`lower(left(${profile}->>a.attribute, ${sql.lit(KEY_LENGTH)}))`;
}

/**
 * Takes up attributes that are unique from now on, with the values that users have already, and
 * forgets those that are not any more. Where two users have the same value, the older one keeps it.
 */
export async function ensureUnique(db: Connection, attributes: readonly string[]): Promise<void> {
  const known = await db
    .selectFrom("unique_values")
    .select("attribute")
    .where("value_key", "=", COMPLETE)
    .execute();
  const names = known.map((row) => row.attribute);
  if (names.length === attributes.length && names.every((name) => attributes.includes(name)))
    return;
  await db.transaction().execute(async (trx) => {
    await sql`lock table unique_values in share row exclusive mode`.execute(trx);
    await sql`delete from unique_values where attribute <> all(${attributes}::text[])`.execute(trx);
    const fresh = attributes.filter((name) => !names.includes(name));
    await sql`delete from unique_values where attribute = any(${fresh}::text[])`.execute(trx);
    await sql`insert into unique_values (attribute, value_key, user_id)
      (select distinct on (a.attribute, ${keyOf(sql`u.profile`)}) a.attribute, ${keyOf(sql`u.profile`)}, u.id
      from users u, unnest(${fresh}::text[]) as a (attribute)
      where u.profile->>a.attribute <> ''
      order by a.attribute, ${keyOf(sql`u.profile`)}, u.id)
      union all select f.attribute, ${COMPLETE}::text, ${NOBODY}::uuid from unnest(${fresh}::text[]) as f (attribute)`.execute(
      trx,
    );
  });
}

/** The values that rows of a plan give to their users, by attribute. */
function claims(name: PlanName, runId: string, attributes: readonly string[]): RawBuilder<unknown> {
  return sql`(
    select p.seq, p.dn, p.user_id, p.user_new, p.deletes, a.attribute, ${keyOf(sql`p.user_profile::jsonb`)} as value_key
    from ${sql.table(name)} p, unnest(${attributes}::text[]) as a (attribute)
    where p.run_id = ${runId} and p.write_user)`;
}

/** Rows that claim a value which a user has who does not give it up in this plan. */
export async function takenValues(
  db: Connection,
  name: PlanName,
  runId: string,
  attributes: readonly string[],
): Promise<Claim[]> {
  if (attributes.length === 0) return [];
  const { rows } = await sql<Claim>`
    select c.seq, c.attribute, c.value_key as value, u.login as holder
    from ${claims(name, runId, attributes)} c
    join unique_values v on v.attribute = c.attribute and v.value_key = c.value_key and v.user_id <> c.user_id
    join users u on u.id = v.user_id
    where not exists (
      select 1 from ${claims(name, runId, attributes)} q
      where q.user_id = v.user_id and q.attribute = v.attribute
        and (q.value_key is distinct from v.value_key or q.deletes = 'person'))
    order by c.seq`.execute(db);
  return rows;
}

/** Rows whose value another row of the plan claims first: whoever has it, then older users. */
export async function repeatedValues(
  db: Connection,
  name: PlanName,
  runId: string,
  attributes: readonly string[],
): Promise<Claim[]> {
  if (attributes.length === 0) return [];
  const { rows } = await sql<Claim>`
    select seq, attribute, value_key as value, holder from (
      select c.seq, c.attribute, c.value_key, row_number() over first_come as place,
        first_value(c.dn) over first_come as holder
      from ${claims(name, runId, attributes)} c
      left join unique_values v on v.attribute = c.attribute and v.value_key = c.value_key
      where c.value_key <> ''
      window first_come as (
        partition by c.attribute, c.value_key order by (v.user_id = c.user_id) desc nulls last, c.user_new, c.seq)
    ) ranked where place > 1 order by seq`.execute(db);
  return rows;
}

/** Marks people who take a value that another row gives up, and those who give it up. */
export async function markValueMoves(
  db: Connection,
  name: PlanName,
  runId: string,
  attributes: readonly string[],
): Promise<void> {
  if (attributes.length === 0) return;
  await sql`
    with moves as (
      select c.seq as taker, q.seq as giver, c.user_new
      from ${claims(name, runId, attributes)} c
      join unique_values v on v.attribute = c.attribute and v.value_key = c.value_key and v.user_id <> c.user_id
      join ${sql.table(name)} q on q.run_id = ${runId} and q.user_id = v.user_id and q.write_user
    )
    update ${sql.table(name)} set step = ${STEPS.indexOf("loginMove")}
    where run_id = ${runId} and step = ${STEPS.indexOf("change")}
      and seq in (select taker from moves where not user_new union select giver from moves)`.execute(
    db,
  );
}

/** Rows of a batch that claim a value which somebody took since the plan was made. */
export async function lostValues(
  trx: Trx,
  rows: RawBuilder<unknown>,
  attributes: readonly string[],
): Promise<Claim[]> {
  if (attributes.length === 0) return [];
  const { rows: found } = await sql<Claim>`
    select c.seq, c.attribute, c.value_key as value, u.login as holder from (
      select p.seq, p.user_id, a.attribute, ${keyOf(sql`p.user_profile::jsonb`)} as value_key
      from (select p.* from ${rows} and p.write_user) p, unnest(${attributes}::text[]) as a (attribute)
    ) c
    join unique_values v on v.attribute = c.attribute and v.value_key = c.value_key and v.user_id <> c.user_id
    join users u on u.id = v.user_id
    where not exists (
      select 1 from (select p.* from ${rows} and p.write_user) q
      where q.user_id = v.user_id
        and lower(left(q.user_profile::jsonb->>c.attribute, ${sql.lit(KEY_LENGTH)})) is distinct from v.value_key)`.execute(
    trx,
  );
  return found;
}

/** Brings the values of users up to date with their profiles. @param ids the users, as a query */
export async function noteValues(
  trx: Trx,
  ids: RawBuilder<unknown>,
  attributes: readonly string[],
): Promise<void> {
  if (attributes.length === 0) return;
  await sql`delete from unique_values where user_id in (${ids})`.execute(trx);
  await sql`insert into unique_values (attribute, value_key, user_id)
    select a.attribute, ${keyOf(sql`u.profile`)}, u.id
    from users u, unnest(${attributes}::text[]) as a (attribute)
    where u.id in (${ids}) and u.profile->>a.attribute <> ''`.execute(trx);
}

/** The login of the user who has a value; null if nobody else than the given user has. */
export async function holderOfValue(
  db: Connection | Trx,
  attribute: string,
  value: string,
  exceptId: string,
): Promise<string | null> {
  const { rows } = await sql<{ login: string }>`
    select u.login from unique_values v join users u on u.id = v.user_id
    where v.attribute = ${attribute} and v.user_id <> ${exceptId}::uuid
      and v.value_key = lower(left(${value}::text, ${sql.lit(KEY_LENGTH)}))`.execute(db);
  return rows[0]?.login ?? null;
}
