/** ldaps and StartTLS against a real slapd: trusted, not trusted, and in another's name. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { certificates } from "../support/certificates.ts";
import { person, toLdif, treeLdif } from "../support/people.ts";
import { Workplace, type RunDocument } from "../support/rollcall.ts";
import { startSlapd, type Slapd } from "../support/slapd.ts";

const SUFFIX = "dc=example,dc=org";
let folder: string;
let slapd: Slapd;
let place: Workplace;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-tls-"));
  const people = [1, 2, 3].map((number) => toLdif(person(number), SUFFIX, true)).join("");
  slapd = await startSlapd({
    tls: certificates(folder),
    ldif: treeLdif(SUFFIX) + people,
    global: "security simple_bind=64",
  });
  place = await Workplace.create("postgres");
});
afterAll(async () => {
  await slapd.stop();
  place.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function imported(url: string, more: string): Promise<RunDocument> {
  place.configure(`
directories:
  corp:
    type: ldap
    url: ${url}
    bind: { dn: "${slapd.adminDn}", password: "${slapd.password}" }
    users: { base: "ou=people,${SUFFIX}" }
${more}
    toOkta:
      login: appuser.uid + "@example.org"
      email: appuser.mail[0]
      firstName: appuser.givenName
      lastName: appuser.sn
`);
  return await place.json<RunDocument>("import", "corp");
}

const trusted = (): string => `    tls: { ca: ${join(folder, "ca.pem")} }\n`;
const named = (url: string | null): string => (url ?? "").replace("127.0.0.1", "localhost");

test("ldaps, and StartTLS, with the CA that issued the certificate", async () => {
  expect(await imported(slapd.tlsUrl ?? "", trusted())).toMatchObject({
    status: "done",
    counts: { read: 3 },
  });
  expect(await imported(slapd.url, `${trusted()}    startTls: true\n`)).toMatchObject({
    status: "done",
    counts: { read: 3 },
  });
});

test("a certificate of an unknown CA is refused, also after StartTLS; it can be allowed expressly", async () => {
  expect(await imported(slapd.tlsUrl ?? "", "")).toMatchObject({
    status: "failed",
    error: { code: "ldap.certificate" },
  });
  expect(await imported(slapd.url, "    startTls: true\n")).toMatchObject({
    error: { code: "ldap.certificate" },
  });
  expect(
    await imported(slapd.tlsUrl ?? "", "    tls: { rejectUnauthorized: false }\n"),
  ).toMatchObject({ status: "done" });
});

test("a certificate for another name is refused, also after StartTLS", async () => {
  expect(await imported(named(slapd.tlsUrl), trusted())).toMatchObject({
    error: { code: "ldap.certificate" },
  });
  expect(await imported(named(slapd.url), `${trusted()}    startTls: true\n`)).toMatchObject({
    error: { code: "ldap.certificate" },
  });
});

test("a server that wants encryption says so, and is told how", async () => {
  const { error } = await imported(slapd.url, "");
  expect(error).toMatchObject({ code: "ldap.confidentialityRequired" });
});
