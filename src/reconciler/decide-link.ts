/** What becomes of a person whose link somebody cuts by hand. Pure. */
import type { PlannedChange } from "../model/plan.ts";
import type { AppUser, LinkOrigin, User } from "../model/user.ts";
import { decideRemoval } from "./decide-removal.ts";
import type { Context, Known } from "./decide.ts";
import { diffProfiles } from "./diff.ts";
import * as events from "./events.ts";
import { losesAccess, writeUser } from "./writes.ts";

/**
 * Cuts the link between an entry and its user. The entry stays in the directory's scope and is set
 * aside, so that the next import does not link it again; for the user it is as if the entry had
 * left: the next source takes over, with its values, or `onRemoval` decides.
 * @param keepStatus leaves the user's status as it is
 */
export function decideUnlink(
  context: Context,
  appUser: AppUser,
  known: Known & { readonly user: User },
  link: LinkOrigin,
  keepStatus: boolean,
): PlannedChange {
  const { user } = known;
  const removal = decideRemoval(context, appUser, known, "gone");
  const after = removal.user ?? user;
  const { status: nextStatus, statusBy } = keepStatus ? user : after;
  const standing = { status: nextStatus, statusBy };
  const write = writeUser(user, after, standing);
  const { status: from } = user;
  const changes = [
    ...diffProfiles(user, after),
    ...(from === standing.status
      ? []
      : [{ attribute: "status", from, to: standing.status, source: "okta" }]),
  ];
  const { dn, status, profile } = appUser;
  const lost = losesAccess(user, standing);
  return {
    ...removal,
    action: "updated",
    appUser: { dn, status, profile, hash: "", userId: null, error: null, link },
    user: write,
    changes,
    events: [
      events.linkCut(link.by ?? ""),
      ...removal.events.filter(
        // Told by the status that comes of it, which may be another one than that of a removal.
        (event) => event.type !== "system.import.user.delete" && !events.isOfStatus(event),
      ),
      ...events.statusChanged(user.status, standing.status),
    ],
    lost,
    reason: "unlinked",
  };
}
