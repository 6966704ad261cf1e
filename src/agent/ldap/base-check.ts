/** Whether the account sees a search base itself: what an answer without people is worth. */
import { RollcallError } from "../../model/errors.ts";
import { parseFilter } from "../filter.ts";
import type { LdapConnection } from "./connection.ts";
import { resultError } from "./result-codes.ts";
import type { LdapScope } from "./scope.ts";
import { searchAll } from "./search-all.ts";

interface Parts {
  readonly connection: LdapConnection;
  readonly scope: LdapScope;
  readonly signal: AbortSignal;
}

const ANYTHING = parseFilter("(objectClass=*)");

/** @throws RollcallError if the server says that there is no such entry, or that it may not be read */
export async function isReadable(
  { connection, scope, signal }: Parts,
  dn: string,
): Promise<boolean> {
  const request = scope.request(dn, ANYTHING, ["1.1"]);
  let found = false;
  const result = await searchAll(
    connection,
    { ...request, scope: "base", pageSize: null },
    { entry: () => (found = true) },
    signal,
  );
  if (result.code !== 0) throw resultError(connection, `searching ${dn}`, result);
  return found;
}

/**
 * Whether a base can be read, behind a search that found so many people below it. Some servers
 * answer with success and nobody where they should say that there is no such base, or no
 * permission (389 does).
 * @throws RollcallError `ldap.baseUnreadable` if nobody was found and the base cannot be read
 */
export async function seesBase(parts: Parts, base: string, people: number): Promise<boolean> {
  const readable = await isReadable(parts, base).catch((error: unknown) => {
    // Whoever sees people below a base that it may not see itself sees people all the same.
    if (people > 0 && isAboutBase(error)) return false;
    throw error;
  });
  if (readable || people > 0) return readable;
  const message = `${parts.connection.url} answered the search below ${base} with success and without people, but ${base} itself cannot be read: it does not exist, or the account may not see it.`;
  throw new RollcallError("ldap.baseUnreadable", message);
}

function isAboutBase(error: unknown): boolean {
  const codes = ["ldap.baseNotFound", "ldap.insufficientAccess"];
  return error instanceof RollcallError && codes.includes(error.code);
}
