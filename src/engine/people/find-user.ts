import { isUuid } from "../../lib/uuid.ts";
import { RollcallError } from "../../model/errors.ts";
import { loginKey, type User } from "../../model/user.ts";
import type { Connection, Trx } from "../../store/connection.ts";
import { userByLoginKey, usersByIds } from "../../store/users.ts";

/** @param who a login, without regard to case, or a user's id. @throws RollcallError `user.notFound` */
export async function findUser(db: Connection | Trx, who: string): Promise<User> {
  const user = await userOrNull(db, who);
  if (user === null)
    throw new RollcallError("user.notFound", `There is no user ${who}.`, { field: who });
  return user;
}

/** @param who a login, without regard to case, or a user's id @throws RollcallError `usage.invalid` */
export async function userOrNull(db: Connection | Trx, who: string): Promise<User | null> {
  // No database keeps such a text, so nobody is called so.
  if (who.includes("\0") || !who.isWellFormed()) return null;
  const byLogin = await userByLogin(db, who);
  return byLogin ?? (isUuid(who) ? ((await usersByIds(db, [who]))[0] ?? null) : null);
}

/**
 * Two users whose logins are one name, from before they were compared so, keep the keys of then: who
 * is meant is told by the exact login, and never guessed.
 */
async function userByLogin(db: Connection | Trx, who: string): Promise<User | null> {
  const [key, before] = [loginKey(who), who.normalize("NFC").toLowerCase()];
  const byKey = await userByLoginKey(db, key);
  if (before === key) return byKey;
  const byFormer = await userByLoginKey(db, before);
  if (byKey === null || byFormer === null || byKey.id === byFormer.id) return byKey ?? byFormer;
  const exact = [byKey, byFormer].find((user) => user.login === who);
  if (exact !== undefined) return exact;
  const message = `${who} may be ${byKey.id} (${byKey.login}) or ${byFormer.id} (${byFormer.login}); name the user by the id.`;
  throw new RollcallError("usage.invalid", message);
}
