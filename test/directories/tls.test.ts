/** ldaps and StartTLS against a real slapd: trusted, not trusted, and in another's name. */
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { certificates, type Certificates } from "../support/certificates.ts";
import { person, toLdif, treeLdif } from "../support/people.ts";
import { Workplace, type RunDocument } from "../support/rollcall.ts";
import { startSlapd, type Slapd } from "../support/slapd.ts";

const SUFFIX = "dc=example,dc=org";
let folder: string;
let tls: Certificates;
/** A client's certificate of another CA. */
let other: Certificates["client"];
let slapd: Slapd;
let place: Workplace;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-tls-"));
  tls = certificates(folder);
  const elsewhere = join(folder, "elsewhere");
  mkdirSync(elsewhere);
  other = certificates(elsewhere).client;
  const people = [1, 2, 3].map((number) => toLdif(person(number), SUFFIX, true)).join("");
  slapd = await startSlapd({
    tls,
    ldif: treeLdif(SUFFIX) + people,
    global: "security simple_bind=64\nTLSVerifyClient try",
  });
  place = await Workplace.create("postgres");
});
afterAll(async () => {
  await slapd.stop();
  place.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function imported(
  url: string,
  more: string,
  bind = `{ dn: "${slapd.adminDn}", password: "${slapd.password}" }`,
): Promise<RunDocument> {
  configureFor(url, more, bind);
  return await place.json<RunDocument>("import", "corp");
}

function configureFor(url: string, more: string, bind: string): void {
  place.configure(`
directories:
  corp:
    type: ldap
    url: ${url}
    bind: ${bind}
    users: { base: "ou=people,${SUFFIX}" }
${more}
    toOkta:
      login: appuser.uid + "@example.org"
      email: appuser.mail[0]
      firstName: appuser.givenName
      lastName: appuser.sn
`);
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

test("a certificate whose key is too small is refused in words, and no password is sent", async () => {
  const weak = certificates(mkdtempSync(join(folder, "weak-")), 1024);
  let sent = 0;
  const server = createServer(
    { key: readFileSync(weak.key), cert: readFileSync(weak.cert), ciphers: "DEFAULT@SECLEVEL=0" },
    (socket) => socket.on("data", () => sent++),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { port } = server.address() as AddressInfo;
    const lines = `    tls: { ca: ${weak.ca} }\n`;
    const { error } = await imported(`ldaps://127.0.0.1:${port}`, lines);
    expect(error).toMatchObject({ code: "ldap.certificate" });
    expect(error?.message).toMatch(/key too (?:weak|small)/i);
    expect(sent).toBe(0);
  } finally {
    server.close();
  }
});

test("a server that wants encryption says so, and is told how", async () => {
  const { error } = await imported(slapd.url, "");
  expect(error).toMatchObject({ code: "ldap.confidentialityRequired" });
});

test("the client's own certificate logs in, by ldaps and after StartTLS, without a password", async () => {
  const { client, ca } = tls;
  const shown = (minVersion: string): string =>
    `    tls: { ca: ${ca}, cert: ${client.cert}, key: ${client.key}, minVersion: ${minVersion} }\n`;
  const external = "{ mechanism: external }";
  const done = { status: "done", counts: { read: 3 } };
  expect(await imported(slapd.tlsUrl ?? "", shown("1.3"), external)).toMatchObject(done);
  const startTls = `${shown("TLSv1.2")}    startTls: true\n`;
  expect(await imported(slapd.url, startTls, external)).toMatchObject(done);
});

test("a certificate that the server does not take for anybody is no login", async () => {
  const own = `    tls: { ca: ${tls.ca}, cert: ${other.cert}, key: ${other.key} }\n`;
  const run = await imported(slapd.tlsUrl ?? "", own, "{ mechanism: external }");
  expect(run).toMatchObject({ status: "failed" });
  expect(run.error?.code).toMatch(/^ldap\.(?:certificate|credentials|refused|connectionLost)$/);
});

test("the password may stand in a file of its own, with a mark before it and a line end behind, and the CA be in DER", async () => {
  const secret = join(folder, "password");
  writeFileSync(secret, `\ufeff${slapd.password}\r\n`, { mode: 0o600 });
  const der = join(folder, "ca.der");
  writeFileSync(der, new X509Certificate(readFileSync(tls.ca)).raw);
  const bind = `{ dn: "${slapd.adminDn}", passwordFile: ${secret} }`;
  const run = await imported(slapd.tlsUrl ?? "", `    tls: { ca: ${der} }\n`, bind);
  expect(run).toMatchObject({ status: "done", counts: { read: 3 } });
});

test("a file that is no certificate, no key to it, or an empty password is told before anything is sent", async () => {
  const empty = place.file("empty", "");
  const faults: readonly [string, string, string][] = [
    [`tls: { ca: ${tls.key} }`, "", "holds no certificate"],
    [`tls: { ca: ${tls.ca}, cert: ${tls.cert}, key: ${tls.client.key} }`, "", "belongs to"],
    [`tls: { ca: ${tls.ca}, cert: ${tls.key}, key: ${tls.key} }`, "", "holds no certificate"],
    ["", `{ dn: cn=x, passwordFile: ${empty} }`, "is empty"],
    ["", `{ dn: cn=x, passwordFile: ${place.file("two", "a\nb\n")} }`, "more than one line"],
    ["", `{ dn: cn=x, passwordFile: ${place.file("bytes", Buffer.from([255]))} }`, "is not UTF-8"],
  ];
  for (const [more, bind, message] of faults) {
    configureFor(
      slapd.tlsUrl ?? "",
      `    ${more}\n`,
      bind === "" ? "{ dn: cn=x, password: x }" : bind,
    );
    const { status, out, err } = await place.run("check");
    expect({ status, text: out + err }).toMatchObject({
      status: 2,
      text: expect.stringContaining(message) as string,
    });
  }
});

test("check and doctor warn of what others on the way or on the machine can see", async () => {
  const said = async (url: string, more: string): Promise<string> => {
    configureFor(url, more, '{ dn: "cn=reader,dc=x", password: "${NOT_SET:-literal-1}" }');
    chmodSync(place.config, 0o666);
    return (await place.run("check")).out + (await place.run("doctor")).out;
  };
  const clear = await said(slapd.url, "");
  expect(clear.match(/in clear/g)).toHaveLength(2);
  expect(clear.match(/others can change/gi)).toHaveLength(2);
  expect(clear.match(/readable by others/g)).toHaveLength(2);
  const unverified = await said(slapd.tlsUrl ?? "", "    tls: { rejectUnauthorized: false }\n");
  expect(unverified.match(/not verified/g)).toHaveLength(2);
  expect(unverified).not.toContain("in clear");
});
