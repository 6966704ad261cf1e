import type { Client } from "ldapts";

/**
 * Names of all attributes that the server's schema has, in lower case (RFC 4512 section 4.2); null
 * if it does not show its schema, or not the whole of it.
 */
export async function schemaAttributes(client: Client): Promise<ReadonlySet<string> | null> {
  const root = await readEntry(client, "", "subschemaSubentry");
  const [place] = root.get("subschemasubentry") ?? [];
  if (place === undefined) return null;
  const entry = await readEntry(client, place, "attributeTypes");
  // Active Directory gives many values in parts (`attributetypes;range=…`).
  const types = entry.get("attributetypes") ?? [];
  const names = types.flatMap(namesOf);
  return names.length === 0 ? null : new Set(names.map((name) => name.toLowerCase()));
}

async function readEntry(
  client: Client,
  dn: string,
  attribute: string,
): Promise<Map<string, string[]>> {
  const attributes = [attribute];
  const request = { scope: "base", filter: "(objectClass=*)", attributes, timeLimit: 0 } as const;
  const { searchEntries } = await client.search(dn, request);
  return new Map(
    Object.entries(searchEntries[0] ?? {}).map(([name, value]) => {
      const values = Array.isArray(value) ? value : [value];
      return [name.toLowerCase(), values.map(String)];
    }),
  );
}

/** `( 2.5.4.3 NAME ( 'cn' 'commonName' ) …)` (RFC 4512 section 4.1.2). */
function namesOf(type: string): string[] {
  const [, one, many = ""] = /\bNAME\s+(?:'([^']+)'|\(([^)]*)\))/.exec(type) ?? [];
  return one === undefined
    ? [...many.matchAll(/'([^']+)'/g)].map((match) => match[1] ?? "")
    : [one];
}
