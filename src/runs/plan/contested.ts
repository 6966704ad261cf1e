/**
 * Whom two entries of one read claim. Which of the two is meant cannot be told by the order in which
 * they came, so neither gets anything: whoever had the identifier keeps everything, and a user whom
 * two new entries match is linked to none of them. This shows only at the end of a read, when the
 * first of them is planned already.
 */
import type { Problem } from "../../model/errors.ts";
import type { AppUserWrite, PlannedChange } from "../../model/plan.ts";
import { decideUnusable } from "../../reconciler/decide-failure.ts";
import { updateFailed } from "../../reconciler/events.ts";
import { appUsersByIds, type StoredAppUser } from "../../store/app-users.ts";
import { plannedFor, replacePlanRows, type PlanRow } from "../../store/plan.ts";
import { usersByIds } from "../../store/users.ts";
import type { RunContext } from "../record/context.ts";
import type { PlanBuilder } from "./builder.ts";
import { switchedOff } from "./switched-off.ts";

export interface Contested {
  /** Identifiers that two entries have. */
  readonly ids: ReadonlySet<string>;
  /** Of these, those whose owner was not counted as unchanged. */
  readonly neverCounted: ReadonlySet<string>;
  /** Users whom two new entries match. */
  readonly users: readonly string[];
}

const BATCH = 500;

/** Takes back what is planned for them. The plan is written, and nothing else is added to it before. */
export async function settleContested(
  context: RunContext,
  plan: PlanBuilder,
  { ids: contested, neverCounted, users }: Contested,
): Promise<void> {
  const ids = [...contested];
  for (let at = 0; at < ids.length; at += BATCH)
    await keepOwners(context, plan, ids.slice(at, at + BATCH), neverCounted);
  for (let at = 0; at < users.length; at += BATCH)
    await linkNobody(context, plan, users.slice(at, at + BATCH));
  await plan.finish();
}

async function keepOwners(
  context: RunContext,
  plan: PlanBuilder,
  ids: readonly string[],
  neverCounted: ReadonlySet<string>,
): Promise<void> {
  const { engine, directory, run } = context;
  const { db } = engine.store;
  const stored = await appUsersByIds(db, directory.name, ids);
  const owners = new Map(stored.map((one) => [one.externalId, one]));
  const userIds = stored.flatMap((one) => one.userId ?? []);
  const logins = new Map((await usersByIds(db, userIds)).map((user) => [user.id, user.login]));
  const rows = await plannedFor(db, run.id, "external_id", ids);
  const off = await switchedOff(
    context,
    stored.map((appUser) => ({ appUser, problem: duplicateId(appUser.externalId, appUser.dn) })),
  );
  const kept = (id: string, dn: string): PlannedChange => {
    const over = off.get(id);
    if (over !== undefined) return over;
    const owner = owners.get(id);
    const person = owner === undefined ? null : personOf(owner, logins);
    const problem = duplicateId(id, dn);
    return decideUnusable(directory.name, { id, dn, problem, person, told: false });
  };
  await replace(context, plan, rows, ({ externalId, dn }) => kept(externalId ?? "", dn));
  const planned = new Set(rows.map((row) => row.planned.externalId));
  for (const { externalId, dn, setAside } of stored) {
    if (planned.has(externalId)) continue;
    // It was found unchanged before the other one came.
    if (!neverCounted.has(externalId)) plan.count(setAside ? "ignored" : "unchanged", -1);
    await plan.add(kept(externalId, dn));
  }
}

function personOf(appUser: StoredAppUser, logins: ReadonlyMap<string, string>) {
  return { appUser, login: logins.get(appUser.userId ?? "") ?? null };
}

function duplicateId(id: string, dn: string): Problem {
  const message = `${dn} and another entry of this read have the same identifier ${id}.`;
  return { code: "entry.duplicateId", field: "id", message };
}

async function linkNobody(
  context: RunContext,
  plan: PlanBuilder,
  users: readonly string[],
): Promise<void> {
  const { engine, run, directory } = context;
  const rows = await plannedFor(engine.store.db, run.id, "app_user_id", users);
  // Whoever was linked before, and came back, is no stranger.
  const strangers = rows.filter(({ planned }) => planned.appUser?.link !== undefined);
  await replace(context, plan, strangers, (planned) => unlinked(directory.name, planned));
}

/** The entry is kept, and belongs to nobody. */
function unlinked(directory: string, planned: PlannedChange): PlannedChange {
  const { appUser, dn, login } = planned;
  const message = `${dn} and another new entry of this read match the user ${login ?? ""}; neither is linked.`;
  const error: Problem = { code: "match.ambiguous", field: "externalId", message };
  return {
    ...planned,
    action: "failed",
    appUser: appUser === null ? null : withoutUser(appUser, error),
    user: null,
    login: null,
    userId: null,
    changes: [],
    error,
    events: [updateFailed(directory, error)],
    lost: false,
    reason: null,
    lookAgain: false,
    claimsLogin: false,
  };
}

function withoutUser({ link: _link, ...write }: AppUserWrite, error: Problem): AppUserWrite {
  return { ...write, userId: null, error };
}

async function replace(
  { engine, run }: RunContext,
  plan: PlanBuilder,
  rows: readonly PlanRow[],
  instead: (planned: PlannedChange) => PlannedChange,
): Promise<void> {
  const changed = rows.map((row) => ({ ...row, planned: instead(row.planned) }));
  for (const [i, { planned }] of changed.entries()) {
    const was = rows[i]?.planned;
    if (was !== undefined) plan.recount(was, planned);
  }
  await replacePlanRows(engine.store.db, "plan", run.id, changed);
}
