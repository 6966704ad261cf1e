/** Filters that find people and groups, where nothing is configured or nothing is known yet. */
export const PEOPLE_FILTERS = {
  ldap: "(objectClass=inetOrgPerson)",
  // Normal user accounts: neither computers nor trusts, nor what the system needs for itself.
  "active-directory": "(&(sAMAccountType=805306368)(!(isCriticalSystemObject=TRUE)))",
  // Of Active Directory, computers are users, too; exports of 389 may have deleted entries in them.
  ldif: "(&(|(objectClass=person)(objectClass=organizationalPerson)(objectClass=inetOrgPerson)(objectClass=user))(!(objectClass=computer))(!(objectClass=nsTombstone)))",
  // Every row is a person, and so is whoever was brought.
  csv: "",
  "identity-source": "",
} as const;

/**
 * Whoever may be a person on some server. Nothing is excluded: where a server does not know a class,
 * "not of this class" is neither true nor false, and finds nobody (RFC 4511, 4.5.1.7).
 */
export const PEOPLE_OF_ANY_CLASS =
  "(|(objectClass=person)(objectClass=account)(objectClass=posixAccount)(objectClass=user))";

export const GROUP_FILTERS = {
  ldif: "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=groupOfMembers)(objectClass=posixGroup)(objectClass=group))",
  ldap: "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=groupOfMembers)(objectClass=posixGroup))",
  "active-directory": "(objectClass=group)",
} as const;
