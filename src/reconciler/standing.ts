import type { OnRemoval, Reactivate } from "../model/settings.ts";
import type { AppUserStatus, User, UserStatus } from "../model/user.ts";

export interface Standing {
  readonly status: UserStatus;
  readonly statusBy: string | null;
}

const AFTER_LOSS: Readonly<Record<OnRemoval, UserStatus>> = {
  deactivate: "deprovisioned",
  suspend: "suspended",
  keep: "active",
};

/** Stands for the person who gave a status by hand. */
export const BY_HAND = "okta";

/** What the profile source says of a person. */
export interface SourceStatus {
  readonly name: string;
  readonly onRemoval: OnRemoval;
  readonly reactivate: Reactivate;
  readonly standing: AppUserStatus;
  /** Whether the person came to the directory, came back to it, or was enabled in it just now. */
  readonly arrived: boolean;
}

/**
 * The status of a user after its profile source was heard. Only the profile source decides. What an
 * import took away is given back by the same directory, or by the profile source that the person
 * newly arrives in; not by one that listed the person all the time, because an account that
 * somebody forgot there must not let a leaver back in. A status that no import gave is left alone.
 */
export function nextStanding(
  user: Pick<User, "status" | "statusBy"> | null,
  { name, onRemoval, reactivate, standing, arrived }: SourceStatus,
): Standing {
  const now: Standing =
    user === null
      ? { status: "active", statusBy: null }
      : { status: user.status, statusBy: user.statusBy };
  if (standing === "active") {
    const taken = now.statusBy === name || (arrived && ![null, BY_HAND].includes(now.statusBy));
    const returns = taken && (reactivate as readonly UserStatus[]).includes(now.status);
    return returns ? { status: "active", statusBy: null } : now;
  }
  if (now.status !== "active" || onRemoval === "keep") return now;
  return { status: AFTER_LOSS[onRemoval], statusBy: name };
}
