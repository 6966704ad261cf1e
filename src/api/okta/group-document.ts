import type { ApiContext } from "../context.ts";
import { cursorOf, readCursor } from "../cursor.ts";
import { href } from "./answer.ts";

/** A group of a directory. */
export interface GroupFacts {
  readonly directory: string;
  readonly id: string;
  readonly name: string;
  readonly dn?: string;
}

/** Directory and identifier in one word that can stand in an address. */
export function groupId({ directory, id }: Pick<GroupFacts, "directory" | "id">): string {
  return `00g${cursorOf([directory, id])}`;
}

/** What a group's id says; null if it is none of ours. */
export function readGroupId(text: string): Pick<GroupFacts, "directory" | "id"> | null {
  const read = text.startsWith("00g") ? readCursor(text.slice(3)) : undefined;
  const [directory, id] = Array.isArray(read) ? (read as unknown[]) : [];
  if (typeof directory !== "string" || typeof id !== "string") return null;
  const isText = [directory, id].every((one) => !one.includes("\0") && one.isWellFormed());
  return isText && groupId({ directory, id }) === text ? { directory, id } : null;
}

/** A group as Okta shows one that an app brought along. */
export function groupDocument(context: ApiContext, group: GroupFacts) {
  const { directory, name, dn } = group;
  const id = groupId(group);
  const isWindows =
    context.service.settings.directories.get(directory)?.source.type === "active-directory";
  return {
    id,
    created: null,
    lastUpdated: null,
    lastMembershipUpdated: null,
    objectClass: [isWindows ? "okta:windows_security_principal" : "okta:user_group"],
    type: "APP_GROUP",
    profile: {
      name,
      description: null,
      ...(dn === undefined ? {} : { dn }),
      externalId: group.id,
    },
    source: { id: directory },
    _links: {
      logo: [],
      users: href(context, `/api/v1/groups/${id}/users`),
      apps: href(context, `/api/v1/groups/${id}/apps`),
      source: href(context, `/api/v1/apps/${directory}`),
    },
  };
}
