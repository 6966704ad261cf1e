/** Small pieces that every decision is made of. */
import { sameJson } from "../lib/same.ts";
import type { AppProfile } from "../model/entry.ts";
import type { Problem } from "../model/errors.ts";
import type { AppUserWrite, PlannedChange, UserWrite } from "../model/plan.ts";
import type { AttributeChange } from "../model/run.ts";
import { loginKey, type AppUser, type User } from "../model/user.ts";
import type { Resolved } from "./source-priority.ts";
import { BY_HAND, type Standing } from "./standing.ts";

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
export function userWrite(
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

/** Whom a planned change is about, as it was before. */
export interface Concerned {
  /** Null for an entry without an identifier. */
  readonly externalId: string | null;
  readonly dn: string;
  /** Null if there is no user yet. */
  readonly user: Pick<User, "id" | "login" | "version"> | null;
}

/** A planned change: what is given, and nothing else becomes of the person. */
export function plannedChange(
  { externalId, dn, user }: Concerned,
  change: Partial<Omit<PlannedChange, "claimsLogin">> & Pick<PlannedChange, "action">,
): PlannedChange {
  return {
    externalId,
    dn,
    appUser: null,
    user: null,
    login: user?.login ?? null,
    userId: user?.id ?? null,
    userVersion: user?.version ?? 0,
    changes: [],
    error: null,
    events: [],
    lost: false,
    reason: null,
    deletes: null,
    lookAgain: false,
    ...change,
    claimsLogin: claimsLogin(change.user ?? null, user),
  };
}

/** Whether the person gets a login that was not the person's before. */
function claimsLogin(after: UserWrite | null, before: { readonly login: string } | null): boolean {
  if (after === null) return false;
  return after.isNew || before === null || loginKey(before.login) !== loginKey(after.login);
}

/** Access is what people want to see first, so it stands among the values. */
export function statusChange(user: User, to: User["status"]): AttributeChange[] {
  if (user.status === to) return [];
  return [{ attribute: "status", from: user.status, to, source: BY_HAND }];
}

export function standingOf(user: User | null): Standing {
  return { status: user?.status ?? "active", statusBy: user?.statusBy ?? null };
}

/** Whoever loses access is counted by the safeguard, whatever the cause. */
export function losesAccess(user: User | null, standing: Standing): boolean {
  return user?.status === "active" && standing.status !== "active";
}
