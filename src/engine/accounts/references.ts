import { isUuid } from "../../lib/uuid.ts";
import { loginKey } from "../../model/user.ts";
import { dnKey } from "../../model/dn.ts";
import { accountsOf } from "../../store/accounts.ts";
import { appUsersByDns } from "../../store/app-users.ts";
import { usersByIds, usersByValue } from "../../store/users.ts";
import type { Engine } from "../engine.ts";

/**
 * The app's own ids of users whom values name: by our id, by their login, or by the DN of an entry,
 * as a directory's `manager` does. Whoever has no account in the app is not among them.
 */
export async function resolveUsers(
  { store, directories }: Engine,
  app: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { db } = store;
  const users = new Map<string, string>();
  const dns = names.filter((name) => name.includes("="));
  if (dns.length > 0) {
    const wanted = [...new Set(dns.flatMap((dn) => [dn, dnKey(dn)]))];
    for (const directory of directories.keys()) {
      const found = await appUsersByDns(db, directory, wanted);
      const byKey = new Map(found.map((one) => [dnKey(one.dn), one.userId]));
      for (const dn of dns) {
        const userId = byKey.get(dnKey(dn));
        if (userId != null) users.set(dn, userId);
      }
    }
  }
  const ids = names.filter(isUuid);
  for (const { id } of await usersByIds(db, ids)) users.set(id, id);
  const logins = Map.groupBy(names, loginKey);
  for (const { value, user } of await usersByValue(db, "login", [...logins.keys()]))
    for (const name of logins.get(value) ?? []) users.set(name, user.id);
  const accounts = await accountsOf(db, app, [...new Set(users.values())]);
  return new Map(
    [...users].flatMap(([name, userId]) => {
      const externalId = accounts.get(userId)?.externalId ?? null;
      return externalId === null ? [] : [[name, externalId]];
    }),
  );
}
