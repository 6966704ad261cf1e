import type { DirectorySource } from "../model/directory.ts";
import type { Directory } from "./directory.ts";
import { LdapDirectory } from "./ldap/directory.ts";
import { LdifDirectory } from "./ldif/directory.ts";

/** The agent of a configured directory. Opens nothing yet. */
export function createDirectory(source: DirectorySource): Directory {
  return source.type === "ldif" ? new LdifDirectory(source) : new LdapDirectory(source);
}
