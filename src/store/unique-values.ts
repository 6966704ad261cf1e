/**
 * Who has which value of the attributes that are unique among users. The primary key is what makes
 * sure of it, also between two runs of different directories; the queries here find beforehand who
 * would stand in whose way, so that the one person fails with a sentence.
 */
import { sql, type RawBuilder } from "kysely";
import { STEPS } from "../model/plan.ts";
import type { Connection, Trx } from "./connection.ts";
import { foldedValue } from "./folded.ts";
import { movable, type PlanName } from "./plan.ts";

/** Stands for the attribute itself: its values of all users are in the table. */
const COMPLETE = "";
/** In place of the user there; the second one if several users had the same value. */
const NOBODY = "00000000-0000-0000-0000-000000000000";
const SEVERAL = "00000000-0000-0000-0000-000000000001";

export interface TakenValue {
  readonly seq: number;
  readonly attribute: string;
  readonly value: string;
  /** The login, or the DN, of whoever has the value or claims it first. */
  readonly holder: string;
}

/** The form of a value in which it is compared; only the database makes it, as others fold other letters. */
function keyOf(profile: RawBuilder<unknown>): RawBuilder<string> {
  return foldedValue(sql`${profile}->>a.attribute`);
}

/**
 * Takes up attributes that are unique from now on, with the values that users have already, and
 * forgets those that are not any more. Where several users have the same value, the oldest one has
 * it here; and as they may give it up, such an attribute is taken up anew each time.
 */
export async function ensureUnique(db: Connection, attributes: readonly string[]): Promise<void> {
  const known = await db
    .selectFrom("unique_values")
    .select(["attribute", "user_id"])
    .where("value_key", "=", COMPLETE)
    .execute();
  const settled = known.filter((row) => row.user_id === NOBODY).map((row) => row.attribute);
  const fresh = attributes.filter((name) => !settled.includes(name));
  if (fresh.length === 0 && known.every((row) => attributes.includes(row.attribute))) return;
  await db.transaction().execute(async (trx) => {
    await sql`lock table unique_values in share row exclusive mode`.execute(trx);
    await sql`delete from unique_values where attribute <> all(${attributes}::text[])`.execute(trx);
    await sql`delete from unique_values where attribute = any(${fresh}::text[])`.execute(trx);
    await sql`with held as (
        select a.attribute, ${keyOf(sql`u.profile`)} as value_key,
          min(u.id::text)::uuid as user_id, count(*) as users
        from users u, unnest(${fresh}::text[]) as a (attribute)
        where u.profile->>a.attribute <> ''
        group by 1, 2)
      insert into unique_values (attribute, value_key, user_id)
      select attribute, value_key, user_id from held
      union all
      select f.attribute, ${COMPLETE}::text,
        case when exists (select from held h where h.attribute = f.attribute and h.users > 1)
          then ${SEVERAL}::uuid else ${NOBODY}::uuid end
      from unnest(${fresh}::text[]) as f (attribute)`.execute(trx);
  });
}

/**
 * Values that rows of a plan take from their users or give to them, by attribute: only where that is
 * a change. Whoever keeps a value claims nothing.
 * @param which a query for rows of the plan
 */
function changed(which: RawBuilder<unknown>, attributes: readonly string[]): RawBuilder<unknown> {
  return sql`changed as materialized (
    select * from (
      select p.seq, p.step, p.dn, p.user_id, p.user_new, a.attribute,
        case when u.id is not null then ${keyOf(sql`u.profile`)} end as old_key,
        case when p.write_user then ${keyOf(sql`p.user_profile::jsonb`)} end as new_key
      from (select * from (${which}) w where w.write_user or w.deletes = 'person') p
      cross join unnest(${attributes}::text[]) as a (attribute)
      left join users u on u.id = p.user_id and not p.user_new
    ) x where new_key is distinct from old_key)`;
}

function ofPlan(name: PlanName, runId: string): RawBuilder<unknown> {
  return sql`select p.* from ${sql.table(name)} p where p.run_id = ${runId}`;
}

/** Rows that claim a value which a user has who does not give it up in this plan. */
export async function takenValues(
  db: Connection,
  name: PlanName,
  runId: string,
  attributes: readonly string[],
): Promise<TakenValue[]> {
  return attributes.length === 0 ? [] : await taken(db, ofPlan(name, runId), attributes);
}

/** The same for the rows of a batch, at the moment in which it is applied. */
export async function lostValues(
  trx: Trx,
  rows: RawBuilder<unknown>,
  attributes: readonly string[],
): Promise<TakenValue[]> {
  return attributes.length === 0 ? [] : await taken(trx, sql`select p.* from ${rows}`, attributes);
}

async function taken(
  db: Connection | Trx,
  which: RawBuilder<unknown>,
  attributes: readonly string[],
): Promise<TakenValue[]> {
  const { rows } = await sql<TakenValue>`
    with ${changed(which, attributes)}
    select c.seq, c.attribute, c.new_key as value, u.login as holder
    from changed c
    join unique_values v on v.attribute = c.attribute and v.value_key = c.new_key
      and v.user_id <> c.user_id
    join users u on u.id = v.user_id
    left join changed q on q.user_id = v.user_id and q.attribute = v.attribute
    where q.seq is null
    order by c.seq`.execute(db);
  return rows;
}

/** Rows whose value another row of the plan claims first: older users, then in order of reading. */
export async function repeatedValues(
  db: Connection,
  name: PlanName,
  runId: string,
  attributes: readonly string[],
): Promise<TakenValue[]> {
  if (attributes.length === 0) return [];
  const { rows } = await sql<TakenValue>`
    with ${changed(ofPlan(name, runId), attributes)}
    select seq, attribute, new_key as value, holder from (
      select c.seq, c.attribute, c.new_key, row_number() over first_come as place,
        first_value(c.dn) over first_come as holder
      from changed c where c.new_key <> ''
      window first_come as (partition by c.attribute, c.new_key order by c.user_new, c.seq)
    ) ranked where place > 1 order by seq`.execute(db);
  return rows;
}

/** Marks people who take a value that another row gives up, and those who give it up. */
export async function markValueExchanges(
  db: Connection,
  name: PlanName,
  runId: string,
  attributes: readonly string[],
): Promise<void> {
  if (attributes.length === 0) return;
  await sql`
    with ${changed(ofPlan(name, runId), attributes)}, moves as (
      select c.seq as taker, q.seq as giver
      from changed c
      join unique_values v on v.attribute = c.attribute and v.value_key = c.new_key
        and v.user_id <> c.user_id
      join changed q on q.user_id = v.user_id and q.attribute = v.attribute
      where not c.user_new
    )
    update ${sql.table(name)} set step = ${STEPS.indexOf("exchange")}
    where run_id = ${runId} and ${movable}
      and seq in (select taker from moves union select giver from moves)`.execute(db);
}

/** A value that a batch gives to a user. */
export interface ValueClaim {
  readonly attribute: string;
  readonly key: string;
  readonly userId: string;
}

/** The values that the rows of a batch give to users who did not have them; before it is written. */
export async function claimedValues(
  trx: Trx,
  rows: RawBuilder<unknown>,
  attributes: readonly string[],
): Promise<ValueClaim[]> {
  if (attributes.length === 0) return [];
  const found = await sql<ValueClaim>`
    with ${changed(sql`select p.* from ${rows}`, attributes)}
    select attribute, new_key as key, user_id as "userId" from changed where new_key <> ''`.execute(
    trx,
  );
  return found.rows;
}

/** The values of some attributes that a user has now. */
export async function valuesOfUser(
  trx: Trx,
  userId: string,
  attributes: readonly string[],
): Promise<readonly ValueClaim[]> {
  if (attributes.length === 0) return [];
  const { rows } = await sql<ValueClaim>`
    select a.attribute, ${keyOf(sql`u.profile`)} as key, u.id as "userId"
    from users u, unnest(${attributes}::text[]) as a (attribute)
    where u.id = ${userId}::uuid and u.profile->>a.attribute <> ''`.execute(trx);
  return rows;
}

/**
 * Makes sure that values belong to those who were given them; another transaction may have been
 * first. @throws an error with the SQLSTATE of a unique violation, so that it is tried again
 */
export async function confirmValues(trx: Trx, claims: readonly ValueClaim[]): Promise<void> {
  if (claims.length === 0) return;
  const { rows } = await sql<{ one: number }>`
    select 1 as one from jsonb_to_recordset(${JSON.stringify(claims)}::jsonb) as c (attribute text,
      key text, "userId" uuid)
    join unique_values v on v.attribute = c.attribute and v.value_key = c.key
      and v.user_id <> c."userId"
    limit 1`.execute(trx);
  if (rows.length > 0)
    throw Object.assign(new Error("somebody else has the value"), { code: "23505" });
}

/**
 * Brings the values of users up to date with their profiles. Where two users had the same value
 * before it became unique, one of them stands for both.
 * @param ids the users, as a query
 */
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
    where u.id in (${ids}) and u.profile->>a.attribute <> ''
    on conflict do nothing`.execute(trx);
}

/** Who has which of some values of an attribute. */
export async function holdersOfValues(
  db: Connection,
  attribute: string,
  values: readonly string[],
): Promise<{ readonly value: string; readonly id: string; readonly login: string }[]> {
  const { rows } = await sql<{ value: string; id: string; login: string }>`
    select x.value, u.id, u.login
    from unnest(${values}::text[]) as x (value)
    join unique_values v on v.attribute = ${attribute} and v.value_key = ${foldedValue(sql`x.value`)}
    join users u on u.id = v.user_id`.execute(db);
  return rows;
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
      and v.value_key = ${foldedValue(sql`${value}::text`)}`.execute(db);
  return rows[0]?.login ?? null;
}

/** How many users have a value that another user has as well, by attribute; from before it was unique. */
export async function doubledValues(
  db: Connection,
  attributes: readonly string[],
): Promise<{ readonly attribute: string; readonly users: number; readonly example: string }[]> {
  if (attributes.length === 0) return [];
  const { rows } = await sql<{ attribute: string; users: number; example: string }>`
    select attribute, sum(users)::int as users, min(value) as example from (
      select a.attribute, ${keyOf(sql`u.profile`)} as value, count(*) as users
      from users u, unnest(${attributes}::text[]) as a (attribute)
      where u.profile->>a.attribute <> ''
      group by 1, 2 having count(*) > 1
    ) x group by attribute order by attribute`.execute(db);
  return rows;
}

/** Whether the database knows small and capital letters beyond ASCII, by its character type. */
export async function foldsLetters(db: Connection): Promise<boolean> {
  const { rows } = await sql<{ folds: boolean }>`select lower('Ä') = 'ä' as folds`.execute(db);
  return rows[0]?.folds === true;
}
