/**
 * Imports from a real domain controller: Samba, which speaks Active Directory's LDAP. It takes the
 * ports of LDAP, so it needs root.
 */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HowTo } from "../support/how-to.ts";
import { createDatabase, Workplace, type RunDocument } from "../support/rollcall.ts";
import { Beginner, mapped } from "../support/init.ts";
import { startSamba, type SambaDomain } from "../support/samba.ts";
import { expectConformance, type ReadDocument, type ConformanceServer } from "./conformance.ts";

const READER_PASSWORD = "R3ader!secret";
const STAFF = "OU=Staff";

let domain: SambaDomain;

function scenarioServer(account: string, password: string): ConformanceServer {
  return {
    settings: [
      "type: active-directory",
      `url: ${domain.url}`,
      `bind: { dn: '${account}', password: "${password}" }`,
    ],
    suffix: domain.suffix,
    flavour: "active-directory",
    modify: (ldif) => domain.modify(ldif),
    restart: () => domain.restart(),
    snapshot: () => domain.snapshot(),
  };
}

function user(name: string, more: string): string {
  return `dn: CN=${name},${STAFF},${domain.suffix}\nobjectClass: user\nsAMAccountName: ${name}\nuserPrincipalName: ${name}@exp.test\n${more}\n`;
}

/** A configuration of ten lines; what is not in it are the defaults of Active Directory. */
function configuration(more: Readonly<Record<string, string>> = {}): string {
  const settings: Record<string, string> = {
    type: "active-directory",
    url: domain.url,
    bind: `{ dn: "reader@exp.test", password: "${READER_PASSWORD}" }`,
    users: `{ base: "${STAFF},${domain.suffix}" }`,
    groups: "{}",
    ...more,
  };
  const lines = Object.entries(settings).map(([key, value]) => `    ${key}: ${value}\n`);
  return `directories:\n  ad:\n${lines.join("")}`;
}

interface Shown {
  readonly status: string;
  readonly profile: Record<string, unknown>;
  readonly appUsers: readonly {
    readonly profile: Record<string, unknown>;
    readonly meanings: Record<string, string>;
    readonly groups: readonly { readonly name: string; readonly how: string }[];
  }[];
}

describe.runIf(process.getuid?.() === 0)("a domain controller", () => {
  let place: Workplace;

  beforeAll(async () => {
    domain = await startSamba();
    await domain.restart(() => {
      domain.load(
        `dn: CN=reader,CN=Users,${domain.suffix}\nobjectClass: user\nsAMAccountName: reader\nuserPrincipalName: reader@exp.test\nuserAccountControl: 512\n\n`,
      );
      domain.setPassword("reader", READER_PASSWORD);
    });
    domain.modify(
      [
        `dn: ${STAFF},${domain.suffix}\nobjectClass: organizationalUnit\n\n`,
        user(
          "ada",
          "userAccountControl: 544\ngivenName: Ada\nsn: Lovelace\nmail: ada@example.org\n",
        ),
        user("bob", "userAccountControl: 546\naccountExpires: 132537600000000000\n"),
        `dn: CN=Engineers,${STAFF},${domain.suffix}\nobjectClass: group\nsAMAccountName: Engineers\nmember: CN=ada,${STAFF},${domain.suffix}\n\n`,
        `dn: CN=Everyone,${STAFF},${domain.suffix}\nobjectClass: group\nsAMAccountName: Everyone\nmember: CN=Engineers,${STAFF},${domain.suffix}\n\n`,
      ].join(""),
    );
    place = await Workplace.create("postgres");
  });
  afterAll(async () => {
    place.remove();
    await domain.stop();
  });

  test("DirSync sees everything that a full read sees", async () => {
    const server = scenarioServer(domain.administrator, domain.password);
    await expectConformance(server, "dirsync", { way: "dirSync" });
  });

  test("uSNChanged, for an account without rights, too, if identifiers are compared", async () => {
    const server = scenarioServer("EXP\\reader", READER_PASSWORD);
    await expectConformance(server, "usn", { way: "usn", more: ["incremental: { compare: 0 }"] });
  });

  test("uSNChanged, for an account that sees deleted objects, without comparing", async () => {
    const server = scenarioServer(domain.administrator, domain.password);
    const more = ["incremental: { way: usn, compare: 500000 }"];
    await expectConformance(server, "usnadmin", { way: "usn", more });
  });

  test("ten lines of configuration: people with names, states and groups", async () => {
    place.configure(configuration());
    const run = await place.json<ReadDocument>("import", "ad");
    expect(run).toMatchObject({ status: "done", counts: { read: 2, created: 2, failed: 0 } });
    expect(run.server).toMatch(
      /^Samba Active Directory.* dc1\.exp\.test at ldap:\/\/127\.0\.0\.1$/,
    );
    const ada = await place.json<Shown>("users", "show", "ada@exp.test");
    expect(ada).toMatchObject({
      status: "active",
      profile: { email: "ada@example.org", firstName: "Ada", lastName: "Lovelace" },
    });
    const [app] = ada.appUsers;
    expect(app?.profile["objectGUID"]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}$/);
    expect(app?.profile["objectSid"]).toMatch(/^S-1-5-21-\d+-\d+-\d+-\d+$/);
    expect(app?.meanings).toMatchObject({
      userAccountControl: "PASSWD_NOTREQD, NORMAL_ACCOUNT",
      accountExpires: "never",
    });
    expect(app?.meanings["whenCreated"]).toMatch(/^20\d\d-\d\d-\d\dT/);
    expect(app?.groups.map(({ name, how }) => `${name} ${how}`)).toEqual([
      "Engineers direct",
      "Domain Users primary",
      "Everyone nested",
      "Users nested",
    ]);
    const bob = await place.json<Shown>("users", "show", "bob@exp.test");
    expect(bob.status).toBe("deprovisioned");
    expect(bob.appUsers[0]?.meanings).toMatchObject({
      userAccountControl: "ACCOUNTDISABLE, PASSWD_NOTREQD, NORMAL_ACCOUNT",
      accountExpires: "2020-12-30T00:00:00.000Z",
    });
  });

  test("init finds the domain's people, and a configuration by which they are imported", async () => {
    const beginner = await Beginner.create();
    beginner.place.environment["AD_PASSWORD"] = READER_PASSWORD;
    const base = `${STAFF},${domain.suffix}`;
    const bind = ["--name", "ad", "--bind-dn", "reader@exp.test", "--base", base];
    const proposal = await beginner.init(domain.url, ...bind);
    expect(proposal).toMatchObject({
      type: "active-directory",
      id: null,
      filter: null,
      groups: {},
    });
    expect(mapped(proposal, "login")).toContain("appuser.userPrincipalName");
    const run = await beginner.imports("ad");
    expect(run).toMatchObject({ status: "done", counts: { read: proposal.people } });
    expect((await beginner.run("users", "show", "ada@exp.test")).status).toBe(0);
    beginner.place.remove();
  });

  test("docs/how-to/01-connect-active-directory works as it is written", async () => {
    const page = new HowTo({ DATABASE_URL: await createDatabase("template0") });
    copyFileSync(domain.ca, join(page.folder, "ca.pem"));
    try {
      expect(
        page.follow("01-connect-active-directory", {
          "ldaps://dc1.corp.example.org": domain.tlsUrl,
          "reader@corp.example.org": "reader@exp.test",
          "the password": READER_PASSWORD,
        }),
      ).toBeGreaterThan(0);
    } finally {
      page.remove();
    }
  });

  test("an account without a user principal name fails with a proposal that works", async () => {
    const unit = `OU=Nameless,${domain.suffix}`;
    domain.modify(
      `dn: ${unit}\nobjectClass: organizationalUnit\n\ndn: CN=nou,${unit}\nobjectClass: user\nsAMAccountName: nou\nuserAccountControl: 544\n\n`,
    );
    place.configure(configuration({ users: `{ base: "${unit}" }` }));
    await place.json("import", "ad", "--full");
    const failing = await place.json<{ examples: { error: { message: string } }[] }[]>(
      "users",
      "failing",
    );
    const told = failing[0]?.examples[0]?.error.message ?? "";
    const [, proposed = ""] = /toOkta: (\{.*\})$/.exec(told) ?? [];
    expect(proposed).toContain('appuser.sAMAccountName + "@exp.test"');
    place.configure(configuration({ users: `{ base: "${unit}" }`, toOkta: proposed }));
    const run = await place.json<RunDocument>("import", "ad", "--full");
    expect(run).toMatchObject({ counts: { created: 1, failed: 0 } });
    expect((await place.users()).get("nou@exp.test")?.status).toBe("active");
  });

  test("mappings see groups through groups, the manager, and the times of a domain", async () => {
    domain.modify(
      `dn: CN=ada,${STAFF},${domain.suffix}\nchangetype: modify\nreplace: manager\nmanager: CN=bob,${STAFF},${domain.suffix}\n\n`,
    );
    place.configure(
      configuration({
        toOkta: `{ login: appuser.userPrincipalName, email: 'appuser.mail ?: appuser.userPrincipalName',
        firstName: 'appuser.givenName ?: appuser.cn', lastName: 'appuser.sn ?: appuser.cn',
        userType: 'isMemberOfGroupName("Everyone") ? "nested" : "none"',
        division: 'isMemberOfGroupName("Domain Users") ? "primary" : "none"',
        manager: 'getManagerUser("active_directory").login',
        managerId: 'getManagerAppUser("active_directory", "ad").objectGUID',
        nickName: 'hasDirectoryUser() ? findDirectoryUser().sAMAccountName : null',
        title: 'Time.fromIso8601ToString(Time.fromStringToIso8601(appuser.whenCreated, "yyyyMMddHHmmss.SZ"), "yyyy")',
        department: 'appuser.accountExpires == "9223372036854775807" ? "never" : Time.fromWindowsToIso8601(appuser.accountExpires)' }`,
      }),
    );
    expect(await place.json<RunDocument>("import", "ad", "--full")).toMatchObject({
      status: "done",
      counts: { failed: 0 },
    });
    const { appUsers: bobs } = await place.json<Shown>("users", "show", "bob@exp.test");
    const { profile } = await place.json<Shown>("users", "show", "ada@exp.test");
    expect(profile).toMatchObject({
      userType: "nested",
      division: "primary",
      manager: "bob@exp.test",
      managerId: bobs[0]?.profile["objectGUID"],
      nickName: "ada",
      title: expect.stringMatching(/^20\d\d$/) as string,
    });
    const bob = await place.json<Shown>("users", "show", "bob@exp.test");
    expect(bob.profile).toMatchObject({ department: "2020-12-30T00:00:00.000Z" });
    expect((await place.run("check")).out).not.toContain("which the mapping of");
  });

  test.each(["dirSync", "usn"])(
    "whoever is put into a group that the filter asks for comes, and goes with it: %s",
    async (way) => {
      const group = `CN=Staff-${way},${STAFF},${domain.suffix}`;
      const member = (name: string): string => `CN=${name},${STAFF},${domain.suffix}`;
      const change = (verb: "add" | "delete", name: string): void =>
        domain.modify(
          `dn: ${group}\nchangetype: modify\n${verb}: member\nmember: ${member(name)}\n\n`,
        );
      domain.modify(
        `dn: ${group}\nobjectClass: group\nsAMAccountName: Staff-${way}\nmember: ${member("ada")}\n\n`,
      );
      const own = await Workplace.create("postgres");
      own.configure(
        configuration({
          bind: `{ dn: "${domain.administrator}", password: "${domain.password}" }`,
          users: `{ base: "${STAFF},${domain.suffix}", filter: "(&(objectClass=user)(memberOf:1.2.840.113556.1.4.1941:=${group}))" }`,
          incremental: `{ way: ${way}, compare: 500000 }`,
          importSafeguard: "off",
        }),
      );
      expect(await own.json("import", "ad")).toMatchObject({ counts: { created: 1 } });
      change("add", "bob");
      const came = await own.json<ReadDocument>("import", "ad");
      expect(came).toMatchObject({ type: "incremental", way, counts: { created: 1 } });
      change("delete", "ada");
      const went = await own.json<ReadDocument>("import", "ad");
      expect(went).toMatchObject({ type: "incremental", way, counts: { removed: 1 } });
      expect((await own.run("check")).out).toContain("identifiers are compared at every");
      own.remove();
    },
  );

  test.each(["dirSync", "usn"])(
    "reports keep a manager who is renamed or moved, lose one who is deleted, and force sync changes nothing: %s",
    async (way) => {
      const unit = `OU=Bosses-${way},${domain.suffix}`;
      const at = (name: string, above = unit): string => `CN=${name}-${way},${above}`;
      const person = (name: string, more: string): string =>
        `dn: ${at(name)}\nobjectClass: user\nsAMAccountName: ${name}-${way}\nuserAccountControl: 544\nuserPrincipalName: ${name}-${way}@exp.test\n${more}\n`;
      const rename = (dn: string, rdn: string, above: string): void =>
        domain.modify(
          `dn: ${dn}\nchangetype: modrdn\nnewrdn: ${rdn}\ndeleteoldrdn: 1\nnewsuperior: ${above}\n\n`,
        );
      const title = (name: string, value: string): void =>
        domain.modify(`dn: ${at(name)}\nchangetype: modify\nreplace: title\ntitle: ${value}\n\n`);
      const lower = `OU=Lower,${unit}`;
      domain.modify(
        [unit, lower].map((dn) => `dn: ${dn}\nobjectClass: organizationalUnit\n\n`).join("") +
          person("boss", "") +
          ["ann", "zoe"].map((name) => person(name, `manager: ${at("boss")}\n`)).join(""),
      );
      const own = await Workplace.create("postgres");
      own.configure(
        configuration({
          bind: `{ dn: "${domain.administrator}", password: "${domain.password}" }`,
          users: `{ base: "${unit}", filter: "(objectClass=user)" }`,
          incremental: `{ way: ${way}, compare: 500000 }`,
          importSafeguard: "off",
          toOkta: `{ login: appuser.userPrincipalName, email: appuser.userPrincipalName, firstName: appuser.cn,
        lastName: appuser.cn, title: appuser.title, manager: 'getManagerUser("active_directory").login' }`,
        }),
      );
      const managers = async (): Promise<unknown[]> => {
        const users = await own.users();
        return ["ann", "zoe"].map(
          (name) => users.get(`${name}-${way}@exp.test`)?.profile["manager"],
        );
      };
      const both = (login: string | undefined): unknown[] => [login, login];
      const boss = `boss-${way}@exp.test`;
      await own.json("import", "ad", "--full");
      await own.json("import", "ad", "--full");
      expect(await managers()).toEqual(both(boss));

      rename(at("boss"), `CN=boss-${way}`, lower);
      expect(await own.json("import", "ad")).toMatchObject({ type: "incremental", status: "done" });
      expect(await managers()).toEqual(both(boss));
      const synced = await own.json<RunDocument>("force-sync", "ad");
      expect(synced.counts).toMatchObject({ updated: 0, failed: 0 });
      const { appUsers } = await own.json<Shown>("users", "show", `ann-${way}@exp.test`);
      expect(appUsers[0]?.profile["manager"]).toBe(at("boss", lower));

      // Both reports are told of as changed, and one of them is read before the manager.
      title("ann", "First");
      rename(at("boss", lower), `CN=chief-${way}`, unit);
      title("zoe", "Last");
      expect(await own.json("import", "ad")).toMatchObject({ type: "incremental", status: "done" });
      expect(await managers()).toEqual(both(boss));

      // Everybody is below another container: everybody is read, the manager among them.
      rename(at("chief"), `CN=boss-${way}`, lower);
      domain.modify(`dn: ${lower}\nchangetype: modrdn\nnewrdn: OU=Upper\ndeleteoldrdn: 1\n\n`);
      const moved = await own.json<ReadDocument>("import", "ad");
      expect(moved).toMatchObject({
        type: "full",
        converted: { code: "ou_change_detected" },
        status: "done",
      });
      expect(await managers()).toEqual(both(boss));
      expect((await own.json<RunDocument>("force-sync", "ad")).counts).toMatchObject({
        updated: 0,
      });

      domain.modify(`dn: ${at("boss", `OU=Upper,${unit}`)}\nchangetype: delete\n\n`);
      expect(await own.json("import", "ad")).toMatchObject({ type: "incremental", status: "done" });
      expect(await managers()).toEqual(both(undefined));
      own.remove();
    },
  );

  test.each([
    ["a user principal name", "reader@exp.test"],
    ["a domain and an account", "EXP\\reader"],
    ["a distinguished name", "CN=reader,CN=Users,DC=exp,DC=test"],
  ])("logs in by %s", async (_, account) => {
    place.configure(
      configuration({ bind: `{ dn: '${account}', password: "${READER_PASSWORD}" }` }),
    );
    expect(await place.json<RunDocument>("import", "ad", "--full")).toMatchObject({
      status: "done",
    });
  });

  test.each([
    ["ldaps", { url: "ldaps://127.0.0.1" }],
    ["StartTLS", { url: "ldap://127.0.0.1", startTls: "true" }],
    ["the next domain controller", { url: "[ldap://127.0.0.1:1, ldap://127.0.0.1]" }],
    ["a domain with other naming contexts", { users: '{ base: "DC=exp,DC=test" }' }],
  ])("reads through %s", async (_, settings) => {
    place.configure(configuration({ tls: `{ ca: "${domain.ca}" }`, ...settings }));
    const run = await place.json<RunDocument>("import", "ad", "--full");
    expect(run).toMatchObject({ status: "done", error: null });
    expect(run.counts["read"]).toBeGreaterThanOrEqual(2);
  });

  test("check tells how changes are read, and what that does not see", async () => {
    place.configure(configuration());
    const { out, status } = await place.run("check");
    expect(status).toBe(0);
    expect(out).toContain("people are identified by objectGUID");
    expect(out).toContain("incremental imports by uSNChanged; not seen that way: memberOf");
    expect(out).toContain("DirSync is not used");
    expect(out).toContain("no deleted object is visible to the account");
    place.configure(
      configuration({ bind: `{ dn: "${domain.administrator}", password: "${domain.password}" }` }),
    );
    expect((await place.run("check")).out).toContain("incremental imports by DirSync");
    place.configure(configuration({ url: "[ldap://127.0.0.1, ldap://127.0.0.1:1]" }));
    const partly = await place.run("check");
    expect(partly.status).toBe(0);
    expect(partly.out).toContain("ldap://127.0.0.1:1 cannot be reached");
  });

  test("a restored domain controller has another invocation id: everybody is read", async () => {
    place.configure(configuration({ incremental: "{ way: usn }", importSafeguard: "off" }));
    await place.json<RunDocument>("import", "ad", "--full");
    const again = await place.json<ReadDocument>("import", "ad");
    expect(again).toMatchObject({ type: "incremental", way: "usn", counts: { read: 0 } });
    // Nothing tells Rollcall's position from that of a controller with another id.
    const { Client } = await import("pg");
    const client = new Client({ connectionString: place.databaseUrl ?? "" });
    await client.connect();
    await client.query(
      `update checkpoints set mark = jsonb_set(mark, '{positions}', '{"00000000-0000-0000-0000-000000000000": "1"}')`,
    );
    await client.end();
    const run = await place.json<ReadDocument>("import", "ad", "--incremental");
    expect(run).toMatchObject({ type: "full", converted: { code: "server_changed" } });
  });
});
