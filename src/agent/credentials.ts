/**
 * Attributes that hold people's credentials: passwords, their hashes, keys. Nobody needs them in a
 * profile, and whoever reads profiles must not get them, so they are only kept where
 * `users.attributes` asks for one by its name.
 */
const CREDENTIALS = new Set([
  "userpassword",
  "unicodepwd",
  "authpassword",
  "pwdhistory",
  "ntpwdhistory",
  "lmpwdhistory",
  "dbcspwd",
  "supplementalcredentials",
  "sambantpassword",
  "sambalmpassword",
  "sambapasswordhistory",
  "krbprincipalkey",
  "ipanthash",
  "ipauserauthtoken",
  "userpkcs12",
  "sambacleartextpassword",
  "msds-managedpassword",
]);

/** Those of them that are not asked for by name, in lower case. */
export function withheld(attributes: readonly string[]): ReadonlySet<string> {
  const asked = new Set(attributes.map((name) => name.toLowerCase()));
  return new Set([...CREDENTIALS].filter((name) => !asked.has(name)));
}

/** @param name as it stands in an entry, with its options: `userPassword;x-hash` */
export function isWithheld(names: ReadonlySet<string>, name: string): boolean {
  const end = name.indexOf(";");
  return names.has((end === -1 ? name : name.slice(0, end)).toLowerCase());
}
