/** The directory that is measured: invented people on a local slapd, and how it is read. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { person, toLdif, treeLdif } from "../support/people.ts";
import { startSlapd, type Slapd } from "../support/slapd.ts";

export const SUFFIX = "dc=example,dc=org";

export async function startDirectory(folder: string, people: number): Promise<Slapd> {
  const file = join(folder, "people.ldif");
  const out = createWriteStream(file);
  out.write(treeLdif(SUFFIX));
  for (let i = 0; i < people; i++) {
    if (!out.write(toLdif(person(i), SUFFIX, true))) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
  return await startSlapd({
    suffix: SUFFIX,
    ldif: { file },
    global: "moduleload syncprov",
    database: "index entryCSN eq\noverlay syncprov\nsyncprov-sessionlog 10000",
  });
}

/** What `ldapsearch` is asked: the same people, attributes and pages. */
export function searchOf(slapd: Slapd): string[] {
  const { url, adminDn, password } = slapd;
  const who = ["-x", "-H", url, "-D", adminDn, "-w", password];
  const where = ["-b", `ou=people,${SUFFIX}`, "-E", "pr=5000/noprompt", "-LLL"];
  return who.concat(where, "(objectClass=inetOrgPerson)", "*", "entryUUID");
}

/** @param more sections */
export function configuration(slapd: Slapd, databaseUrl: string, more = ""): string {
  return `database: { url: "${databaseUrl}" }
${more}directories:
  corp:
    type: ldap
    url: ${slapd.url}
    bind: { dn: "${slapd.adminDn}", password: "${slapd.password}" }
    users: { base: "ou=people,${SUFFIX}" }
    matching: [{ user: login, app: appuser.uid + "@example.org" }]
    toOkta:
      login: appuser.uid + "@example.org"
      email: appuser.mail[0]
      firstName: appuser.givenName
      lastName: appuser.sn
      displayName: 'appuser.givenName + " " + appuser.sn'
      title: appuser.title
      department: appuser.departmentNumber
      employeeNumber: appuser.employeeNumber
      city: appuser.l
      countryCode: appuser.st
      preferredLanguage: appuser.preferredLanguage
      mobilePhone: appuser.mobile
      primaryPhone: appuser.telephoneNumber
      postalAddress: appuser.postalAddress
`;
}
