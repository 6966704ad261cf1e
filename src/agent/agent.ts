import type { DirectorySource } from "../model/directory.ts";
import type { Directory } from "./directory.ts";

/**
 * The agent of a configured directory, loaded only now. Opens nothing yet.
 * @param mapped the attributes that mappings and matching read of it
 * @throws RollcallError `ldap.filterInvalid`
 */
export async function createDirectory(
  source: DirectorySource,
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
