/**
 * What happened in a database before it is upgraded: two directories with the same people, values by
 * hand, groups, an app with assignments, a run that can be put back, and one that is held. A release
 * keeps a dump of it (`test/tools/dump-release.ts`), and later versions go on from there.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const NAMES = Array.from({ length: 30 }, (_, at) => `p${String(at + 1).padStart(2, "0")}`);
const dn = (name: string): string => `uid=${name},ou=people,dc=example,dc=org`;

function corpPerson(name: string, at: number, title: string): string {
  const lines = [
    `dn: ${dn(name)}`,
    "objectClass: inetOrgPerson",
    `entryUUID: corp-${name}`,
    `mail: ${name}@example.org`,
    `givenName: Given ${name}`,
    `sn:: ${Buffer.from(`Fámily ${name}`).toString("base64")}`,
    `title: ${title}`,
    `departmentNumber: ${at % 3 === 0 ? "Sales" : "Legal"}`,
    `l: ${at < 3 ? "gone" : "here"}`,
  ];
  return `${lines.join("\n")}\n\n`;
}

const hrPerson = (name: string): string =>
  `dn: cn=${name},ou=hr,dc=example,dc=org\nobjectClass: inetOrgPerson\nentryUUID: hr-${name}\nmail: ${name}@example.org\ngivenName: Given ${name}\nsn: Other ${name}\ndepartmentNumber: Personnel\n\n`;

const group = (name: string, members: readonly string[]): string =>
  `dn: cn=${name},ou=groups,dc=example,dc=org\nobjectClass: groupOfNames\nentryUUID: group-${name}\ncn: ${name}\n${members.map((one) => `member: ${dn(one)}\n`).join("")}\n`;

/** The people of `corp` as they are at each time. */
const CORP = {
  first: (): string => NAMES.map((name, at) => corpPerson(name, at, "Clerk")).join(""),
  promoted: (): string =>
    NAMES.map((name, at) => corpPerson(name, at, at % 10 === 4 ? "Head" : "Clerk")).join(""),
  cut: (): string =>
    NAMES.slice(0, 10)
      .map((name, at) => corpPerson(name, at, "Clerk"))
      .join(""),
};

/** Puts the directories into a folder, as they are at a time. */
export function writeDirectories(folder: string, time: keyof typeof CORP): void {
  const groups = group("All", NAMES.slice(0, 8)) + group("Few", NAMES.slice(5, 7));
  writeFileSync(join(folder, "corp.ldif"), CORP[time]() + groups);
  writeFileSync(join(folder, "hr.ldif"), NAMES.slice(0, 20).map(hrPerson).join(""));
}

/** Writes the configuration. @returns its file */
export function writeConfiguration(folder: string, databaseUrl: string): string {
  const mapped =
    "login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn, department: appuser.departmentNumber";
  const text = `database: { url: ${JSON.stringify(databaseUrl)} }
http: off
directories:
  corp:
    type: ldif
    path: ${join(folder, "corp.ldif")}
    groups: {}
    users: { disabled: { attribute: l, values: [gone] } }
    importSafeguard: { minimum: 10 }
    toOkta: { ${mapped}, title: appuser.title }
  hr:
    type: ldif
    path: ${join(folder, "hr.ldif")}
    matching: [{ user: login, app: appuser.mail, onMatch: link }]
    importSafeguard: off
    toOkta: { ${mapped} }
profile: { sources: [corp, hr], overrides: { department: [hr, corp] } }
apps:
  dx:
    type: scim
    url: http://127.0.0.1:9/scim/v2
    auth: { bearer: "nobody-is-there" }
    assign: [{ group: { directory: corp, name: All } }]
`;
  const file = join(folder, "rollcall.yaml");
  writeFileSync(file, text);
  return file;
}

/** The commands of the story, in order, with the status that each ends with. */
export const STORY: readonly {
  readonly time: keyof typeof CORP;
  readonly command: readonly string[];
  readonly status: number;
}[] = [
  { time: "first", command: ["import", "corp"], status: 0 },
  { time: "first", command: ["import", "hr"], status: 0 },
  { time: "first", command: ["users", "set", "p07@example.org", "nickName=Seven"], status: 0 },
  { time: "first", command: ["users", "suspend", "p08@example.org"], status: 0 },
  { time: "first", command: ["apps", "assign", "dx", "p20@example.org"], status: 0 },
  { time: "first", command: ["tokens", "create", "ci", "--role", "viewer"], status: 0 },
  { time: "promoted", command: ["import", "corp"], status: 0 },
  { time: "cut", command: ["import", "corp"], status: 3 },
];
