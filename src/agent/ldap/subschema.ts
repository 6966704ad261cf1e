import type { LdapConnection } from "./connection.ts";
import { readAbout } from "./read-about.ts";

/**
 * Names of all attributes that the server's schema has, in lower case (RFC 4512 section 4.2); null
 * if it does not show its schema, or not the whole of it.
 */
export async function schemaAttributes(
  connection: LdapConnection,
  signal: AbortSignal,
): Promise<ReadonlySet<string> | null> {
  const root = await readAbout(connection, "", ["subschemaSubentry"], signal);
  const [place] = root.get("subschemasubentry") ?? [];
  if (place === undefined) return null;
  const entry = await readAbout(connection, place, ["attributeTypes"], signal);
  // Active Directory gives many values in parts (`attributetypes;range=…`).
  const types = entry.get("attributetypes") ?? [];
  const names = types.flatMap(namesOf);
  return names.length === 0 ? null : new Set(names.map((name) => name.toLowerCase()));
}

/** `( 2.5.4.3 NAME ( 'cn' 'commonName' ) …)` (RFC 4512 section 4.1.2). */
function namesOf(type: string): string[] {
  const [, behind] = type.split(/\sNAME\s/, 2);
  if (behind === undefined) return [];
  const list = behind.trimStart();
  const names = list.startsWith("(") ? list.slice(0, list.indexOf(")")) : list;
  // What stands between two quotation marks is every other piece.
  const quoted = names.split("'").filter((_, i) => i % 2 === 1);
  return list.startsWith("(") ? quoted : quoted.slice(0, 1);
}
