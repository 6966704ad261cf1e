/**
 * Forgetting a person: everything that is kept of somebody who is in no directory any more. It cannot
 * be undone, so it is refused as long as anything would bring the person back.
 */
import type { Engine } from "../engine/engine.ts";
import { unknownDirectory } from "../engine/directories.ts";
import { findUser } from "../engine/people/find-user.ts";
import { uuidV7 } from "../lib/uuid.ts";
import type { AskedBy } from "../model/asked-by.ts";
import { RollcallError } from "../model/errors.ts";
import type { EventDraft } from "../model/event.ts";
import { NO_COUNTS } from "../model/run.ts";
import type { Trx } from "../store/connection.ts";
import { accountsOfUser } from "../store/accounts.ts";
import { transact } from "../store/database.ts";
import { erase, type Erased } from "../store/forget/erase.ts";
import { FORGOTTEN } from "../store/forget/forgotten.ts";
import {
  formerUsers,
  isPlanned,
  tracesOfEntry,
  tracesOfUser,
  type Trace,
} from "../store/forget/traces.ts";
import { lockUser } from "../store/edits.ts";
import { insertEdit } from "../store/runs.ts";
import { isBrought } from "../store/source-entries.ts";
import { appendEvents } from "../store/system-log.ts";
import { usersByIds } from "../store/users.ts";

/** What was erased, or with a dry run, what would be. */
export interface Forgotten extends Erased {
  readonly run: string | null;
}

interface Person {
  readonly userId: string | null;
  readonly entries: readonly Trace[];
}

/**
 * Forgets a user. @param who a login or a user's id, also of somebody who was deleted
 * @throws RollcallError `user.notFound`, `user.wrongStatus`
 */
export async function forgetUser(
  engine: Engine,
  who: string,
  dryRun: boolean,
  by: AskedBy,
): Promise<Forgotten> {
  return await forget(engine, dryRun, by, async (trx) => {
    const userId = (await liveUser(trx, who)) ?? (await formerUser(trx, who));
    return { userId, entries: await tracesOfUser(trx, userId) };
  });
}

/**
 * Forgets an app profile that belongs to nobody. @param entry with an external id or a DN
 * @throws RollcallError `config.unknownDirectory`, `user.notFound`, `user.wrongStatus`, `usage.invalid`
 */
export async function forgetEntry(
  engine: Engine,
  entry: { readonly directory: string; readonly id: string },
  dryRun: boolean,
  by: AskedBy,
): Promise<Forgotten> {
  return await forget(engine, dryRun, by, async (trx) => {
    const entries = await tracesOfEntry(trx, entry.directory, entry.id);
    const [only, ...others] = entries;
    if (only !== undefined && others.length === 0) {
      await refuseLinked(trx, only);
      return { userId: null, entries };
    }
    if (only !== undefined) {
      const ids = entries.map((one) => one.externalId).join(", ");
      const message = `Several entries of ${entry.directory} had the DN ${entry.id}; name one by its external id: ${ids}.`;
      throw new RollcallError("usage.invalid", message);
    }
    if (!engine.directories.has(entry.directory))
      throw unknownDirectory(engine.directories, entry.directory);
    const message = `${entry.directory} has nobody with the external id or DN ${entry.id} among those who were imported.`;
    throw new RollcallError("user.notFound", message);
  });
}

/** @throws RollcallError `user.wrongStatus` if the entry belongs to somebody */
async function refuseLinked(trx: Trx, { dn, userId }: Trace): Promise<void> {
  if (userId === null) return;
  const [user] = await usersByIds(trx, [userId]);
  if (user === undefined) return;
  const message = `${dn} belongs to ${user.login}; forget the user, if that is who is meant.`;
  throw new RollcallError("user.wrongStatus", message);
}

async function liveUser(trx: Trx, who: string): Promise<string | null> {
  const found = await findUser(trx, who).catch((error: unknown) => {
    if (error instanceof RollcallError && error.code === "user.notFound") return null;
    throw error;
  });
  const user = found === null ? null : await lockUser(trx, found.id);
  if (user === null) return null;
  if (user.status === "deprovisioned") return user.id;
  const message = `${user.login} is ${user.status}; only deactivated users can be forgotten.`;
  throw new RollcallError("user.wrongStatus", message);
}

async function formerUser(trx: Trx, who: string): Promise<string> {
  const [id, ...others] = await formerUsers(trx, who);
  if (id !== undefined && others.length === 0) return id;
  const message =
    id === undefined
      ? `There is no user ${who}, and there is no history of one.`
      : `Several users had the login ${who}: ${[id, ...others].join(", ")}. Name one by the id.`;
  throw new RollcallError("user.notFound", message);
}

async function forget(
  engine: Engine,
  dryRun: boolean,
  { actor }: AskedBy,
  find: (trx: Trx) => Promise<Person>,
): Promise<Forgotten> {
  const run = uuidV7();
  const rehearsed: { erased: Erased | null } = { erased: null };
  try {
    return await transact(engine.store, async (trx) => {
      const { userId, entries } = await find(trx);
      await refuseReturn(engine, trx, { userId, entries });
      if (userId !== null) await refuseAccount(engine, trx, userId);
      const erased = await erase(trx, userId, entries);
      if (dryRun) {
        rehearsed.erased = erased;
        throw new Rehearsed();
      }
      await insertEdit(trx, run, actor, { ...NO_COUNTS, read: 1, removed: 1 });
      await appendEvents(trx, run, actor, [eventOf(userId, erased)]);
      return { ...erased, run };
    });
  } catch (error) {
    if (error instanceof Rehearsed && rehearsed.erased !== null)
      return { ...rehearsed.erased, run: null };
    throw error;
  }
}

/** Takes back what a dry run did. */
class Rehearsed extends Error {}

/** @throws RollcallError `user.wrongStatus` where an import or a plan would bring the person back */
async function refuseReturn(engine: Engine, trx: Trx, { userId, entries }: Person): Promise<void> {
  const present = entries.find((one) => one.status !== "removed");
  if (present !== undefined) {
    const known = engine.directories.has(present.directory)
      ? "the next import would bring the person back; take the entry out of the directory or of its filter first"
      : "a force sync of it cuts its links first";
    const message = `${present.directory} still has ${present.dn} in its scope, and ${known}.`;
    throw new RollcallError("user.wrongStatus", message);
  }
  for (const { directory, externalId, dn } of entries)
    if (await isBrought(trx, directory, externalId)) {
      const message = `${dn} was brought to ${directory} again; have it deleted there first.`;
      throw new RollcallError("user.wrongStatus", message);
    }
  if (await isPlanned(trx, userId, entries)) {
    const message =
      "A run that is held or under way has the person in its plan; decide about it first.";
    throw new RollcallError("user.wrongStatus", message);
  }
}

/** @throws RollcallError `user.wrongStatus` where an app may still let the person in */
async function refuseAccount(engine: Engine, trx: Trx, userId: string): Promise<void> {
  const accounts = await accountsOfUser(trx, userId);
  const open = accounts.find(
    ({ app, state }) => engine.apps.has(app) && (state === "active" || state === "attempted"),
  );
  if (open === undefined) return;
  const message = `The person may still have an active account in ${open.app}, of which nothing would be known any more; push to the app first.`;
  throw new RollcallError("user.wrongStatus", message);
}

/** That somebody was forgotten, and how much; not who. */
function eventOf(userId: string | null, erased: Erased): EventDraft {
  const [type, id] = userId === null ? ["AppUser", FORGOTTEN] : ["User", userId];
  return {
    eventType: "user.lifecycle.delete.completed",
    severity: "INFO",
    outcome: { result: "SUCCESS" },
    target: [{ id, type, alternateId: FORGOTTEN, displayName: FORGOTTEN }],
    debugData: { ...erased, forgotten: true },
  };
}
