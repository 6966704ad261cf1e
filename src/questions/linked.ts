/** People of a directory who have a user, as they are listed. */
import { configuredDirectory } from "../engine/directories.ts";
import type { Engine } from "../engine/engine.ts";
import type { AppUser } from "../model/user.ts";
import { linkedPage, type LinkedQuery } from "../store/linked.ts";

export type { LinkedQuery } from "../store/linked.ts";

/** An app user with the user that it belongs to. */
export interface LinkedAppUser extends AppUser {
  readonly userId: string;
  readonly login: string;
  /** ISO 8601. */
  readonly importedAt: string;
}

/** A page in order of the users' ids. @throws RollcallError `config.unknownDirectory` */
export async function listLinked(
  engine: Engine,
  directory: string,
  query: LinkedQuery,
): Promise<LinkedAppUser[]> {
  configuredDirectory(engine, directory);
  return await linkedPage(engine.store.db, directory, query);
}

/** Null: the user has no entry in the directory's scope. */
export async function linkedOf(
  engine: Engine,
  directory: string,
  userId: string,
): Promise<LinkedAppUser | null> {
  configuredDirectory(engine, directory);
  const query = { userId, after: null, prefix: null, limit: 1 };
  const [found = null] = await linkedPage(engine.store.db, directory, query);
  return found;
}
