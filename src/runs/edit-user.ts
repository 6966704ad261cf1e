/**
 * Users without a directory, and what of a user no directory gives. Each edit is one transaction:
 * the user, its history (as a run of kind `edit`) and its events.
 */
import type { Engine } from "../engine/engine.ts";
import { findUser } from "../engine/people/find-user.ts";
import { closest } from "../lib/lines.ts";
import { uuidV7 } from "../lib/uuid.ts";
import type { AskedBy } from "../model/asked-by.ts";
import { RollcallError, type ErrorCode, type Problem } from "../model/errors.ts";
import type { EventType } from "../model/event-messages.ts";
import { STATUS_STEPS, type StatusStep } from "../model/user.ts";
import type { EventDraft } from "../model/event.ts";
import { NO_COUNTS, type AttributeChange, type RunChange } from "../model/run.ts";
import { type User, type UserStatus, loginKey } from "../model/user.ts";
import { decideEdit, UNKNOWN_ATTRIBUTE, type Edits } from "../reconciler/decide-edit.ts";
import type { Rules } from "../reconciler/rules.ts";
import { BY_HAND } from "../reconciler/standing.ts";
import { loginTaken, valueTaken } from "../reconciler/taken.ts";
import { linksOf } from "../reconciler/writes.ts";
import { appUsersOfUsers, type StoredAppUser } from "../store/app-users.ts";
import type { Trx } from "../store/connection.ts";
import { transact } from "../store/database.ts";
import { deleteUser, lockUser, noteEdit, saveUser } from "../store/edits.ts";
import { insertEdit } from "../store/runs.ts";
import { isDataFault, sqlState } from "../store/sql-state.ts";
import { appendEvents } from "../store/system-log.ts";
import { ensureUnique, holderOfValue } from "../store/unique-values.ts";
import { userByLoginKey } from "../store/users.ts";

export interface EditResult {
  readonly user: User;
  readonly changes: readonly AttributeChange[];
  readonly run: string;
  /** What to know about it besides. */
  readonly remarks: readonly string[];
}

/** @throws RollcallError `user.invalid` with every problem */
export async function createUser(
  engine: Engine,
  values: Edits,
  status: "active" | "staged",
  by: AskedBy,
): Promise<EditResult> {
  return await edit(engine, by, async (trx) => {
    const { rules } = engine;
    const { profile, sources, problems, changes } = decideEdit(rules, null, new Map(), values);
    const id = uuidV7();
    const login = String(profile["login"] ?? "");
    const user: User = { id, login, status, statusBy: null, profile, sources, version: 1 };
    await refuseInvalid(trx, rules, values, { user, problems });
    await saveUser(trx, user, rules.unique, claimedBy(rules, changes));
    const active = status === "active" ? [eventOf("user.lifecycle.activate", user)] : [];
    const events = [eventOf("user.lifecycle.create", user), ...active];
    return { user, action: "created", changes, events, remarks: [] };
  });
}

export interface EditRequest {
  readonly values: Edits;
  /** Of the user that the edit was made for; null: whatever it is now. */
  readonly version?: number | null;
}

/**
 * Sets and takes away values. @param who a login or a user's id
 * @throws RollcallError `user.notFound`, `user.invalid`, `user.owned`
 */
export async function editUser(
  engine: Engine,
  who: string,
  { values, version = null }: EditRequest,
  by: AskedBy,
): Promise<EditResult> {
  return await edit(engine, by, async (trx) => {
    const { rules } = engine;
    const before = await locked(trx, who);
    if (version !== null && before.version !== version)
      throw new RollcallError("user.changed", `${before.login} was changed by somebody else.`);
    const appUsers = await linkedTo(trx, rules, before);
    const links = linksOf(appUsers, null, {});
    const { profile, sources, problems, changes } = decideEdit(rules, before, links, values);
    const login = String(profile["login"] ?? before.login);
    const user: User = { ...before, login, profile, sources, version: before.version + 1 };
    await refuseInvalid(trx, rules, values, { user, problems });
    if (changes.length === 0)
      return { user: before, action: "unchanged", changes, events: [], remarks: [] };
    await saveUser(trx, user, rules.unique, claimedBy(rules, changes));
    const attributes = changes.map((change) => change.attribute).join(",");
    const data = { attributes, sources: "okta", changes };
    return {
      user,
      action: "updated",
      changes,
      events: [eventOf("user.account.update_profile", user, data)],
      remarks: [],
    };
  });
}

/** @throws RollcallError `user.notFound`, `user.wrongStatus` */
export async function changeStatus(
  engine: Engine,
  who: string,
  step: StatusStep,
  by: AskedBy,
): Promise<EditResult> {
  const { from, to, event } = STATUS_STEPS[step];
  return await edit(engine, by, async (trx) => {
    const before = await locked(trx, who);
    // Whom an import took the access away, a person may keep out as well.
    const keeps = before.status === to && to !== "active" && before.statusBy !== BY_HAND;
    if (!keeps && !(from as readonly UserStatus[]).includes(before.status)) {
      const message = `${before.login} is ${before.status}; ${step} is for users who are ${from.join(" or ")}.`;
      throw new RollcallError("user.wrongStatus", message);
    }
    const statusBy = to === "active" ? null : BY_HAND;
    const user: User = { ...before, status: to, statusBy, version: before.version + 1 };
    await saveUser(trx, user, engine.rules.unique, []);
    const changes = keeps ? [] : [{ attribute: "status", from: before.status, to, source: "okta" }];
    const appUsers = to === "active" ? await linkedTo(trx, engine.rules, user) : [];
    const remarks = appUsers
      .filter((one) => one.status === "disabled")
      .map(
        (one) =>
          `${one.directory} still shows the person as disabled; when it decides about the person again (the entry changes, or a force sync), its word counts.`,
      );
    const data = { from: before.status, to };
    return { user, action: "updated", changes, events: [eventOf(event, user, data)], remarks };
  });
}

/** Deletes a deactivated user whom no directory shows. @throws RollcallError `user.wrongStatus` */
export async function removeUser(engine: Engine, who: string, by: AskedBy): Promise<EditResult> {
  return await edit(engine, by, async (trx) => {
    const user = await locked(trx, who);
    if (user.status !== "deprovisioned") {
      const message = `${user.login} is ${user.status}; only deactivated users can be deleted.`;
      throw new RollcallError("user.wrongStatus", message);
    }
    const [link] = await appUsersOfUsers(trx, [user.id]);
    if (link !== undefined) {
      const message = `${link.directory} still has ${user.login} in its scope, and would make the user anew; unlink the entry first.`;
      throw new RollcallError("user.wrongStatus", message);
    }
    await deleteUser(trx, user.id);
    const events = [eventOf("user.lifecycle.delete.completed", user)];
    return { user, action: "removed", changes: [], events, remarks: [] };
  });
}

/** Unique attributes that an edit gives a new value. */
function claimedBy({ unique }: Rules, changes: readonly AttributeChange[]): string[] {
  return unique.filter((name) => changes.some((one) => one.attribute === name && one.to !== null));
}

interface Done extends Pick<EditResult, "user" | "changes" | "remarks"> {
  readonly action: RunChange["action"];
  readonly events: readonly EventDraft[];
}

/** Does an edit and writes it down; one that changes nothing leaves no trace. */
async function edit(
  engine: Engine,
  { actor }: AskedBy,
  work: (trx: Trx) => Promise<Done>,
): Promise<EditResult> {
  await ensureUnique(engine.store.db, engine.rules.unique);
  const id = uuidV7();
  try {
    return await transact(engine.store, async (trx) => {
      const { user, action, changes, events, remarks } = await work(trx);
      if (action === "unchanged") return { user, changes, run: id, remarks };
      await insertEdit(trx, id, actor, { ...NO_COUNTS, read: 1, [action]: 1 });
      await noteEdit(trx, id, user, { action, changes });
      await appendEvents(trx, id, actor, events);
      return { user, changes, run: id, remarks };
    });
  } catch (thrown) {
    if (sqlState(thrown) === "23505") {
      const message = "Somebody else took the login, or a unique value, in the same moment.";
      throw new RollcallError("user.changed", message, { cause: thrown });
    }
    if (isDataFault(thrown)) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      throw new RollcallError("user.invalid", `The database refuses a value: ${reason}.`, {
        cause: thrown,
      });
    }
    throw thrown;
  }
}

async function locked(trx: Trx, who: string): Promise<User> {
  const { id, login } = await findUser(trx, who);
  const user = await lockUser(trx, id);
  if (user === null) throw new RollcallError("user.changed", `${login} was deleted just now.`);
  return user;
}

async function linkedTo(trx: Trx, rules: Rules, { id }: User): Promise<StoredAppUser[]> {
  const all = await appUsersOfUsers(trx, [id]);
  return all.filter((one) => rules.directories.has(one.directory));
}

/** @throws RollcallError with all problems, also that somebody else has the login or a unique value */
async function refuseInvalid(
  trx: Trx,
  rules: Rules,
  edits: Edits,
  { user, problems }: { readonly user: User; readonly problems: readonly Problem[] },
): Promise<void> {
  const all = [...problems];
  const holder = await userByLoginKey(trx, loginKey(user.login));
  if (holder !== null && holder.id !== user.id)
    all.push(loginTaken({ login: user.login, holder: holder.login }));
  for (const attribute of rules.unique) {
    const value = user.profile[attribute];
    if (value === undefined || !edits.has(attribute)) continue;
    const other = await holderOfValue(trx, attribute, String(value), user.id);
    if (other !== null) all.push(valueTaken({ attribute, value: String(value), holder: other }));
  }
  const [first] = all;
  if (first === undefined) return;
  const names = [...rules.schema.keys()];
  const details = all.map(({ code, field, message }) => {
    const meant = rules.schema.has(field) ? undefined : closest(field, names);
    return `${message}${meant === undefined ? "" : `; do you mean ${meant}?`} (${code}, ${field})`;
  });
  const [code, message] = refusalOf(all);
  throw new RollcallError(code, `${message} Nothing was changed.`, { details, problems: all });
}

function refusalOf(problems: readonly Problem[]): readonly [ErrorCode, string] {
  const all = (code: string): boolean => problems.every((problem) => problem.code === code);
  if (all(UNKNOWN_ATTRIBUTE)) return ["usage.invalid", "There is no such attribute."];
  if (all("user.owned")) return ["user.owned", "A directory owns what was to be changed."];
  return ["user.invalid", "The values are not a valid user profile."];
}

function eventOf(
  eventType: EventType,
  { id, login }: User,
  debugData: Readonly<Record<string, unknown>> = {},
): EventDraft {
  const target = [{ id, type: "User", alternateId: login, displayName: login }];
  return { eventType, severity: "INFO", outcome: { result: "SUCCESS" }, target, debugData };
}
