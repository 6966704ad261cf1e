/** Assignment of persons to an app, by hand. It takes effect with the next push. */
import { configuredApp } from "../engine/apps.ts";
import type { Engine } from "../engine/engine.ts";
import { findUser } from "../engine/people/find-user.ts";
import type { AskedBy } from "../model/asked-by.ts";
import type { User } from "../model/user.ts";
import { assign, unassign } from "../store/assignments.ts";
import { transact } from "../store/database.ts";
import { appendEvents } from "../store/system-log.ts";
import * as events from "./sending/events.ts";

export interface Assigned {
  /** Logins that are assigned by hand now, or no longer. */
  readonly changed: readonly string[];
  /** Those that had been so before. */
  readonly unchanged: readonly string[];
}

/**
 * Assigns persons to an app, or ends what assigned them by hand; all or nobody.
 * @param people logins of users, or their ids
 * @throws RollcallError `user.notFound`, `config.unknownApp`
 */
export async function assignByHand(
  engine: Engine,
  name: string,
  asked: { readonly people: readonly string[]; readonly assigned: boolean },
  by: AskedBy,
): Promise<Assigned> {
  const app = configuredApp(engine.apps, name);
  const users = new Map<string, User>();
  for (const who of asked.people) {
    const user = await findUser(engine.store.db, who);
    users.set(user.id, user);
  }
  const ids = [...users.keys()];
  const changed = await transact(engine.store, async (trx) => {
    const ofThese = asked.assigned
      ? await assign(trx, name, ids, by.actor.displayName)
      : await unassign(trx, name, ids);
    const told = ofThese.flatMap((id) => users.get(id) ?? []);
    const drafts = told.map((user) => events.assignedByHand(app.settings, user, asked.assigned));
    await appendEvents(trx, null, by.actor, drafts);
    return new Set(ofThese);
  });
  const logins = (has: boolean): string[] =>
    [...users.values()].filter(({ id }) => changed.has(id) === has).map(({ login }) => login);
  return { changed: logins(true), unchanged: logins(false) };
}
