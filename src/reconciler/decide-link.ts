/** What becomes of a person whose link somebody cuts by hand. Pure. */
import type { PlannedChange } from "../model/plan.ts";
import type { AppUser, LinkOrigin, User } from "../model/user.ts";
import { decideRemoval } from "./decide-removal.ts";
import type { DecisionContext, Known } from "./decide.ts";
import { diffProfiles } from "./diff.ts";
import * as events from "./events.ts";
import { losesAccess, plannedChange, statusChange, userWrite } from "./writes.ts";

/** A person's decision that an entry and its user do not belong together. */
export interface Unlinking {
  readonly appUser: AppUser;
  readonly known: Known & { readonly user: User };
  /** Who decided it, and when. */
  readonly link: LinkOrigin;
  /** Leaves the user's status as it is. */
  readonly keepStatus: boolean;
}

/**
 * Cuts the link between an entry and its user. The entry stays in the directory's scope and is set
 * aside, so that the next import does not link it again; for the user it is as if the entry had
 * left: the next source takes over, with its values, or `onRemoval` decides.
 */
export function decideUnlink(
  context: DecisionContext,
  { appUser, known, link, keepStatus }: Unlinking,
): PlannedChange {
  const { user } = known;
  const removal = decideRemoval(context, appUser, known, "gone");
  const after = removal.user ?? user;
  const { status: next, statusBy } = keepStatus ? user : after;
  const standing = { status: next, statusBy };
  const { externalId, dn, status, profile, userId } = appUser;
  // Told by the status that comes of it, which may be another one than that of a removal.
  const told = removal.events.filter(
    (event) => event.type !== "system.import.user.delete" && !events.isOfStatus(event),
  );
  return plannedChange(
    { externalId, dn, user },
    {
      action: "updated",
      userId,
      appUser: { dn, status, profile, hash: "", userId: null, error: null, link },
      user: userWrite(user, after, standing),
      changes: [...diffProfiles(user, after), ...statusChange(user, next)],
      events: [events.linkCut(link.by ?? ""), ...told, ...events.statusChanged(user.status, next)],
      lost: losesAccess(user, standing),
      reason: "unlinked",
      lookAgain: removal.lookAgain,
    },
  );
}
