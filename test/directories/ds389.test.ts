/** Imports from a real 389 Directory Server. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Beginner } from "../support/init.ts";
import { startDs389, type Ds389 } from "../support/ds389.ts";
import { SIMPLE_MAPPINGS, Workplace, type RunDocument } from "../support/rollcall.ts";
import { expectConformance, expectListening, type ConformanceServer } from "./conformance.ts";

let ds: Ds389;
let server: ConformanceServer;

beforeAll(async () => {
  ds = await startDs389({ sync: true });
  server = {
    settings: [
      "type: ldap",
      `url: ${ds.url}`,
      `bind: { dn: "${ds.adminDn}", password: "${ds.password}" }`,
    ],
    suffix: ds.suffix,
    flavour: "ldap",
    modify: (ldif) => ds.modify(ldif),
    restart: () => ds.restart(),
    snapshot: () => ds.snapshot(),
  };
});
afterAll(async () => {
  await ds.stop();
});

test("content synchronisation sees everything that a full read sees", async () => {
  await expectConformance(server, "sync", { way: "contentSync" });
});

test("the retro changelog, too", async () => {
  const more = ["incremental: { way: changelog }"];
  await expectConformance(server, "changelog", { way: "changelog", more });
});

test("init finds people, and how it is told that they are locked", async () => {
  const unit = `ou=found,${ds.suffix}`;
  const person = (name: string): string =>
    `dn: uid=${name},${unit}\nobjectClass: inetOrgPerson\nuid: ${name}\ncn: ${name}\nsn: Test\ngivenName: ${name}\nmail: ${name}@example.org\n\n`;
  ds.modify(`dn: ${unit}\nobjectClass: organizationalUnit\n\n${person("ada")}${person("bo")}`);
  ds.modify(`dn: uid=bo,${unit}\nchangetype: modify\nadd: nsAccountLock\nnsAccountLock: true\n`);
  const beginner = await Beginner.create();
  beginner.place.environment["CORP_PASSWORD"] = ds.password;
  const proposal = await beginner.init(ds.url, "--bind-dn", ds.adminDn, "--base", unit);
  expect(proposal).toMatchObject({ type: "ldap", base: unit, people: 2, missing: [] });
  expect(await beginner.imports("corp")).toMatchObject({ status: "done", counts: { failed: 0 } });
  const { out } = await beginner.run("users", "show", "bo@example.org", "--json");
  expect(JSON.parse(out)).toMatchObject({ status: "deprovisioned" });
  beginner.place.remove();
});

test("an account that has to change its password is said to be one, though its login is accepted", async () => {
  const dn = `cn=reader,${ds.suffix}`;
  const policy = (value: string): string =>
    `dn: cn=config\nchangetype: modify\nreplace: passwordMustChange\npasswordMustChange: ${value}\n`;
  ds.modify(
    `dn: ${dn}\nobjectClass: person\ncn: reader\nsn: reader\nuserPassword: ${ds.password}\n`,
  );
  ds.modify(policy("on"));
  ds.modify(
    `dn: ${dn}\nchangetype: modify\nreplace: userPassword\nuserPassword: New-${ds.password}\n`,
  );
  const place = await Workplace.create("embedded");
  place.configure(`
directories:
  corp:
    type: ldap
    url: ${ds.url}
    bind: { dn: "${dn}", password: "New-${ds.password}" }
    users: { base: "${ds.suffix}" }
${SIMPLE_MAPPINGS}`);
  const { error } = await place.json<RunDocument>("import", "corp");
  ds.modify(policy("off"));
  place.remove();
  expect(error).toMatchObject({ code: "ldap.accountUnusable" });
  expect(error?.message).toContain("has to change its password");
});

test("serve with watch applies changes without a schedule, also after the server was away", async () => {
  await expectListening(server, "watched");
});
