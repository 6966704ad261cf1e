/** What a directory holds besides people: groups, and the containers that people lie in. */
export type ObjectKind = "group" | "container";

/**
 * Whom a group's value names: `id:` and an identifier, `dn:` and a DN in the form of `dnKey`, or
 * `uid:` and a user name (RFC 2307). All in lower case.
 */
export type MemberKey = string;

export interface DirectoryObject {
  readonly kind: ObjectKind;
  readonly id: string;
  readonly dn: string;
  readonly name: string;
  /** Security identifier of Active Directory; null elsewhere. */
  readonly sid: string | null;
  /** Changes with whatever is kept of the object. */
  readonly hash: string;
  /** Everything by which a group may name this object as its member. */
  readonly keys: readonly MemberKey[];
  readonly members: readonly MemberKey[];
}

/** A group that somebody belongs to, and how. */
export interface Membership {
  readonly id: string;
  readonly name: string;
  readonly dn: string;
  readonly how: "direct" | "primary" | "nested";
}
