/** `init`: from an address or a file to a configuration that works, without reading anything first. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { runCommandLine } from "../../src/cli/program.ts";
import { certificates, type Certificates } from "../support/certificates.ts";
import { Beginner, mapped } from "../support/init.ts";
import { person, toLdif, treeLdif } from "../support/people.ts";
import { Collector, simplePerson } from "../support/rollcall.ts";
import { startSlapd, type Slapd } from "../support/slapd.ts";

const SUFFIX = "dc=example,dc=org";
const SERVICES = ["backup", "scanner"].map(
  (name) =>
    `dn: cn=${name},ou=people,${SUFFIX}\nobjectClass: inetOrgPerson\ncn: ${name}\nsn: ${name}\n`,
);
const GROUP = `dn: cn=staff,ou=groups,${SUFFIX}\nobjectClass: groupOfNames\ncn: staff\nmember: uid=p1,ou=people,${SUFFIX}\n`;

let folder: string;
let tls: Certificates;
let slapd: Slapd;
let beginner: Beginner;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-init-"));
  tls = certificates(folder);
  const people = Array.from({ length: 40 }, (_, i) => toLdif(person(i), SUFFIX, true)).join("");
  const groups = `dn: ou=groups,${SUFFIX}\nobjectClass: organizationalUnit\nou: groups\n`;
  const ldif = [treeLdif(SUFFIX) + people, ...SERVICES, groups, GROUP].join("\n");
  slapd = await startSlapd({ tls, ldif });
});
afterAll(async () => {
  await slapd.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  beginner = await Beginner.create();
  beginner.place.environment["CORP_PASSWORD"] = slapd.password;
});
afterEach(() => beginner.place.remove());

const bind = (): string[] => ["--bind-dn", slapd.adminDn];

/** Whether the last thing on the terminal is a question; the terminal's own signs may stand behind it. */
const isAsking = (text: string): boolean => /: (?:\u001b\[\d+G)?$/.test(text);

describe("a server", () => {
  test("base, filter, identifier, groups and mappings are found, and an import by them works", async () => {
    const proposal = await beginner.init(slapd.url, ...bind());
    expect(proposal).toMatchObject({
      type: "ldap",
      base: `ou=people,${SUFFIX}`,
      filter: "(&(objectClass=inetOrgPerson)(|(mail=*)(givenName=*)))",
      id: null,
      people: 40,
      groups: { base: `ou=groups,${SUFFIX}` },
      missing: [],
    });
    expect(mapped(proposal, "email")).toBe("appuser.mail[0]");
    expect(mapped(proposal, "firstName")).toBe("appuser.givenName");
    expect(proposal.remarks.join()).toContain("left out as services");
    expect(beginner.text()).toContain('password: "${CORP_PASSWORD}"');
    expect(beginner.text()).not.toContain(slapd.password);
    const run = await beginner.imports("corp");
    expect(run).toMatchObject({ status: "done", counts: { created: 40, failed: 0 } });
  });

  test("its certificate is shown, and trusted only if somebody says so", async () => {
    const refused = await beginner.run("init", slapd.tlsUrl ?? "", ...bind(), "--yes");
    expect(refused.status).toBe(1);
    const fingerprint = /SHA-256 of that +([0-9A-F:]+)/.exec(refused.err)?.[1] ?? "";
    expect(fingerprint.length).toBe(95);
    const wrong = await beginner.run(
      "init",
      slapd.tlsUrl ?? "",
      ...bind(),
      "--yes",
      "--trust",
      "00:11",
    );
    expect(wrong.err).toContain("ldap.certificate");
    await beginner.init(slapd.tlsUrl ?? "", ...bind(), "--trust", fingerprint);
    const kept = join(beginner.place.folder, "config", "corp-ca.pem");
    expect(readFileSync(kept, "utf8")).toContain("BEGIN CERTIFICATE");
    expect(await beginner.imports("corp")).toMatchObject({ status: "done" });
  });

  test.each([
    [["ldap://127.0.0.1:1"], "ldap.unreachable"],
    [["ldap://"], "is no address"],
    [["--base", "ou=nobody,dc=example,dc=org"], "nobody"],
    [["--bind-dn", "cn=nobody,dc=example,dc=org"], "ldap.credentials"],
    [["ldap://reader:s3cret@127.0.0.1:1"], "An address holds no account"],
    [["--trust", "00:11"], "--trust is for ldaps:// addresses"],
  ])("what cannot work is told, and nothing is written: %j", async (args, words) => {
    const isAddress = args[0]?.startsWith("ldap:") === true;
    const all = isAddress ? args : [slapd.url, ...bind(), ...args];
    const { status, err } = await beginner.run("init", ...all, "--yes");
    expect(status).not.toBe(0);
    expect(err).toContain(words);
    expect(err).not.toContain("s3cret");
    expect(() => beginner.text()).toThrow("ENOENT");
  });

  test("without a password nothing is asked of the server", async () => {
    beginner.place.environment["CORP_PASSWORD"] = "";
    const { status, err } = await beginner.run("init", slapd.url, ...bind(), "--yes");
    expect(status).toBe(2);
    expect(err).toContain("set CORP_PASSWORD");
  });

  test("a person at a terminal is asked, and answers", async () => {
    const answers = [slapd.url, "corp", slapd.adminDn, "", "y"];
    const [stdout, stderr] = [new Collector(), new Collector()];
    const stdin = Object.assign(new Readable({ read: () => undefined }), { isTTY: true });
    // One answer for each question, when it is asked.
    const asked = setInterval(() => {
      if (isAsking(stderr.text)) stdin.push(`${answers.shift() ?? ""}\n`);
    }, 50);
    const { environment } = beginner.place;
    const status = await runCommandLine(["init", "--config", beginner.config], {
      environment,
      stdin,
      stdout,
      stderr,
      signal: new AbortController().signal,
    });
    clearInterval(asked);
    expect(stderr.text).toContain("Written to");
    expect(status).toBe(0);
    expect(stdout.text).toMatch(/email +appuser\.mail\[0\] +40 of 40/);
    expect(await beginner.imports("corp")).toMatchObject({ counts: { created: 40 } });
  });
});

describe("a file", () => {
  const HR =
    "Personalnummer;Vorname;Nachname;E-Mail;Abteilung;Status;Teams\r\n" +
    "0001;Ada;Lovelace;ada@example.org;Rechnen;aktiv;A|B\r\n" +
    "0002;Bo;Berg;bo@example.org;;inaktiv;A\r\n" +
    "0003;Cy;Cox;cy@example.org;Verkauf;aktiv;B|C\r\n";

  test("a CSV file from human resources", async () => {
    const path = beginner.place.file("hr.csv", HR);
    const proposal = await beginner.init(path);
    expect(proposal).toMatchObject({
      type: "csv",
      id: "Personalnummer",
      groups: { column: "Teams" },
    });
    expect(mapped(proposal, "login")).toBe("appuser.E_Mail");
    expect(beginner.text()).toContain('separator: "|"');
    const run = await beginner.imports("hr");
    expect(run).toMatchObject({ status: "done", counts: { failed: 0 } });
    const { out } = await beginner.run("users", "export", "--json");
    const states = out
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { login: string; status: string })
      .map(({ login, status }) => `${login} ${status}`);
    expect(states).toEqual([
      "ada@example.org active",
      "bo@example.org deprovisioned",
      "cy@example.org active",
    ]);
  });

  test("an LDIF file, and then a second directory, which leaves the first one as it was written", async () => {
    const ldif = beginner.place.file(
      "people.ldif",
      ["ada", "bo", "cy"].map((name) => simplePerson(name)).join(""),
    );
    expect(await beginner.init(ldif)).toMatchObject({ type: "ldif", id: "entryUUID", people: 3 });
    writeFileSync(beginner.config, `# ours\n${beginner.text()}\nhttp: off # kept\n`);
    const before = beginner.text();
    const path = beginner.place.file("hr.csv", HR);
    await beginner.init(path);
    const [head = "", tail = ""] = before.split("\nhttp: off");
    expect(beginner.text().startsWith(head.trimEnd())).toBe(true);
    expect(beginner.text().endsWith(`http: off${tail}`)).toBe(true);
    expect(beginner.text()).toContain("matching:");
    await beginner.imports("people");
    await beginner.imports("hr");
    const again = await beginner.run("init", path, "--yes");
    expect(again.err).toContain("has a directory hr already");
  });

  test("where nothing fits what every user needs, that is said, and a configuration that works is left alone", async () => {
    const path = beginner.place.file("odd.csv", "id;colour\n1;red\n2;blue\n");
    const first = await beginner.run("init", path, "--yes");
    expect(first.status).toBe(1);
    expect(first.out).toContain("login: nothing was found, and every user needs it");
    expect(first.err).toContain("Nothing was written");
    expect(() => beginner.text()).toThrow("ENOENT");
    await beginner.init(beginner.place.file("hr.csv", HR));
    const before = beginner.text();
    expect((await beginner.run("init", path, "--yes")).status).toBe(1);
    expect(beginner.text()).toBe(before);
  });

  const head = "id;mail;first name;last name";
  test.each([
    [
      "a column that only is called so is no state",
      `${head};State;Status\n1;a@example.org;A;B;Berlin;active\n2;b@example.org;C;D;Hessen;left\n`,
      "disabled: { attribute: Status, values: [ inactive, left, ",
      "",
    ],
    [
      "words that are not known are told, and nobody is taken for active by them",
      `${head};Status\n1;a@example.org;A;B;ein\n2;b@example.org;C;D;aus\n`,
      "id: id",
      "Status has the values ein, aus, of which none is known",
    ],
    [
      "what separates groups and stands elsewhere, too, separates nothing",
      `${head};Teams\n1;a@example.org;A;"Cox, Jr";"A,B"\n2;b@example.org;C;D;"A,B"\n`,
      "groups: { column: Teams }",
      "",
    ],
    [
      "a file that may be cut",
      `${head}\n1;a@example.org;A;B\n2;b@exam`,
      "id: id",
      "The last line has no end",
    ],
  ])("%s", async (_, text, written, told) => {
    const proposal = await beginner.init(beginner.place.file("hr.csv", text));
    expect(beginner.text()).toContain(written);
    expect(beginner.text()).not.toContain("separator");
    expect(proposal.remarks.join("\n")).toContain(told);
  });

  test("a certificate is kept only with the configuration that names it, and never over another one", async () => {
    const shown = await beginner.run("init", slapd.tlsUrl ?? "", ...bind(), "--yes");
    const fingerprint = /SHA-256 of that +([0-9A-F:]+)/.exec(shown.err)?.[1] ?? "";
    const kept = join(beginner.place.folder, "config", "corp-ca.pem");
    const args = [slapd.tlsUrl ?? "", "--yes", "--trust", fingerprint];
    const failed = await beginner.run("init", ...args, "--bind-dn", "cn=nobody,dc=example,dc=org");
    expect(failed.status).toBe(1);
    expect(existsSync(kept)).toBe(false);
    mkdirSync(join(beginner.place.folder, "config"));
    writeFileSync(kept, "another one\n");
    const refused = await beginner.run("init", ...args, ...bind());
    expect(refused.err).toContain("holds another certificate");
    expect(readFileSync(kept, "utf8")).toBe("another one\n");
  });

  test("nobody is identified by a name", async () => {
    const names = "Vorname;Nachname;E-Mail\nAda;L;a@example.org\nBo;B;b@example.org\n";
    const { status, out, err } = await beginner.run(
      "init",
      beginner.place.file("n.csv", names),
      "--yes",
    );
    expect(status).toBe(1);
    expect(out).toContain("users.id: nothing was found");
    expect(err).toContain("everybody has another value of Vorname, Nachname, E_Mail");
  });

  test.each([
    [["--bind-dn", "cn=x"], "--bind-dn is for servers"],
    [["--trust", "00"], "--trust is for servers"],
    [["--name", "../../x"], "a directory's name is a letter"],
    [["--name", "__proto__"], "a directory's name is a letter"],
    [["--name", "okta"], "has a meaning in expressions"],
  ])("options that make no sense are refused: %j", async (options, words) => {
    const path = beginner.place.file("hr.csv", HR);
    const { status, err } = await beginner.run("init", path, "--yes", ...options);
    expect(status).toBe(2);
    expect(err).toContain(words);
  });

  test.each(["directories:\n", "directories: ~\n", "http: off\n"])(
    "a configuration without directories gets the first one: %j",
    async (text) => {
      mkdirSync(join(beginner.place.folder, "config"));
      writeFileSync(beginner.config, text);
      await beginner.init(beginner.place.file("hr.csv", HR));
      expect(await beginner.imports("hr")).toMatchObject({ status: "done" });
    },
  );

  test.each(["[1]\n", "x\n", "directories: [a\n"])(
    "what is no configuration is left as it is: %j",
    async (text) => {
      mkdirSync(join(beginner.place.folder, "config"));
      writeFileSync(beginner.config, text);
      const path = beginner.place.file("hr.csv", HR);
      const { status, err } = await beginner.run("init", path, "--yes");
      expect(status).toBe(2);
      expect(err).toContain("does not read well");
      expect(beginner.text()).toBe(text);
    },
  );

  test("a link stays a link, and a file that may not be written stays as it is", async () => {
    const folder = join(beginner.place.folder, "config");
    mkdirSync(folder);
    const real = beginner.place.file("real.yaml", "http: off\n");
    symlinkSync(real, beginner.config);
    await beginner.init(beginner.place.file("hr.csv", HR));
    expect(lstatSync(beginner.config).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, "utf8")).toContain("Personalnummer");
    chmodSync(real, 0o444);
    const again = await beginner.run("init", beginner.place.file("second.csv", HR), "--yes");
    expect(again.status).toBe(2);
    expect(again.err).toContain("may not be written");
    expect(readFileSync(real, "utf8")).not.toContain("second");
  });

  test("what would be read as a variable is not written", async () => {
    const path = beginner.place.file("x${HOME}.csv", HR);
    const { status, err } = await beginner.run("init", path, "--name", "x", "--yes");
    expect(status).toBe(2);
    expect(err).toContain("which is a variable in the configuration");
  });

  test("values that look like a configuration stay values", async () => {
    const evil = 'x"\n    importSafeguard: off #';
    const path = beginner.place.file(
      "evil.csv",
      `id;mail;first name;last name;"${evil.replaceAll('"', '""')}"\n1;a@example.org;\${HOME};B;c\n`,
    );
    await beginner.init(path);
    expect(beginner.text()).not.toMatch(/^ *importSafeguard/m);
    expect(await beginner.imports("evil")).toMatchObject({ counts: { created: 1 } });
  });
});

test("whoever has no configuration is told of init", async () => {
  const { status, err } = await beginner.run("check");
  expect(status).toBe(2);
  expect(err).toContain("rollcall init");
});
