/** Single entries in which a server tells about itself: its root DSE, its schema. */
import { parseFilter } from "../filter.ts";
import type { LdapConnection } from "./connection.ts";
import { resultError } from "./result-codes.ts";
import { searchAll, type SmallEntry } from "./search-all.ts";

/** Values by the attribute's name in lower case; empty if the entry cannot be seen. */
export type About = ReadonlyMap<string, readonly string[]>;

const ANYTHING = parseFilter("(objectClass=*)");

/** @throws RollcallError if the connection or the search fails */
export async function readAbout(
  connection: LdapConnection,
  dn: string,
  attributes: readonly string[],
  signal: AbortSignal,
): Promise<About> {
  const found = new Map<string, readonly string[]>();
  const entry = (one: SmallEntry): void => {
    for (const name of one.names)
      found.set(
        name.toLowerCase(),
        one.values(name).map((value) => value.toString("utf8")),
      );
  };
  const request = { base: dn, scope: "base", filter: ANYTHING, attributes } as const;
  const single = { ...request, pageSize: null, domainScope: false };
  const result = await searchAll(connection, single, { entry }, signal);
  const doing = dn === "" ? "telling about itself" : `searching ${dn}`;
  if (result.code !== 0) throw resultError(connection, doing, result);
  return found;
}
