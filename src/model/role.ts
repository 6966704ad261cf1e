/** Who may do what. A role is a list of permissions; whatever no role names is forbidden. */

export const PERMISSIONS = [
  /** People, apps, runs, the System Log; everything that is shown and decides nothing. */
  "read",
  /** Why a value is what it is, and what mappings would give. */
  "explain",
  /** Compute one person anew. */
  "sync-person",
  /** Start imports, force syncs and pushes, and dry runs of them. */
  "run",
  /** Drop a held run, and take up an interrupted one. */
  "resume",
  /** Say whose an entry is. */
  "match",
  /** Bring people to identity sources, whose imports give and take access as the safeguard lets them. */
  "bring",
  /** Edit people and assign them to apps, by hand. */
  "edit",
  /** Try tasks again, or take them off the list. */
  "retry",
  /** Carry out what the safeguard held. */
  "approve",
  /** Put a run back. */
  "revert",
  /** See how everything is set: addresses, accounts, limits. */
  "configuration",
  /** Make API tokens and revoke them. */
  "tokens",
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** What a browser that was left open, or a cookie that was stolen, must not do: it needs a fresh sign-in. */
export const FRESH_ONLY: ReadonlySet<Permission> = new Set(["approve", "tokens"]);

/** A program that brings people, and sees nothing else. */
const SOURCE = ["bring"] as const satisfies readonly Permission[];
const VIEWER = ["read"] as const satisfies readonly Permission[];
const HELPDESK = [...VIEWER, "explain", "sync-person"] as const satisfies readonly Permission[];
const OPERATOR = [
  ...HELPDESK,
  "run",
  "resume",
  "match",
  "bring",
  "edit",
  "retry",
] as const satisfies readonly Permission[];

/** From the least that is allowed to the most. */
export const ROLES = {
  source: SOURCE,
  viewer: VIEWER,
  helpdesk: HELPDESK,
  operator: OPERATOR,
  admin: PERMISSIONS,
} as const satisfies Readonly<Record<string, readonly Permission[]>>;
export type Role = keyof typeof ROLES;
export const ROLE_NAMES = Object.keys(ROLES) as readonly Role[];

/** Of whoever signs in with a browser; the others are for programs. */
export const SIGN_IN_ROLES = ROLE_NAMES.filter((role) => may(role, "read"));

export function isRole(text: string): text is Role {
  return Object.hasOwn(ROLES, text);
}

export function may(role: Role, permission: Permission): boolean {
  return (ROLES[role] as readonly Permission[]).includes(permission);
}
