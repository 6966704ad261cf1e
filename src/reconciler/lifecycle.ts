import type { AppUserStatus, User, UserStatus } from "../model/user.ts";
import type { OnRemoval } from "../model/settings.ts";

export interface Standing {
  readonly status: UserStatus;
  readonly statusBy: string | null;
}

const AFTER_LOSS: Readonly<Record<OnRemoval, UserStatus>> = {
  deactivate: "deprovisioned",
  suspend: "suspended",
  keep: "active",
};

/**
 * The status of a user after its profile source was heard. Only the profile source decides; what
 * an import took away, the same directory gives back when the person returns. A status that no
 * import gave is left alone.
 * @param standing what the profile source says of the person
 */
export function nextStanding(
  user: Pick<User, "status" | "statusBy"> | null,
  directory: string,
  onRemoval: OnRemoval,
  standing: AppUserStatus,
): Standing {
  const now: Standing =
    user === null
      ? { status: "active", statusBy: null }
      : { status: user.status, statusBy: user.statusBy };
  if (standing === "active") {
    return now.statusBy === directory ? { status: "active", statusBy: null } : now;
  }
  if (now.status !== "active" || onRemoval === "keep") return now;
  return { status: AFTER_LOSS[onRemoval], statusBy: directory };
}
