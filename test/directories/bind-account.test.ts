/** What a real OpenLDAP's password policy and limits do to the account that reads: in words, with the cure. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { person, toLdif, treeLdif } from "../support/people.ts";
import { SIMPLE_MAPPINGS, Workplace, type RunDocument } from "../support/rollcall.ts";
import { startSlapd, type Slapd } from "../support/slapd.ts";

const SUFFIX = "dc=example,dc=org";
const POLICY = `cn=policy,${SUFFIX}`;
const PEOPLE = 450;
let slapd: Slapd;
let place: Workplace;

beforeAll(async () => {
  const account = (name: string): string =>
    `dn: cn=${name},${SUFFIX}\nobjectClass: person\ncn: ${name}\nsn: ${name}\nuserPassword: secret\n\n`;
  const accounts = ["fine", "reset", "locked", "old", "limited", "tight"];
  const people = Array.from({ length: PEOPLE }, (_, i) => toLdif(person(i), SUFFIX, false));
  const rules = ["pwdMustChange", "pwdLockout"].map((name) => `${name}: TRUE\n`).join("");
  slapd = await startSlapd({
    global: "moduleload ppolicy",
    database: `limits dn.exact="cn=limited,${SUFFIX}" size.pr=250 size.prtotal=unlimited
limits dn.exact="cn=tight,${SUFFIX}" size.pr=50 size.prtotal=unlimited
overlay ppolicy\nppolicy_default "${POLICY}"\nppolicy_use_lockout`,
    ldif: `${treeLdif(SUFFIX)}dn: ${POLICY}\nobjectClass: device\nobjectClass: pwdPolicy\ncn: policy\npwdAttribute: 2.5.4.35\npwdMaxFailure: 1\npwdMaxAge: 3600\n${rules}\n${accounts.map(account).join("")}${people.join("")}`,
  });
  const set = (name: string, line: string): void => {
    const [attribute] = line.split(":");
    const change = `dn: cn=${name},${SUFFIX}\nchangetype: modify\nreplace: ${attribute}\n${line}\n`;
    slapd.relax(change);
  };
  set("reset", "pwdReset: TRUE");
  set("old", "pwdChangedTime: 20200101000000Z");
  set("locked", "pwdAccountLockedTime: 000001010000Z");
  place = await Workplace.create("postgres");
});
afterAll(async () => {
  await slapd.stop();
  place.remove();
});

async function importedAs(name: string, password = "secret"): Promise<RunDocument> {
  place.configure(`
directories:
  corp:
    type: ldap
    url: ${slapd.url}
    bind: { dn: "cn=${name},${SUFFIX}", password: "${password}" }
    users: { base: "ou=people,${SUFFIX}" }
${SIMPLE_MAPPINGS}`);
  return await place.json<RunDocument>("import", "corp");
}

test.each([
  [
    "reset",
    "accepted the login, but the account has to change its password before it may do anything else",
  ],
  ["old", "the account's password has expired (result 49, invalid credentials)"],
  ["locked", "the account is locked (result 49, invalid credentials)"],
])("%s: it is said what is wrong with the account", async (name, words) => {
  const { status, error } = await importedAs(name);
  expect(status).toBe("failed");
  expect(error).toMatchObject({ code: "ldap.accountUnusable" });
  expect(error?.message).toContain(words);
});

test("an account that nothing is wrong with reads, and a wrong password stays one", async () => {
  expect(await importedAs("fine")).toMatchObject({ status: "done" });
  expect(await importedAs("fine", "other")).toMatchObject({
    error: { code: "ldap.credentials" },
  });
});

test("of a server that allows smaller pages only, smaller ones are asked for, until it gives them", async () => {
  const first = await importedAs("limited");
  expect(first).toMatchObject({
    status: "done",
    counts: { read: PEOPLE },
    evidence: { complete: true, entries: PEOPLE, pages: 3, pageSize: 200 },
  });
  expect(await place.json("import", "corp", "--incremental")).toMatchObject({
    status: "done",
    type: "incremental",
  });
  expect(await importedAs("tight")).toMatchObject({
    status: "failed",
    error: { code: "ldap.limitExceeded" },
  });
});
