/** What is wrong now, whose values users have, and users as CSV. */
import { Client } from "pg";
import { afterEach, describe, expect, inject, test } from "vitest";
import { certificates } from "../support/certificates.ts";
import {
  DATABASES,
  simplePerson,
  SIMPLE_MAPPINGS,
  Workplace,
  type DatabaseKind,
} from "../support/rollcall.ts";
import { startSlapd } from "../support/slapd.ts";

let place: Workplace;
afterEach(() => place.remove());

interface Finding {
  readonly severity: string;
  readonly directory: string | null;
  readonly message: string;
  readonly command: string | null;
}

const doctor = async (): Promise<Finding[]> => place.json<Finding[]>("doctor");

function configure(more = "", profile = "", mapping = ""): void {
  place.configure(`directories:
  corp:
    type: ldif
    path: ${place.folder}/corp.ldif
${more}${SIMPLE_MAPPINGS}${mapping}
  hr:
    type: ldif
    path: ${place.folder}/hr.ldif
    onNoMatch: ignore
    matching: [{ user: login, app: appuser.mail, onMatch: link }]
${SIMPLE_MAPPINGS}      city: appuser.l
${profile}`);
}

async function imported(kind: DatabaseKind): Promise<void> {
  place = await Workplace.create(kind);
  configure();
  place.file("corp.ldif", simplePerson("ada", { title: 'Dr "A", Countess' }) + simplePerson("bob"));
  place.file("hr.ldif", simplePerson("ada", { title: "Dr", l: ["Berlin", "Paris"] }));
  await place.run("import", "corp");
  await place.run("import", "hr");
}

async function query(text: string): Promise<void> {
  const client = new Client({ connectionString: place.databaseUrl ?? "" });
  await client.connect();
  await client.query(text);
  await client.end();
}

describe("doctor", () => {
  test("finds nothing in a healthy set-up", async () => {
    await imported("embedded");
    const { status, out } = await place.run("doctor");
    expect(out).toMatch(
      /^Nothing is wrong\.\ninfo {5}The database takes [\d.]+ MiB \(\w+ [\d.]+ MiB, .*\n$/,
    );
    expect(status).toBe(0);
  });

  test("puts first what keeps people from being up to date", async () => {
    await imported("postgres");
    configure("    importSafeguard: { count: 0 }\n    schedule: { incremental: '*/5 * * * *' }\n");
    place.file("corp.ldif", simplePerson("ada", { title: "X" }));
    await place.run("import", "corp", "--full");
    place.file("hr.ldif", "nonsense");
    await place.run("import", "hr");
    const findings = await doctor();
    const order = findings.map((finding) => finding.severity);
    expect(order).toEqual(
      order.toSorted((a, b) => "error warning info".indexOf(a) - "error warning info".indexOf(b)),
    );
    expect(findings).toContainEqual(
      expect.objectContaining({
        severity: "error",
        directory: "corp",
        message: expect.stringContaining("is held since") as string,
      }),
    );
    expect(findings).toContainEqual(
      expect.objectContaining({
        severity: "error",
        directory: "hr",
        message: expect.stringContaining("The last import failed (ldif.invalid)") as string,
      }),
    );
    expect((await place.run("doctor")).status).toBe(1);
  });

  test("knows the schedule: one missed import is none, many are", async () => {
    await imported("postgres");
    const about = async (): Promise<string[]> =>
      (await doctor()).filter((one) => one.directory === "corp").map((one) => one.message);
    configure("    schedule: { incremental: '0 */6 * * *', full: '0 2 * * *' }\n");
    await query("update checkpoints set read_at = now() - interval '11 hours'");
    expect(await about()).toEqual([]);
    await query("update checkpoints set read_at = now() - interval '14 hours'");
    expect(await about()).toEqual([expect.stringContaining("longer ago than its schedule allows")]);
    await query(
      "update checkpoints set full_reason = 'The run x was put back.', full_reason_at = now()",
    );
    expect(await about()).toContainEqual(
      expect.stringContaining("The next import reads everybody"),
    );
  });

  test("finds an interrupted run, failing people, entries of nobody, old mappings, and mappings that give nothing", async () => {
    await imported("postgres");
    place.file("corp.ldif", simplePerson("ada", { mail: "x" }) + simplePerson("bob"));
    await place.run("import", "corp", "--full");
    place.file("hr.ldif", simplePerson("ada") + simplePerson("stranger"));
    await place.run("import", "hr", "--full");
    configure(
      "",
      "profile: { overrides: { department: [hr], nickName: okta } }\n",
      "      division: appuser.nowhere\n",
    );
    await query(`insert into runs (id, kind, directory, type, trigger, actor, dry_run, status, phase, counts, phases, fingerprint, plan_size, scope)
      values (gen_random_uuid(), 'import', 'corp', 'full', 'manual', '{}', false, 'running', 'applying', '{}', '[]', '', 0, '')`);
    const messages = (await doctor()).map((one) => `${one.directory ?? ""}: ${one.message}`);
    const typo = await place.run("users", "failing", "--code", "invalidLoginEmial");
    expect(typo).toMatchObject({
      status: 2,
      err: expect.stringContaining("do you mean invalidLoginEmail?") as string,
    });
    for (const part of [
      "corp: A run was interrupted, and nobody finishes it.",
      "corp: 1 person fails of 2, most with invalidLoginEmail (login)",
      "corp: The mapping of division gives nobody a value.",
      "hr: 1 entry belongs to no user.",
      "hr: profile.overrides gives department to hr, but hr has no mapping of it.",
      "last mapped with an older version",
    ])
      expect(messages).toContainEqual(expect.stringContaining(part));
  });

  test("says nothing of what is meant, and counts as the lists do", async () => {
    place = await Workplace.create("postgres");
    // Nobody has a nick name, and the second person would get the login of the first.
    configure(
      "",
      "",
      `      nickName: '""'
`,
    );
    place.file(
      "corp.ldif",
      simplePerson("ada", { title: "Dr" }) + simplePerson("x", { mail: "ada@example.org" }),
    );
    await place.run("import", "corp");
    const messages = (await doctor()).map((one) => one.message).join("\n");
    expect(messages).not.toContain("gives nobody a value");
    expect(await place.json<unknown[]>("imports", "unmatched")).toHaveLength(1);
    expect(messages).toContain("1 entry belongs to no user.");
  });

  test("tells where letters are compared in ASCII only", async () => {
    const { postgresUrl } = inject("servers");
    const name = `c_${Date.now()}`;
    const client = new Client({ connectionString: postgresUrl });
    await client.connect();
    await client.query(`create database ${name} template template0 lc_collate 'C' lc_ctype 'C'`);
    await client.end();
    place = Workplace.at(postgresUrl.replace(/\/postgres$/, `/${name}`));
    configure();
    place.file("corp.ldif", simplePerson("ada"));
    expect((await doctor()).map((one) => one.message).join()).toContain("LC_CTYPE");
  });

  test("tells of a certificate before it expires", async () => {
    place = await Workplace.create("embedded");
    const tls = certificates(place.folder);
    const slapd = await startSlapd({
      tls,
      ldif: `dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\no: x\ndc: example\n\ndn: uid=ada,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: ada\ncn: Ada\nsn: L\ngivenName: Ada\nmail: ada@example.org\n\n`,
    });
    try {
      place.configure(`directories:
  corp:
    type: ldap
    url: ${slapd.tlsUrl ?? ""}
    tls: { ca: ${tls.ca} }
    bind: { dn: "${slapd.adminDn}", password: "${slapd.password}" }
    users: { base: "dc=example,dc=org" }
${SIMPLE_MAPPINGS}`);
      await place.run("import", "corp");
      const findings = await doctor();
      expect(findings).toContainEqual(
        expect.objectContaining({
          severity: "error",
          message: expect.stringMatching(/certificate of .* expires in \d days?, at 20/) as string,
        }),
      );
    } finally {
      await slapd.stop();
    }
    expect((await doctor())[0]).toMatchObject({
      severity: "error",
      message: expect.stringContaining("ldap.unreachable") as string,
    });
  });
});

describe.each(DATABASES)("on %s", (kind) => {
  test("`sources` counts users and values by where they come from", async () => {
    await imported(kind);
    await place.run("users", "set", "bob@example.org", "nickName=Bobby");
    const reports =
      await place.json<
        { source: string; linked: number; users: number; attributes: Record<string, number> }[]
      >("sources");
    expect(reports).toMatchObject([
      { source: "corp", priority: 1, linked: 2, users: 2, attributes: { login: 2, title: 1 } },
      { source: "hr", priority: 2, linked: 1, users: 0, attributes: {} },
      { source: "okta", users: 0, attributes: { nickName: 1 } },
    ]);
    expect((await place.run("sources")).out).toContain("profile source of 2");
  });

  test("`users export` writes chosen columns, and all app profiles", async () => {
    await imported(kind);
    const columns = "login,title,source.title,hr.L,hr.dn,corp.externalId,hr.nothing";
    const { out } = await place.run("users", "export", "--columns", columns);
    expect(out).toBe(
      `${columns}\r\nada@example.org,"Dr ""A"", Countess",corp,Berlin;Paris,"uid=ada,ou=people,dc=example,dc=org",ada,\r\nbob@example.org,,,,,bob,\r\n`,
    );
    const lines = (await place.run("users", "export", "--columns", "login,hr.l", "--json")).out;
    expect(
      lines
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { login: "ada@example.org", "hr.l": ["Berlin", "Paris"] },
      { login: "bob@example.org", "hr.l": null },
    ]);
    const profiles = await place.run("users", "export", "--app-profiles");
    expect(profiles.out.trimEnd().split("\r\n")).toHaveLength(4);
    const whole = (await place.run("users", "export", "--app-profiles", "--json")).out;
    expect(JSON.parse(whole.split("\n")[0] ?? "")).toMatchObject({
      login: "ada@example.org",
      appUsers: [{ directory: "corp" }, { directory: "hr", profile: { title: "Dr" } }],
    });
    const wrong = await place.run("users", "export", "--columns", "login,titel");
    expect(wrong.status).toBe(2);
    expect(wrong.err).toContain("Do you mean title?");
  });
});

test("what is misspelt is refused with what is meant", async () => {
  await imported("postgres");
  const refused = async (...args: string[]): Promise<string> => {
    const { status, err } = await place.run(...args);
    expect(status).toBe(2);
    return err;
  };
  const exported = (column: string): Promise<string> =>
    refused("users", "export", "--columns", column);
  expect(await exported("corp.")).not.toContain("mean corp.");
  expect(await exported("source.titel")).toContain("Do you mean source.title?");
  expect(await exported("crop.mail")).toContain("Do you mean corp.mail?");
  expect(await refused("users", "set", "bob@example.org", "titel=x")).toContain(
    "do you mean title?",
  );
});

test("who fails is found by each of the faults", async () => {
  place = await Workplace.create("postgres");
  configure("", "", "      locale: appuser.street\n      timezone: appuser.st\n");
  place.file("corp.ldif", simplePerson("ada", { street: "german", st: "Narnia" }));
  await place.run("import", "corp");
  const codes = (
    await place.json<{ code: string; examples: { error: { others?: { code: string }[] } }[] }[]>(
      "users",
      "failing",
    )
  ).flatMap(({ code, examples }) => [
    code,
    ...examples.flatMap(({ error }) => (error.others ?? []).map((one) => one.code)),
  ]);
  expect(codes).toHaveLength(2);
  for (const code of codes)
    expect(await place.json("users", "failing", "--code", code)).toMatchObject([{ people: 1 }]);
});
