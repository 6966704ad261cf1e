/** Requests as SCIM wants them written (RFC 7644). */
import type { MatchKey } from "../../model/app.ts";
import type { JsonObject } from "./answer.ts";

const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PAGE = 100;

const FILTERED: Readonly<Record<MatchKey, string>> = {
  externalId: "externalId",
  userName: "userName",
  email: "emails.value",
};

/** Who has a value: quoted as JSON, then encoded for the url. */
export function findPath(key: MatchKey, value: string, startIndex = 1): string {
  const filter = `${FILTERED[key]} eq ${JSON.stringify(value)}`;
  return `/Users?filter=${encodeURIComponent(filter)}&startIndex=${startIndex}&count=${PAGE}`;
}

export function listPath(startIndex: number, count = PAGE): string {
  return `/Users?startIndex=${startIndex}&count=${count}`;
}

/** Ids may contain any characters. */
export function userPath(id: string): string {
  return `/Users/${encodeURIComponent(id)}`;
}

export function groupPath(id: string): string {
  return `/Groups/${encodeURIComponent(id)}`;
}

export function findGroupPath(name: string, startIndex: number): string {
  const filter = `displayName eq ${JSON.stringify(name)}`;
  return `/Groups?filter=${encodeURIComponent(filter)}&startIndex=${startIndex}&count=${PAGE}&excludedAttributes=members`;
}

export function patchBody(operations: readonly JsonObject[]): JsonObject {
  return { schemas: [PATCH], Operations: operations };
}

export function newGroup(name: string, externalId: string): JsonObject {
  return { schemas: [GROUP], displayName: name, externalId, members: [] };
}

/** One operation each for those who come, and for everyone who goes: the form that all servers know. */
export function memberOperations(add: readonly string[], remove: readonly string[]): JsonObject[] {
  const coming = add.map((value) => ({ value }));
  return [
    ...(coming.length === 0 ? [] : [{ op: "add", path: "members", value: coming }]),
    ...remove.map((id) => ({ op: "remove", path: `members[value eq ${JSON.stringify(id)}]` })),
  ];
}
