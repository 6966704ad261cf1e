import type { DirectorySource, IdentitySource } from "../model/directory.ts";
import type { BroughtEntries } from "../model/identity-source.ts";
import type { Directory } from "./directory.ts";

/** A directory that is somewhere else. */
export type ForeignSource = Exclude<DirectorySource, IdentitySource>;

/**
 * The agent of a directory whose entries lie in our own database.
 * @param entries how they are read
 */
export async function createIdentitySource(
  source: IdentitySource,
  entries: BroughtEntries,
): Promise<Directory> {
  const { IdentitySourceDirectory } = await import("./identity-source/directory.ts");
  return new IdentitySourceDirectory(source, entries);
}

/**
 * The agent of a configured directory, loaded only now. Opens nothing yet.
 * @param mapped the attributes that mappings and matching read of it
 * @throws RollcallError `ldap.filterInvalid`
 */
export async function createDirectory(
  source: ForeignSource,
  mapped: readonly string[],
): Promise<Directory> {
  switch (source.type) {
    case "csv": {
      const { CsvDirectory } = await import("./csv/directory.ts");
      return new CsvDirectory(source, mapped);
    }
    case "ldif": {
      const { LdifDirectory } = await import("./ldif/directory.ts");
      return new LdifDirectory(source);
    }
    case "ldap":
    case "active-directory": {
      const { LdapDirectory } = await import("./ldap/directory.ts");
      return new LdapDirectory(source);
    }
  }
}
