import type { PlannedChange } from "../../model/plan.ts";
import type { Kept } from "../../reconciler/decide-failure.ts";
import { appUsersByIds } from "../../store/app-users.ts";
import type { Connection, Trx } from "../../store/connection.ts";
import type { PlanRow } from "../../store/plan.ts";
import { usersByIds } from "../../store/users.ts";

/** What the store holds now of people whose planned change fails. */
export async function loadStored(
  db: Connection | Trx,
  directory: string,
  rows: readonly PlanRow[],
): Promise<(planned: PlannedChange) => Kept> {
  const ids = rows.flatMap(({ planned }) => planned.externalId ?? []);
  const userIds = rows.flatMap(({ planned }) => planned.userId ?? []);
  const appUsers = new Map(
    (await appUsersByIds(db, directory, ids)).map((one) => [one.externalId, one]),
  );
  const users = new Map((await usersByIds(db, userIds)).map((user) => [user.id, user]));
  return ({ externalId, userId }) => ({
    appUser: appUsers.get(externalId ?? "") ?? null,
    user: users.get(userId ?? "") ?? null,
  });
}
