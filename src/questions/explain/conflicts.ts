import type { Engine } from "../../engine/engine.ts";
import type { Problem } from "../../model/errors.ts";
import { loginKey } from "../../model/user.ts";
import type { Resolved } from "../../reconciler/source-priority.ts";
import { loginTaken, valueTaken } from "../../reconciler/taken.ts";
import { holderOfValue } from "../../store/unique-values.ts";
import { userByLoginKey } from "../../store/users.ts";

const NOBODY = "00000000-0000-0000-0000-000000000000";

/**
 * Logins and unique values of a profile that somebody else has.
 * @param id of its user; null if it has none yet
 */
export async function conflictsOf(
  { store: { db }, rules }: Engine,
  id: string | null,
  { profile }: Pick<Resolved, "profile">,
): Promise<Problem[]> {
  const conflicts: Problem[] = [];
  const login = String(profile["login"] ?? "");
  const holder = login === "" ? null : await userByLoginKey(db, loginKey(login));
  if (holder !== null && holder.id !== id)
    conflicts.push(loginTaken({ login, holder: holder.login }));
  for (const attribute of rules.unique) {
    const value = profile[attribute];
    const other =
      value === undefined ? null : await holderOfValue(db, attribute, String(value), id ?? NOBODY);
    if (other !== null)
      conflicts.push(valueTaken({ attribute, value: String(value), holder: other }));
  }
  return conflicts;
}
