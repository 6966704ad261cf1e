import { RollcallError } from "../../model/errors.ts";
import { loginKey, type User } from "../../model/user.ts";
import type { Connection, Trx } from "../../store/connection.ts";
import { userByLoginKey, usersByIds } from "../../store/users.ts";

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @param who a login, without regard to case, or a user's id. @throws RollcallError `user.notFound` */
export async function findUser(db: Connection | Trx, who: string): Promise<User> {
  const user = await userOrNull(db, who);
  if (user === null) throw new RollcallError("user.notFound", `There is no user ${who}.`);
  return user;
}

/** @param who a login, without regard to case, or a user's id */
export async function userOrNull(db: Connection | Trx, who: string): Promise<User | null> {
  const byLogin = await userByLoginKey(db, loginKey(who));
  return byLogin ?? (UUID.test(who) ? ((await usersByIds(db, [who]))[0] ?? null) : null);
}
