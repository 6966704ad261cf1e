import { describe, expect, test } from "vitest";
import { RollcallError } from "../model/errors.ts";
import type { LdapTarget } from "../model/directory.ts";
import type { Secret } from "../model/secret.ts";
import type { DirectorySettings, Settings } from "../model/settings.ts";
import { parseSettings } from "./load.ts";
import type { ProcessEnvironment } from "./variables.ts";

const GOOD = `
directories:
  corp:
    type: ldap
    url: ldap://127.0.0.1
    bind: { dn: "cn=reader", password: "\${LDAP_PASSWORD}" }
    users: { base: "dc=example,dc=org" }
    toOkta: { login: appuser.mail }
`;

function load(
  text: string,
  environment: ProcessEnvironment = { LDAP_PASSWORD: "s3cret" },
): Settings {
  return parseSettings(text, "test.yaml", environment);
}

function targetOf(directory: DirectorySettings | undefined): LdapTarget | null {
  return directory?.source.type === "ldap" ? directory.source.ldap : null;
}

function passwordOf(target: LdapTarget | null): Secret | undefined {
  return target?.bind?.mechanism === "simple" ? target.bind.password : undefined;
}

function problems(text: string, environment?: ProcessEnvironment): readonly string[] {
  try {
    load(text, environment);
    return [];
  } catch (error) {
    if (error instanceof RollcallError && error.code === "config.invalid") return error.details;
    throw error;
  }
}

test("searches have indexes by texts that users can have, and by times, each once", () => {
  const indexes = (names: string): string => `http: { searchIndexes: [${names}] }\n${GOOD}`;
  expect(load(indexes("profile.title, created, statusChanged")).http?.searchIndexes).toEqual([
    "profile.title",
    "created",
    "statusChanged",
  ]);
  const profile = "profile: { attributes: { floor: { type: integer }, badge: { type: string } } }";
  expect(load(`${indexes("profile.badge")}${profile}`).http?.searchIndexes).toEqual([
    "profile.badge",
  ]);
  const faults = problems(
    `${indexes("profile.titel, profile.login, profile.floor, created, created, badge, profile.constructor, email")}${profile}`,
  ).join("\n");
  expect(faults).toContain(
    "profile.titel is nothing that users are searched by; do you mean profile.title?",
  );
  expect(faults).toContain("profile.login always has an index");
  expect(faults).toContain("profile.floor is no text (integer)");
  expect(faults).toContain("created stands twice");
  expect(faults).toContain(
    "badge is nothing that users are searched by; do you mean profile.badge?",
  );
  expect(faults).toContain("profile.constructor is nothing");
  expect(faults).toContain("profile.email always has an index");
});

test("defaults are filled in, and the secret cannot be printed", () => {
  const settings = load(GOOD);
  const corp = settings.directories.get("corp");
  const ldap = targetOf(corp);
  expect(corp?.importSafeguard).toEqual({
    percent: 20,
    minimum: 100,
    count: null,
    drop: 40,
    failures: 50,
    updates: 50,
    logins: 20,
    grants: 20,
  });
  expect(ldap?.urls).toEqual(["ldap://127.0.0.1"]);
  expect(corp?.source.users.filter).toBe("(objectClass=inetOrgPerson)");
  expect(settings.profile.sources).toEqual(["corp"]);
  expect(passwordOf(ldap)?.reveal()).toBe("s3cret");
  expect(JSON.stringify(corp)).not.toContain("s3cret");
  expect(String(passwordOf(ldap))).toBe("[secret]");
});

test("variables are values, never structure; numbers may come from them", () => {
  const text = `${GOOD}    pageSize: \${PAGE:-500}\n    onRemoval: \${GONE:-suspend}\n`;
  const nasty = { LDAP_PASSWORD: '", evil: true }\n#' };
  const corp = load(text, nasty).directories.get("corp");
  const ldap = targetOf(corp);
  expect(passwordOf(ldap)?.reveal()).toBe(nasty.LDAP_PASSWORD);
  expect(ldap?.pageSize).toBe(500);
  expect(corp?.onRemoval).toBe("suspend");
});

test("DATABASE_URL counts where the file has no database section, and an empty one is the embedded database", () => {
  expect(
    load(GOOD, { LDAP_PASSWORD: "x", DATABASE_URL: "postgres://x" }).database.url?.reveal(),
  ).toBe("postgres://x");
  expect(
    load(`database: { url: "" }\n${GOOD}`, { LDAP_PASSWORD: "x", DATABASE_URL: "postgres://x" })
      .database.url,
  ).toBeNull();
});

test("active-directory brings its own filter and rule for disabled accounts", () => {
  const users = load(GOOD.replace("type: ldap", "type: active-directory")).directories.get("corp")
    ?.source.users;
  expect(users).toMatchObject({
    filter: "(&(sAMAccountType=805306368)(!(isCriticalSystemObject=TRUE)))",
    disabled: [{ attribute: "userAccountControl", bit: 2 }],
  });
});

describe("problems, all at once, with path and line", () => {
  test("in one file", () => {
    const text = GOOD.replace("type: ldap", "type: lpad")
      .replace("base:", "bse:")
      .replace("toOkta: {", "toOkta: { email: 7,");
    expect(problems(text, {})).toEqual([
      expect.stringMatching(
        /^test\.yaml:4 {2}directories\.corp\.type: one of ldap, active-directory, ldif/,
      ),
      expect.stringMatching(/^test\.yaml:6 {2}the environment variable LDAP_PASSWORD is not set/),
      expect.stringMatching(/^test\.yaml:7 {2}directories\.corp\.users\.bse: unknown key/),
      expect.stringMatching(
        /^test\.yaml:8 {2}directories\.corp\.toOkta\.email: text is expected, not a number/,
      ),
    ]);
  });

  test.each([
    ["ldap://127.0.0.1", "http://x", "ldap://HOST"],
    ["ldap://127.0.0.1", "ldap://x/dc=y", "ldap://HOST"],
    ["url: ldap://127.0.0.1", "path: x", "needs `url`"],
    ["  corp:", "  okta:", "cannot name a directory"],
    ["  corp:", '  "a b":', "a letter followed by"],
    ["toOkta:", 'schedule: { full: "61 * * * *" }\n    toOkta:', "cron"],
    ["toOkta:", "schedule: { timezone: Mars }\n    toOkta:", "time zone"],
    ["toOkta:", "importSafeguard: { percent: 120 }\n    toOkta:", "percent"],
    ["toOkta:", "tls: { ca: ./nowhere.pem }\n    toOkta:", "cannot be read"],
    ["ldap://127.0.0.1", '["ldaps://a", "ldap://b"]', "in clear, without TLS"],
    ["ldap://127.0.0.1", '["LDAPS://a", "ldap://b"]', "in clear, without TLS"],
    ['password: "${LDAP_PASSWORD}"', "mechanism: external", "external goes without dn"],
    [
      'bind: { dn: "cn=reader", password: "${LDAP_PASSWORD}" }',
      "bind: { mechanism: external }",
      "external needs ldaps:// or startTls, and tls.cert with tls.key",
    ],
    [', password: "${LDAP_PASSWORD}"', "", "`password` or `passwordFile` is missing"],
    ['dn: "cn=reader", ', "", "`dn` is missing"],
    ['"${LDAP_PASSWORD}"', 'x, passwordFile: "./nowhere"', "not both"],
    ["toOkta:", "tls: { cert: ./nowhere.pem }\n    toOkta:", "cert and key belong together"],
    ["toOkta:", "tls: { minVersion: 1.1 }\n    toOkta:", "TLSv1.2 or TLSv1.3 is expected"],
    ['"dc=example,dc=org"', '"dc=x", filter: "(userPassword=*)"', "holds credentials"],
    [
      '"dc=example,dc=org"',
      '"dc=x", filter: "(&(objectClass=*)(!(OATHsecret;x>=1)))"',
      "OATHsecret;x holds credentials",
    ],
    ['"dc=example,dc=org"', '"dc=x", id: unicodePwd', "nobody is identified"],
    ["toOkta:", 'groups: { base: dc=x, filter: "(krb5Key=1)" }\n    toOkta:', "holds credentials"],
    ["  corp:", "  constructor:", "cannot name a directory"],
    ["toOkta:", "startTls: maybe\n    toOkta:", "startTls"],
    ["toOkta:", "groups: {}\n    toOkta:", "where the groups are"],
    ["toOkta:", "incremental: { way: dirsync }\n    toOkta:", "incremental"],
    ["toOkta:", "watch: true\n    incremental: off\n    toOkta:", "needs incremental.way auto"],
    ["toOkta:", "watch: true\n    groups: { base: dc=x }\n    toOkta:", "one base below which"],
    ["type: ldap", "type: active-directory\n    watch: true", "cannot be listened to"],
    ["toOkta:", "matching: [{ user: logn, app: x }]\n    toOkta:", "do you mean login"],
  ])("%s → %s", (from, to, message) => {
    expect(problems(GOOD.replace(from, to)).join("\n")).toContain(message);
  });

  test("of attributes: a pattern that RE2 does not have, names of JavaScript's objects", () => {
    const withAttribute = (text: string): string =>
      problems(`${GOOD}profile: { attributes: { ${text} } }`).join();
    expect(withAttribute('a: { pattern: "(?=x)" }')).toContain("RE2");
    expect(withAttribute('a: { pattern: "(" }')).toContain("not a regular expression");
    expect(withAttribute("hasOwnProperty: {}")).toContain("cannot name an attribute");
  });

  test("YAML itself: syntax, doubled keys, an empty file", () => {
    expect(problems("directories: [")).toHaveLength(1);
    expect(problems("directories: {}\ndirectories: {}\n").join()).toMatch(/unique/i);
    expect(problems("").join()).toContain("directories");
    expect(
      problems(`${GOOD}profile: { sources: [crop], overrides: { departmnt: [hr] } }`),
    ).toHaveLength(3);
  });
});

test("values without quotes are taken as text", () => {
  const text = GOOD.replace(
    'base: "dc=example,dc=org"',
    'base: "dc=x", disabled: { attribute: a, values: [TRUE, 007, no, 9223372036854775807] }',
  );
  expect(load(text).directories.get("corp")?.source.users.disabled).toEqual([
    { attribute: "a", values: ["TRUE", "007", "no", "9223372036854775807"] },
  ]);
});

test("an address in capitals is the same server", () => {
  const text = GOOD.replace("ldap://127.0.0.1", "LDAPS://DC1.example.org");
  expect(targetOf(load(text).directories.get("corp"))?.urls).toEqual(["ldaps://DC1.example.org"]);
});
