import type { AttributeChange } from "../model/run.ts";
import type { AppUser, User } from "../model/user.ts";

/** A user as lists of `--json` print one. */
export function userDocument({ id, login, status, profile }: User) {
  return { id, login, status, profile };
}

/** A user with whose the values are, and everything that is kept of the person. */
export function userWithAppUsersDocument(
  user: User,
  appUsers: readonly Omit<AppUser, "setAside" | "byRule">[],
) {
  const kept = appUsers.map(({ directory, externalId, dn, status, profile, error }) => {
    return { directory, externalId, dn, status, profile, error };
  });
  return { ...userDocument(user), sources: user.sources, appUsers: kept };
}

/** What an edit by hand did to a user, and the run that tells of it. */
export function editDocument(user: User, changes: readonly AttributeChange[], run: string) {
  return { ...userDocument(user), changes, run };
}
