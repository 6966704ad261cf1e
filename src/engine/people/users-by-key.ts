/** Whom values find: the questions of matching rules to the store, asked for many people at once. */
import type { User } from "../../model/user.ts";
import type { MatchKey } from "../../reconciler/match.ts";
import type { Connection } from "../../store/connection.ts";
import { usersByValue } from "../../store/users.ts";

/** A value that users may have, as it is compared. */
export type ValueKey = Pick<MatchKey, "attribute" | "value">;

/** Finds users by one of the keys that were asked for. */
export type UsersByKey = (key: ValueKey) => readonly User[];

export async function loadUsersByKey(
  db: Connection,
  keys: readonly ValueKey[],
): Promise<UsersByKey> {
  const found = new Map<string, User[]>();
  for (const [attribute, asked] of Map.groupBy(keys, (key) => key.attribute)) {
    const values = [...new Set(asked.map((key) => key.value))];
    for (const { value, user } of await usersByValue(db, attribute, values)) {
      const key = keyText({ attribute, value });
      found.set(key, [...(found.get(key) ?? []), user]);
    }
  }
  return (key) => found.get(keyText(key)) ?? [];
}

function keyText({ attribute, value }: ValueKey): string {
  return `${attribute} ${value}`;
}
