/** Small pieces that every decision is made of. */
import { sameJson } from "../lib/same.ts";
import type { AppProfile } from "../model/entry.ts";
import type { Problem } from "../model/errors.ts";
import type { AppUserWrite, PlannedChange, UserWrite } from "../model/plan.ts";
import { loginKey, type AppUser, type User } from "../model/user.ts";
import type { Resolved } from "./source-priority.ts";
import type { Standing } from "./standing.ts";

export function appUserChanged(before: AppUser | null, after: AppUserWrite): boolean {
  return (
    before === null ||
    before.dn !== after.dn ||
    before.status !== after.status ||
    before.userId !== after.userId ||
    (before.setAside && after.link !== undefined) ||
    (before.error === null) !== (after.error === null) ||
    !sameJson(before.profile, after.profile)
  );
}

/** The message may name somebody else meanwhile; the problem is the same. */
export function sameProblem(a: Problem | null, b: Problem): boolean {
  return a !== null && problemKeys(a) === problemKeys(b);
}

function problemKeys(problem: Problem): string {
  return [problem, ...(problem.others ?? [])].map(({ code, field }) => `${code} ${field}`).join();
}

/** The app profiles that give values: those of other directories, and this one's as just read. */
export function linksOf(
  others: readonly AppUser[],
  directory: string | null,
  profile: AppProfile,
): ReadonlyMap<string, AppProfile> {
  const links = new Map(others.map((other) => [other.directory, other.profile]));
  if (directory !== null) links.set(directory, profile);
  return links;
}

/** The user's new state; null if it is the old one. */
export function writeUser(
  user: User,
  after: Pick<Resolved, "profile" | "sources">,
  standing: Standing,
): UserWrite | null {
  const same =
    user.status === standing.status &&
    user.statusBy === standing.statusBy &&
    sameJson(user.profile, after.profile) &&
    sameJson(user.sources, after.sources);
  if (same) return null;
  const login = String(after.profile["login"] ?? user.login);
  const { id, version: baseVersion } = user;
  const { profile, sources } = after;
  return { id, isNew: false, baseVersion, login, profile, sources, ...standing };
}

/** Whether a planned change claims a login that the person did not have before. */
export function claimsLogin(planned: PlannedChange, before: User | null): boolean {
  if (planned.user === null) return false;
  return (
    planned.user.isNew || before === null || loginKey(before.login) !== loginKey(planned.user.login)
  );
}

export function standingOf(user: User | null): Standing {
  return { status: user?.status ?? "active", statusBy: user?.statusBy ?? null };
}

/** Whoever loses access is counted by the safeguard, whatever the cause. */
export function losesAccess(user: User | null, standing: Standing): boolean {
  return user?.status === "active" && standing.status !== "active";
}
