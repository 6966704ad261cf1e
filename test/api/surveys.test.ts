/** A server that no configuration has: an administrator has it looked at over HTTP, and saves what is proposed. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { client, serveApi, tokenFor, type ServedApi } from "../support/api.ts";
import { certificates, type Certificates } from "../support/certificates.ts";
import { person, toLdif, treeLdif } from "../support/people.ts";
import { Workplace } from "../support/rollcall.ts";
import { startSlapd, type Slapd } from "../support/slapd.ts";

const SUFFIX = "dc=example,dc=org";
const CHANGED = 'eventType eq "system.configuration.update"';
const PATIENCE = { timeout: 60_000 };

let folder: string;
let tls: Certificates;
let slapd: Slapd;
let place: Workplace;
let api: ServedApi;
let ask: ReturnType<typeof client>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-surveys-"));
  tls = certificates(folder);
  const people = Array.from({ length: 12 }, (_, i) => toLdif(person(i), SUFFIX, true)).join("");
  slapd = await startSlapd({ tls, ldif: treeLdif(SUFFIX) + people });
});
afterAll(async () => {
  await slapd.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  place = await Workplace.create("postgres");
});
afterEach(async () => {
  await api.stop();
  place.remove();
});

async function serve(http = "configuration: writable"): Promise<void> {
  place.configure("directories: {}\n");
  // As who begins has it: nothing else makes a configuration without a directory valid.
  api = await serveApi(place, http);
  ask = client(api.url, await tokenFor(place, "admin"));
}

interface Survey {
  readonly survey: string;
  readonly people: number;
  readonly text: string;
  readonly preview: readonly { readonly profile: Record<string, unknown> }[];
}

const wanted = () => ({
  name: "corp",
  url: slapd.url,
  bindDn: slapd.adminDn,
  password: slapd.password,
});
const beside = (file: string): string => join(place.folder, file);

async function looked(more: object = {}): Promise<Survey> {
  const { status, body } = await ask("POST", "/api/rollcall/v1/surveys", { ...wanted(), ...more });
  expect(status, JSON.stringify(body)).toBe(201);
  return body as Survey;
}

const save = async (id: string, by = ask) =>
  await by("POST", `/api/rollcall/v1/surveys/${id}/save`);

test("without any directory the daemon works, and its first one is looked at, shown, saved and imported", async () => {
  await serve();
  expect((await ask("GET", "/api/rollcall/v1/directories")).body).toMatchObject({ items: [] });
  const { items } = (await ask("GET", "/api/rollcall/v1/doctor")).body as { items: unknown[] };
  expect(items[0]).toMatchObject({ remedy: { kind: "addDirectory" } });
  expect((await place.run("check")).out).toContain("it has no directory, so nobody is read");
  for (const path of ["doctor", "sources", "runs", "tasks"])
    expect((await ask("GET", `/api/rollcall/v1/${path}`)).status, path).toBe(200);
  const survey = await looked();
  expect(survey).toMatchObject({ people: 12, type: "ldap" });
  expect(survey.preview).toHaveLength(10);
  expect(survey.preview[0]?.profile["login"]).toContain("@");
  // What is secret is nowhere to be seen, and nothing is written yet.
  expect(JSON.stringify(survey)).not.toContain(slapd.password);
  expect(existsSync(beside("corp-password"))).toBe(false);
  expect(await save(survey.survey)).toMatchObject({ status: 201, body: { directory: "corp" } });
  expect(statSync(beside("corp-password")).mode & 0o777).toBe(0o600);
  expect(readFileSync(beside("corp-password"), "utf8")).toBe(slapd.password);
  expect(readFileSync(place.config, "utf8")).not.toContain(slapd.password);
  expect(
    await ask("POST", "/api/rollcall/v1/runs", { kind: "import", directory: "corp" }),
  ).toMatchObject({
    status: 202,
  });
  const users = async () => (await ask("GET", "/api/v1/users?limit=200")).body as unknown[];
  await expect.poll(async () => (await users()).length, PATIENCE).toBe(12);
  // Once is enough.
  expect((await save(survey.survey)).status).toBe(404);
  const { out } = await place.run("logs", "--json", "--filter", CHANGED);
  expect(out).toContain('"displayName":"admin"');
});

test("whoever is not an administrator looks at nothing, and saves nothing of somebody else", async () => {
  await serve();
  const operator = client(api.url, await tokenFor(place, "operator"));
  expect((await operator("POST", "/api/rollcall/v1/surveys", wanted())).status).toBe(403);
  const { survey } = await looked();
  expect((await save(survey, operator)).status).toBe(403);
  const other = client(api.url, await tokenFor(place, "admin", "other"));
  expect((await save(survey, other)).status).toBe(404);
});

test("a configuration that is not to be written is not looked for either", async () => {
  place.configure("directories: { hr: { type: identity-source } }\n");
  api = await serveApi(place);
  ask = client(api.url, await tokenFor(place, "admin"));
  const { status, body } = await ask("POST", "/api/rollcall/v1/surveys", wanted());
  expect(status).toBe(403);
  expect(body).toMatchObject({ code: "config.readOnly" });
});

test("nothing but servers is looked at, and each fault says what would be right", async () => {
  await serve();
  for (const [more, status, why] of [
    [{ url: "/etc/passwd" }, 400, "no address such as ldaps://"],
    [{ url: "file:///etc/passwd" }, 400, "no address such as ldaps://"],
    [{ url: "ldap://reader:secret@127.0.0.1" }, 400, "An address holds no account"],
    [{ url: "ldap://127.0.0.1:1" }, 502, "127.0.0.1:1"],
    [{ url: `${slapd.url}/dc=example,dc=org` }, 400, "no address such as ldaps://"],
    [{ url: `${slapd.url}\n` }, 400, "no address such as ldaps://"],
    [{ url: "ldap://a\u202eb" }, 400, "no address such as ldaps://"],
    [{ url: "ldapi://%2Frun%2Fldapi" }, 400, "no address such as ldaps://"],
    [{ url: "ldap://reader:secret@h:99999" }, 400, "no address such as ldaps://"],
    [{ url: "ldap://127.0.0.1:3268" }, 400, "global catalog"],
    [{ password: "one\ntwo" }, 400, "one line"],
    [{ name: "../x" }, 400, "../x"],
    [{ name: "okta" }, 400, "okta"],
    [{ password: "" }, 400, "An account needs its password"],
    [{ bindDn: "cn=${HOME},dc=example,dc=org" }, 400, "variable"],
    [{ base: "ou=nowhere,dc=example,dc=org" }, 422, ""],
  ] as const) {
    const answer = await ask("POST", "/api/rollcall/v1/surveys", { ...wanted(), ...more });
    expect(answer.status, `${JSON.stringify(more)} ${JSON.stringify(answer.body)}`).toBe(status);
    expect(JSON.stringify(answer.body)).toContain(why);
    expect(JSON.stringify(answer.body)).not.toContain(slapd.password);
  }
});

test("a certificate is trusted by the fingerprint that a person compared, and kept with the configuration", async () => {
  await serve();
  const refused = await ask("POST", "/api/rollcall/v1/surveys", {
    ...wanted(),
    url: slapd.tlsUrl,
  });
  expect(refused).toMatchObject({ status: 502, body: { code: "ldap.certificate" } });
  const { problems = [] } = refused.body as { problems?: readonly string[] };
  const [, fingerprint = ""] = /SHA-256 ([0-9A-F:]+)/.exec(problems.join()) ?? [];
  expect(fingerprint).not.toBe("");
  const wrong = { ...wanted(), url: slapd.tlsUrl, trust: fingerprint.replace(/^../, "00") };
  expect((await ask("POST", "/api/rollcall/v1/surveys", wrong)).status).toBe(502);
  const { survey } = await looked({ url: slapd.tlsUrl, trust: fingerprint });
  expect((await save(survey)).status).toBe(201);
  expect(readFileSync(beside("corp-ca.pem"), "utf8")).toContain("BEGIN CERTIFICATE");
  expect(await place.run("check")).toMatchObject({ status: 0 });
});

test("what was shown is what is written, and several are saved one after the other", async () => {
  await serve();
  const first = await looked();
  const second = await looked({ name: "other" });
  expect((await save(first.survey)).status).toBe(201);
  const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, "  ");
  expect(readFileSync(place.config, "utf8")).toContain(indented(first.text).trimEnd());
  expect((await save(second.survey)).status).toBe(201);
  // Taken out by hand, and wanted again: the file with the password is as it was.
  place.configure("directories: {}\n");
  place.listen(Number(new URL(api.url).port), "configuration: writable");
  place.hangups.dispatchEvent(new Event("hangup"));
  const names = async () => (await ask("GET", "/api/rollcall/v1/directories")).body;
  await expect.poll(names, PATIENCE).toMatchObject({ items: [] });
  expect((await save((await looked()).survey)).status).toBe(201);
});

test("what cannot be saved leaves the file as it was, and no secret beside it", async () => {
  await serve();
  const { survey } = await looked();
  const before = readFileSync(place.config, "utf8");
  writeFileSync(beside("corp-password"), "somebody else's");
  expect((await save(survey)).status).toBe(403);
  const again = await ask("POST", "/api/rollcall/v1/surveys", wanted());
  expect(again.status).toBe(400);
  expect(JSON.stringify(again.body)).toContain("remove it, or give the directory another name");
  expect(readFileSync(beside("corp-password"), "utf8")).toBe("somebody else's");
  rmSync(beside("corp-password"));
  writeFileSync(place.config, `${before}\n# edited meanwhile\n`);
  expect((await save(survey)).status).toBe(409);
  expect(existsSync(beside("corp-password"))).toBe(false);
  writeFileSync(place.config, before);
  expect((await save(survey)).status).toBe(201);
});
