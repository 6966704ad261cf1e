import { isUuid } from "../../lib/uuid.ts";
import { RollcallError } from "../../model/errors.ts";
import { loginKey, type User } from "../../model/user.ts";
import type { Connection, Trx } from "../../store/connection.ts";
import { usersNamed, type Named, type UserNames } from "../../store/users.ts";

/** @param who a login, without regard to case, or a user's id. @throws RollcallError `user.notFound` */
export async function findUser(db: Connection | Trx, who: string): Promise<User> {
  const user = await userOrNull(db, who);
  if (user === null)
    throw new RollcallError("user.notFound", `There is no user ${who}.`, { field: who });
  return user;
}

/** @param who a login, without regard to case, or a user's id @throws RollcallError `usage.invalid` */
export async function userOrNull(db: Connection | Trx, who: string): Promise<User | null> {
  const names = namesOf(who);
  return names === null ? null : whoIsMeant(who, await usersNamed(db, names));
}

/** How a user may be stored whom somebody calls so; null: nobody can be called so. */
export function namesOf(who: string): UserNames | null {
  // No database keeps such a text.
  if (who.includes("\0") || !who.isWellFormed()) return null;
  return { keys: [loginKey(who), formerKey(who)], id: isUuid(who) ? who : null };
}

function formerKey(who: string): string {
  return who.normalize("NFC").toLowerCase();
}

/**
 * A login comes before an id. Two users whose logins are one name, from before they were compared
 * so, keep the keys of then: who is meant is told by the exact login, and never guessed.
 * @throws RollcallError `usage.invalid`
 */
export function whoIsMeant<U extends User>(who: string, found: readonly Named<U>[]): U | null {
  const by = (key: string): U | null => found.find((one) => one.key === key)?.user ?? null;
  const [byKey, byFormer] = [by(loginKey(who)), by(formerKey(who))];
  if (byKey === null || byFormer === null || byKey.id === byFormer.id)
    return byKey ?? byFormer ?? found[0]?.user ?? null;
  const exact = [byKey, byFormer].find((user) => user.login === who);
  if (exact !== undefined) return exact;
  const message = `${who} may be ${byKey.id} (${byKey.login}) or ${byFormer.id} (${byFormer.login}); name the user by the id.`;
  throw new RollcallError("usage.invalid", message);
}
