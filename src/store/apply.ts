/**
 * Carries out a range of a plan, in sets: a statement per table and slice, never per person. All
 * functions run in the transaction of their slice.
 */
import { sql } from "kysely";
import type { EventActor } from "../model/event.ts";
import { STEPS, type Step } from "../model/plan.ts";
import type { Trx } from "./connection.ts";
import type { PlanName } from "./plan.ts";
import { statusTimes } from "./status-times.ts";
import { claimedValues, confirmValues, lostValues, noteValues } from "./unique-values.ts";

export interface PlanSlice {
  readonly plan: PlanName;
  readonly runId: string;
  readonly directory: string;
  readonly step: Step;
  /** Rows from this number … */
  readonly from: number;
  /** … to before this one. */
  readonly to: number;
  /** Attributes that are unique among users. */
  readonly unique: readonly string[];
}

/** The rows of a slice, as `p`. */
function rowsOf(slice: PlanSlice) {
  return sql`(select * from ${sql.table(slice.plan)} where run_id = ${slice.runId}
    and step = ${STEPS.indexOf(slice.step)} and seq >= ${slice.from} and seq < ${slice.to}) p`;
}

export interface Conflict {
  readonly seq: number;
  /** The attribute whose value somebody else has; null if it is the login, or none. */
  readonly attribute: string | null;
  /** The DN or login of whoever stands in the way; null if the user changed since the plan was made. */
  readonly holder: string | null;
  /** The login, or the value of the attribute, that is claimed. */
  readonly value: string | null;
}

/** Rows that were decided by what their user was, whether they write the user or only a link. */
export const dependsOnUser = sql`p.user_id is not null and not p.user_new
  and (p.write_user or p.action in ('updated', 'removed'))
  and p.reason is distinct from 'relinked'`;

/**
 * Rows that no longer fit the data: their user was changed by somebody else since the plan was
 * made, or their login was taken. Locks the users that the slice is going to change.
 */
export async function conflicts(trx: Trx, slice: PlanSlice): Promise<Conflict[]> {
  // Whoever is created depends on no user, so nobody has to be locked and nobody can have changed.
  const outdated = slice.step === "creation" ? [] : await outdatedUsers(trx, slice);
  const taken = await sql<Conflict>`
    select x.seq, null as attribute, u.login as holder, x.login as value
    from (select p.seq, p.user_id, p.login_key, p.login from ${rowsOf(slice)}
      where p.claims_login) x
    join users u on u.login_key = x.login_key and u.id <> x.user_id`.execute(trx);
  const lost = await lostValues(trx, rowsOf(slice), slice.unique);
  return [...outdated, ...taken.rows, ...lost];
}

/** Rows whose user was changed by somebody else, or is gone. The others' users are locked. */
async function outdatedUsers(trx: Trx, slice: PlanSlice): Promise<readonly Conflict[]> {
  await sql`select u.id from users u
    where u.id in (select p.user_id from ${rowsOf(slice)} where ${dependsOnUser})
    order by u.id for update`.execute(trx);
  const { rows } = await sql<Conflict>`
    select x.seq, null as attribute, null as holder, null as value
    from (select p.seq, p.user_id, p.base_version from ${rowsOf(slice)} where ${dependsOnUser}) x
    left join users u on u.id = x.user_id
    where u.id is null or u.version <> x.base_version`.execute(trx);
  return rows;
}

/**
 * Gives up the logins of a slice's users, so that they can be exchanged among them. Once for a
 * slice: whoever fails later gets back what was given up here.
 */
export async function vacateLogins(trx: Trx, slice: PlanSlice): Promise<void> {
  await sql`update users set login_key = '~' || id::text || ' ' || login_key
    where id in (select p.user_id from ${rowsOf(slice)} where p.claims_login
      and not p.user_new)`.execute(trx);
}

/** Gives users back the logins that they gave up, because they keep them after all. */
export async function restoreLogins(trx: Trx, userIds: readonly string[]): Promise<void> {
  const mark = sql`'~' || id::text || ' '`;
  await sql`update users set login_key = substr(login_key, length(${mark}) + 1)
    where id = any(${userIds}::uuid[]) and starts_with(login_key, ${mark})`.execute(trx);
}

/** Writes users, app users, history and events of the slice. @param undo whether it can be put back */
export async function applyBatch(
  trx: Trx,
  slice: PlanSlice,
  actor: EventActor,
  undo: boolean,
): Promise<void> {
  const creation = slice.step === "creation";
  if (undo && !creation) await keepImages(trx, slice);
  const claims = await claimedValues(trx, rowsOf(slice), slice.unique);
  await writeUsers(trx, slice);
  await noteValues(
    trx,
    sql`select p.user_id from ${rowsOf(slice)} where p.write_user`,
    slice.unique,
  );
  await confirmValues(trx, claims);
  if (!creation) await noteLinks(trx, slice);
  // Before others take their places.
  if (!creation) await deletePeople(trx, slice);
  await writeAppUsers(trx, slice);
  if (!creation) await lookAgain(trx, slice);
  await writeHistory(trx, slice, true);
  await writeEvents(trx, slice, actor);
}

/** What the slice's people are before it. Whoever is created was nothing. */
async function keepImages(trx: Trx, slice: PlanSlice): Promise<void> {
  await sql`insert into run_undo (run_id, seq, user_before, app_user_before)
    select p.run_id, p.seq,
      case when u.id is not null then jsonb_build_object('id', u.id, 'login', u.login,
        'status', u.status, 'status_by', u.status_by, 'profile', u.profile,
        'sources', u.sources, 'version', u.version) end,
      case when a.external_id is not null then jsonb_build_object('external_id', a.external_id,
        'user_id', a.user_id,
        'dn', a.dn, 'status', a.status, 'profile', a.profile, 'error', a.error, 'link', a.link) end
    from (select p.* from ${rowsOf(slice)} where p.user_id is not null
      and (p.write_user or p.app_status is not null or p.deletes is not null)
        and p.action <> 'unchanged') p
    left join users u on u.id = p.user_id
    left join lateral (
      select * from app_users o where o.directory = ${slice.directory}::text
        and o.external_id = p.external_id limit 1
    ) a on true`.execute(trx);
}

/** Takes away what a run made that is put back. */
async function deletePeople(trx: Trx, slice: PlanSlice): Promise<void> {
  await sql`delete from app_users where ctid = any(array(
      select a.ctid from (select p.external_id from ${rowsOf(slice)} where p.deletes is not null
        and p.action in ('removed', 'updated')) p,
      lateral (select o.ctid from app_users o where o.directory = ${slice.directory}::text
        and o.external_id = p.external_id limit 1) a
    ))`.execute(trx);
  const gone = sql`select p.user_id from ${rowsOf(slice)}
    where p.deletes = 'person' and p.action = 'removed'`;
  await sql`delete from unique_values where user_id in (${gone})`.execute(trx);
  await sql`delete from users
    where id in (${gone})`.execute(trx);
}

async function writeUsers(trx: Trx, slice: PlanSlice): Promise<void> {
  if (slice.step === "creation") {
    await sql`insert into users (id, login, login_key, status, status_by, profile, sources, version,
        status_changed_at, activated_at)
      select p.user_id, p.login, p.login_key, p.user_status, p.status_by, p.user_profile::jsonb,
        p.user_sources::jsonb, 1, now(), case when p.user_status = 'active' then now() end
      from ${rowsOf(slice)} where p.user_new`.execute(trx);
    return;
  }
  const times = statusTimes(sql`x.user_status`);
  await sql`update users set
      login = x.login,
      login_key = case when x.claims_login or x.login is distinct from users.login
        then x.login_key else users.login_key end, status = x.user_status, status_by = x.status_by,
      profile = x.user_profile::jsonb, sources = x.user_sources::jsonb, version = version + 1,
        updated_at = now(), status_changed_at = ${times.status_changed_at},
        activated_at = ${times.activated_at}
    from (select p.* from ${rowsOf(slice)} where p.write_user and not p.user_new) x
    where users.id = x.user_id`.execute(trx);
}

/**
 * A link that comes, goes or changes its status counts as a change of the user, even where no
 * value of the profile changes: what others decided about the user before is outdated. Where an
 * entry was replaced, the row of the new one changes the user.
 */
async function noteLinks(trx: Trx, slice: PlanSlice): Promise<void> {
  await sql`update users set version = version + 1
    where id in (
      select l.user_id from (
        select p.external_id, p.app_status, p.app_user_id from ${rowsOf(slice)}
          where (p.app_status is not null or p.deletes = 'appUser') and not p.write_user
          and not (p.action = 'removed' and p.app_user_id is null)
      ) x
      left join lateral (
        -- One by one, by the whole key: the planner does not know a directory that is new.
        select * from app_users o where o.directory = ${slice.directory}::text
          and o.external_id = x.external_id limit 1
      ) a on true,
      lateral (values (x.app_user_id), (a.user_id)) as l (user_id)
      where l.user_id is not null
        and (a.external_id is null or a.user_id is distinct from x.app_user_id
          or a.status <> x.app_status))`.execute(trx);
}

/** A row without a hash keeps the one it has; a failed person is read again because of its error. */
async function writeAppUsers(trx: Trx, slice: PlanSlice): Promise<void> {
  await sql`insert into app_users (directory, external_id, user_id, dn, status, profile, hash,
    error, link, error_since, removed_at)
    select ${slice.directory}::text, p.external_id, p.app_user_id, p.dn, p.app_status,
      p.app_profile::jsonb, p.app_hash, p.app_error::jsonb,
      p.app_link::jsonb, case when p.app_error is not null then now() end,
      case when p.app_status = 'removed' then now() end
    from ${rowsOf(slice)} where p.app_status is not null and p.external_id is not null
    on conflict (directory, external_id) do update set
      user_id = excluded.user_id, dn = excluded.dn, status = excluded.status,
        profile = excluded.profile,
      hash = case when excluded.hash = '' then app_users.hash else excluded.hash end,
      error = excluded.error,
      link = coalesce(excluded.link, case when excluded.user_id is null
        or coalesce(app_users.link->>'how', '') not in ('ignored', 'unlinked') 
        then app_users.link end),
      error_since = case when app_users.error->>'code' = excluded.error->>'code'
        and app_users.error->>'field' = excluded.error->>'field'
        then app_users.error_since else excluded.error_since end,
      removed_at = case when excluded.status = 'removed'
        then coalesce(app_users.removed_at, excluded.removed_at) end,
      imported_at = case when excluded.status = 'removed' then app_users.imported_at
        else excluded.imported_at end`.execute(trx);
}

/**
 * Marks entries of other directories that the next full import must not pass over, although nothing
 * of them changed: their word should count from now on, but could not; or it changed since the plan
 * was made, so what the plan took from them may be old. A transaction of theirs may have begun some
 * time before it was seen; who is looked at needlessly costs little.
 */
async function lookAgain(trx: Trx, slice: PlanSlice): Promise<void> {
  await sql`update app_users a set hash = a.hash || '?'
    from (select p.user_id, p.look_again from ${rowsOf(slice)} 
      where (p.look_again or p.write_user)) x
    where a.user_id = x.user_id and a.directory <> ${slice.directory}::text
      and a.status <> 'removed'
      and right(a.hash, 1) <> '?' and (x.look_again or a.imported_at > (
        select r.started_at - interval '5 minutes' from runs r
          where r.id = ${slice.runId}))`.execute(trx);
}

/**
 * What the run did, or would do, with each person; those it left as they were are only counted. Of
 * a new user, the profile is kept only while it stands nowhere else.
 */
export async function writeHistory(trx: Trx, slice: PlanSlice, applied: boolean): Promise<void> {
  const changes = applied
    ? sql`p.changes::jsonb`
    : sql`case when p.user_new then (${newProfile}) else p.changes::jsonb end`;
  const version =
    slice.step === "creation" || !applied
      ? sql`case when p.user_new and ${applied}::boolean then 1 end`
      : sql`(select u.version from users u where u.id = p.user_id)`;
  await sql`insert into run_changes
      (run_id, seq, action, external_id, dn, user_id, login, changes, error, applied, reason, lost,
        user_version)
    select p.run_id, p.seq, p.action, p.external_id, p.dn, p.user_id, p.user_login, ${changes},
      p.error::jsonb,
      ${applied}::boolean, p.reason, p.lost, ${version}
    from ${rowsOf(slice)} where p.action <> 'unchanged'`.execute(trx);
}

const newProfile = sql`
  select coalesce(jsonb_agg(jsonb_build_object('attribute', e.key, 'from', null, 'to', e.value,
    'source', coalesce(p.user_sources::jsonb->>e.key, p.user_sources::jsonb->>'*'))), '[]'::jsonb)
  from jsonb_each(p.user_profile::jsonb) e`;

/** The events of each person, with the person as their targets. */
async function writeEvents(trx: Trx, slice: PlanSlice, actor: EventActor): Promise<void> {
  const { directory } = slice;
  const instance = { id: directory, type: "AppInstance", alternateId: directory };
  const target = JSON.stringify({ ...instance, displayName: directory });
  await sql`insert into system_log (id, published, event_type, severity, outcome, reason, actor,
    target, transaction_id, debug_data)
    select rollcall_uuid_v7(), date_trunc('milliseconds', clock_timestamp()), e.value->>'type',
      case when e.value ? 'failure' then 'WARN' else 'INFO' end,
      case when e.value ? 'failure' then 'FAILURE' else 'SUCCESS' end,
      e.value->>'failure', ${JSON.stringify(actor)}::jsonb,
      case when x.user_id is null then '[]'::jsonb else jsonb_build_array(jsonb_build_object(
        'id', x.user_id, 'type', 'User', 'alternateId', x.user_login, 
        'displayName', x.user_login)) end
      || jsonb_build_array(
        jsonb_build_object('id', coalesce(x.external_id, 'unknown'), 'type', 'AppUser',
          'alternateId', x.dn, 'displayName', x.dn),
        ${target}::jsonb),
      x.run_id, coalesce(e.value->'data', '{}'::jsonb)
    from (select p.* from ${rowsOf(slice)} where p.events <> '[]') x,
      jsonb_array_elements(x.events::jsonb) e`.execute(trx);
}
