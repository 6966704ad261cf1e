/** The context of all examples in docs/12-expressions.md. */
export const EXAMPLE_CONTEXT = {
  now: "2015-07-31T17:18:37.979Z",
  appuser: {
    givenName: "Ada",
    sn: "Lovelace",
    mail: "ada@example.org",
    title: "Countess",
    department: "Engines",
    employeeNumber: "1815",
    memberOf: ["CN=Pioneers,OU=Groups,DC=example,DC=org", "CN=Poets,OU=Groups,DC=example,DC=org"],
  },
  "user.status": "ACTIVE",
  "user.groups": [{ id: "g-1", name: "Pioneers", type: "APP_GROUP", sourceId: "corp" }],
  "user.linkedObjects": { manager: { firstName: "Charles", lastName: "Babbage" } },
  manager: { okta: { firstName: "Charles", lastName: "Babbage" }, hr: { badge: "B-1" } },
  appUsers: { active_directory: [{ userPrincipalName: "ada@example.org" }] },
  org: { name: "Example", subDomain: "example" },
} as const;
