import { OKTA_STATUS, USER_SCHEMA_ID, USER_TYPE_ID } from "../../model/okta.ts";
import type { DatedUser } from "../../service.ts";
import type { User, UserStatus } from "../../model/user.ts";
import type { ApiContext } from "../context.ts";
import { entityTag, href, type Href } from "./answer.ts";

/** Who is asked about whose the profile is. */
export type ProviderType = "ACTIVE_DIRECTORY" | "LDAP" | "IMPORT" | "OKTA";

/** A user as Okta's API shows one. @param links all that a single user has; else only `self` */
export function userDocument(context: ApiContext, user: DatedUser, links: "self" | "all") {
  const { id, status, profile } = user;
  return {
    id,
    status: OKTA_STATUS[status],
    created: user.createdAt,
    activated: user.activatedAt,
    statusChanged: user.statusChangedAt,
    lastLogin: null,
    lastUpdated: user.updatedAt,
    passwordChanged: null,
    type: { id: USER_TYPE_ID },
    // These two are always there.
    profile: { mobilePhone: null, secondEmail: null, ...profile },
    credentials: { provider: providerOf(context, user) },
    _links: links === "self" ? { self: selfOf(context, id) } : allLinks(context, id, status),
  };
}

/** Depends on the profile and on nothing else. */
export function userTag({ profile }: Pick<User, "profile">): string {
  const sorted = Object.entries(profile).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return entityTag(sorted);
}

/** The directory that the login comes from. */
function providerOf(context: ApiContext, { sources }: User): { type: ProviderType; name: string } {
  const source = sources["login"] ?? "okta";
  const type = context.service.settings.directories.get(source)?.source.type;
  switch (type) {
    case "active-directory":
      return { type: "ACTIVE_DIRECTORY", name: source };
    case "ldap":
    case "ldif":
      return { type: "LDAP", name: source };
    case "csv":
    case "identity-source":
      return { type: "IMPORT", name: source };
    case undefined:
      return { type: "OKTA", name: "OKTA" };
  }
}

function selfOf(context: ApiContext, id: string): Href {
  return href(context, `/api/v1/users/${id}`);
}

const STEPS: Readonly<Record<UserStatus, readonly string[]>> = {
  staged: ["activate"],
  active: ["suspend", "deactivate"],
  suspended: ["unsuspend", "deactivate"],
  deprovisioned: ["activate"],
};

function allLinks(context: ApiContext, id: string, status: UserStatus): Record<string, Href> {
  const links: Record<string, Href> = {
    self: selfOf(context, id),
    schema: href(context, `/api/v1/meta/schemas/user/${USER_SCHEMA_ID}`),
    type: href(context, `/api/v1/meta/types/user/${USER_TYPE_ID}`),
  };
  for (const step of STEPS[status])
    links[step] = { ...href(context, `/api/v1/users/${id}/lifecycle/${step}`), method: "POST" };
  if (status === "deprovisioned") links["delete"] = { ...selfOf(context, id), method: "DELETE" };
  return links;
}
