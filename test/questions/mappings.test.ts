/** Mappings from end to end: what they can read, how they are tried first, and how they arrive. */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { query } from "../imports/faults/world.ts";
import {
  DATABASES,
  ldifPerson,
  simplePerson,
  Workplace,
  type RunDocument,
} from "../support/rollcall.ts";

let place: Workplace;
afterEach(() => place.remove());

const NAMES =
  "login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn";

interface Preview {
  readonly people: number;
  readonly created: number;
  readonly changed: number;
  readonly failed: number;
  readonly absent: number | null;
  readonly attributes: Record<string, { people: number; examples: unknown[] }>;
  readonly problems: Record<string, { people: number }>;
}

interface Person {
  readonly profileSource: string | null;
  readonly attributes: readonly {
    attribute: string;
    inputs: Record<string, unknown>;
    value: unknown;
    problem: { code: string } | null;
    present: unknown;
    after: { value: unknown; source: string | null };
  }[];
}

async function remarks(directory = "corp"): Promise<string> {
  const { checks } = await place.json<{ checks: { name: string; remarks?: string[] }[] }>("check");
  return (checks.find((one) => one.name === directory)?.remarks ?? []).join("\n");
}

async function profile(login: string): Promise<Record<string, unknown>> {
  return (await place.users()).get(`${login}@example.org`)?.profile ?? {};
}

describe.each(DATABASES)("on %s", (kind) => {
  beforeEach(async () => {
    place = await Workplace.create(kind);
  });

  const DN = (id: string): string => `uid=${id},ou=people,dc=example,dc=org`;
  function writePeople(): void {
    place.file(
      "corp.ldif",
      // Ada names a manager who comes after her.
      simplePerson("ada", {
        title: "Countess",
        manager: DN("charles"),
        memberOf: ["cn=Sales\\2C EMEA,ou=groups", "cn=Poets,ou=groups"],
      }) +
        simplePerson("bob", {
          manager: "UID=Charles, OU=People,dc=example,dc=org",
          memberOf: "cn=Poets,ou=groups",
        }) +
        simplePerson("charles", { displayName: "Charles Babbage" }) +
        simplePerson("dora", { manager: DN("nobody") }),
    );
    const badge = (id: string, badge: string): string =>
      ldifPerson(`hr-${id}`, { mail: `${id}@example.org`, badge, sn: id, givenName: id });
    place.file("hr.ldif", badge("ada", "A-1") + badge("charles", "C-1"));
  }

  function configure(extra: string, more = ""): void {
    place.configure(`
organisation: { name: Example }
directories:
  corp:
    type: ldif
    path: ${place.folder}/corp.ldif
    toOkta: { ${NAMES}${extra} }
  hr-data:
    type: ldif
    path: ${place.folder}/hr.ldif
    matching: [{ user: login, app: appuser.mail, onMatch: link }]
    onNoMatch: ignore
${more}`);
  }

  test("groups, managers, the organisation and other directories; a manager who comes later is found", async () => {
    writePeople();
    configure(`,
      manager: 'getManagerUser("corp").displayName',
      managerId: 'user.getLinkedObject("manager").login',
      costCenter: hr_data.badge,
      division: 'getManagerAppUser("corp", "hr-data").badge',
      organization: org.name,
      displayName: appuser.displayName,
      userType: 'isMemberOfGroupName("Sales, EMEA") ? "sales" : "other"',
      nickName: 'Arrays.toCsvString(user.getGroups({"group.profile.name": "Po"}).![name])',
      state: 'Arrays.contains(appuser.memberOf, "cn=Poets,ou=groups") ? "poet" : "none"',
      title: 'user.getInternalProperty("status") ?: "new"'`);
    await place.run("import", "corp");
    expect(await profile("ada")).not.toHaveProperty("manager");
    await place.run("import", "hr-data");
    const second = await place.json<RunDocument>("import", "corp");
    expect(second).toMatchObject({ status: "done", counts: { updated: 3, failed: 0 } });
    expect(await profile("ada")).toMatchObject({
      manager: "Charles Babbage",
      managerId: "charles@example.org",
      division: "C-1",
      organization: "Example",
      userType: "sales",
      nickName: "Poets",
      state: "poet",
      title: "ACTIVE",
    });
    expect(await profile("bob")).toMatchObject({ manager: "Charles Babbage", state: "poet" });
    expect(await profile("dora")).not.toHaveProperty("manager");
    // Nobody's entry changed; only whoever names nobody we know is looked at again.
    const rows = async (): Promise<unknown> =>
      kind === "postgres"
        ? await query(place, "select xmin::text, external_id from app_users order by 2")
        : [];
    const before = await rows();
    expect(await place.json<RunDocument>("import", "corp")).toMatchObject({
      counts: { unchanged: 4 },
    });
    expect(await rows()).toEqual(before);
    await place.run("force-sync", "corp");
    expect(await profile("ada")).toMatchObject({ costCenter: "A-1" });
  });

  test("who names somebody unknown is looked at again, also after a force sync and failures", async () => {
    writePeople();
    configure("");
    await place.run("import", "corp");
    configure(`, manager: 'getManagerUser("corp").email'`);
    await place.run("force-sync", "corp");
    const text = readFileSync(`${place.folder}/corp.ldif`, "utf8");
    // First without a last name, so that there is an app user and no user.
    place.file("corp.ldif", `${text}${simplePerson("nobody").replace(/^sn:.*\n/m, "")}`);
    expect(await place.json<RunDocument>("import", "corp", "--full")).toMatchObject({
      counts: { failed: 1 },
    });
    place.file("corp.ldif", text + simplePerson("nobody"));
    await place.run("import", "corp", "--full");
    expect(await profile("dora")).not.toHaveProperty("manager");
    await place.run("import", "corp", "--full");
    expect(await profile("dora")).toMatchObject({ manager: "nobody@example.org" });
    const { attributes } = await place.json<Person>(
      "preview",
      "corp",
      "--user",
      "ada",
      "--attribute",
      "manager",
    );
    expect(attributes[0]?.inputs).toEqual({
      "corp.manager": { dn: DN("charles"), user: "charles@example.org" },
    });
  });

  test("who is ignored, and who cannot be matched, is shown as such", async () => {
    writePeople();
    configure("", "    toOkta: { costCenter: appuser.badge }");
    place.file("hr.ldif", ldifPerson("hr-x", { mail: "x@example.org", badge: "X" }));
    await place.run("import", "hr-data");
    const ignored = await place.json("preview", "hr-data", "--user", "hr-x");
    expect(ignored).toMatchObject({ action: "ignored", problems: [] });
    await place.run("import", "corp");
    const person = await place.run("preview", "--diff", place.config, "--user", "ada");
    expect(person).toMatchObject({ status: 0 });
    expect(person.out).toContain("corp: of 1 person, nothing would be different");
    expect(await place.run("preview", "--diff", place.config, "--user", "zed")).toMatchObject({
      status: 1,
    });
  });

  test("a removed mapping keeps the value, an explicit empty clears it, create only leaves it", async () => {
    writePeople();
    configure(
      ", title: appuser.title, nickName: { expression: appuser.title, apply: create }, city: '\"Here\"'",
    );
    await place.run("import", "corp");
    expect(await profile("ada")).toMatchObject({ title: "Countess", nickName: "Countess" });
    configure(", nickName: { expression: '\"New\"', apply: create }, city: '\"\"'");
    expect(await profile("ada")).toMatchObject({ city: "Here" });
    await place.run("import", "corp");
    const after = await profile("ada");
    expect(after).toMatchObject({ title: "Countess", nickName: "Countess" });
    expect(after).not.toHaveProperty("city");
  });

  test("check counts who was mapped with an older version, until a force sync or an import", async () => {
    writePeople();
    configure(", title: appuser.title");
    await place.run("import", "corp");
    expect(await remarks()).not.toContain("older version");
    configure(", title: appuser.titel");
    const told = await remarks();
    expect(told).toContain("4 of 4 app profiles were last mapped with an older version");
    expect(told).toContain(
      "titel, which the mapping of title reads, has no value at any of 4 people of corp; do you mean title?",
    );
    configure(", title: String.toUpperCase(appuser.title)");
    await place.run("force-sync", "corp", "--dry-run");
    expect(await remarks()).toContain("4 of 4 app profiles");
    await place.run("force-sync", "--user", "ada@example.org");
    expect(await profile("ada")).toMatchObject({ title: "COUNTESS" });
    expect(await remarks()).toContain("3 of 4 app profiles");
    await place.run("force-sync", "corp");
    expect(await remarks()).not.toContain("older version");
    expect(await place.json<RunDocument>("import", "corp", "--full")).toMatchObject({
      counts: { unchanged: 4 },
    });
    configure("");
    expect(await remarks()).toContain("older version");
    await place.run("import", "corp");
    expect(await remarks()).not.toContain("older version");
  });

  test("a mapping that gives everybody one login fails everybody but one, before anything runs", async () => {
    writePeople();
    configure("");
    await place.run("import", "corp");
    const now = readFileSync(place.config, "utf8");
    const same = now.replace("login: appuser.mail", `login: '"same@example.org"'`);
    const next = place.file("next.yaml", same);
    const { directories } = await place.json<{ directories: unknown[] }>(
      "preview",
      "corp",
      "--diff",
      next,
    );
    expect(directories).toMatchObject([
      { failures: { notUniqueWithinOrg: { people: 3 } }, attributes: { login: { people: 1 } } },
    ]);
    place.file("rollcall.yaml", same.replace("same@example.org", "bob@example.org"));
    const preview = await place.json<Preview>("preview", "corp");
    expect(preview).toMatchObject({
      changed: 0,
      failed: 3,
      problems: { notUniqueWithinOrg: { people: 3 } },
    });
    const run = await place.json<RunDocument>("force-sync", "corp", "--dry-run");
    expect(run.counts).toMatchObject({ updated: 0, failed: 3 });
  });

  test("an approved force sync counts as mapped, too", async () => {
    writePeople();
    configure(", title: appuser.title");
    await place.run("import", "corp");
    configure(", title: '\"Same\"'");
    place.file(
      "rollcall.yaml",
      readFileSync(place.config, "utf8").replace(
        "    type: ldif\n",
        "    type: ldif\n    importSafeguard: { minimum: 1, updates: 10 }\n",
      ),
    );
    const held = await place.json<RunDocument>("force-sync", "corp");
    expect(held).toMatchObject({ status: "held" });
    expect(await remarks()).toContain("4 of 4 app profiles");
    await place.run("imports", "approve", held.run);
    expect(await profile("ada")).toMatchObject({ title: "Same" });
    expect(await remarks()).not.toContain("older version");
  });

  test("a preview of all is what a force sync does, and live what an import does", async () => {
    writePeople();
    configure(", title: appuser.title");
    await place.run("import", "corp");
    configure(", title: 'String.substring(appuser.title, 0, 3)', displayName: 'appuser.memberOf'");
    const stored = await place.json<Preview>("preview", "corp");
    expect(stored).toMatchObject({
      people: 4,
      created: 0,
      changed: 1,
      failed: 1,
      absent: null,
      attributes: { displayName: { people: 1 } },
      problems: { "platform.cvd.profile.property.constraint.violation.schema": { people: 1 } },
    });
    const run = await place.json<RunDocument>("force-sync", "corp");
    expect(run).toMatchObject({ counts: { updated: 1, failed: 1, unchanged: 2 } });
    place.file("corp.ldif", simplePerson("ada", { title: "Queen" }) + simplePerson("eve"));
    const live = await place.json<Preview>("preview", "corp", "--live");
    expect(live).toMatchObject({ people: 2, created: 1, changed: 1, failed: 0, absent: 3 });
    expect((await place.json<Preview>("preview", "corp")).people).toBe(4);
    const dry = await place.json<RunDocument>("import", "corp", "--dry-run");
    expect(dry.counts).toMatchObject({ created: 1, updated: 1, removed: 3 });
  });

  test("a preview of one shows inputs, validity, and what wins", async () => {
    writePeople();
    configure(
      ", title: appuser.title, department: hr_data.badge, countryCode: '\"Prussia\"'",
      "profile: { overrides: { title: okta } }",
    );
    await place.run("import", "corp");
    const { attributes, profileSource } = await place.json<Person>(
      "preview",
      "corp",
      "--user",
      "uid=ADA,ou=people,dc=example,dc=org",
    );
    expect(profileSource).toBe("corp");
    const byName = new Map(attributes.map((one) => [one.attribute, one]));
    expect(byName.get("title")).toMatchObject({
      inputs: { "appuser.title": "Countess" },
      value: "Countess",
      problem: null,
      present: null,
      after: { value: null, source: null },
    });
    expect(byName.get("countryCode")).toMatchObject({
      problem: { code: "platform.cvd.profile.property.constraint.violation.countryCode" },
    });
    expect(byName.get("department")?.inputs).toEqual({ "hr_data.badge": null });
    place.file("corp.ldif", simplePerson("ada", { title: "Queen" }) + simplePerson("eve"));
    const live = await place.json<Person>(
      "preview",
      "corp",
      "--user",
      "ada",
      "--live",
      "--attribute",
      "nickName",
      "--expression",
      "appuser.title.toLowerCase()",
    );
    expect(live.attributes).toMatchObject([{ attribute: "nickName", value: "queen" }]);
    const eve = await place.json<Person>("preview", "corp", "--live", "--user", "eve");
    expect(eve.attributes).toMatchObject([{ value: "eve@example.org" }, {}, {}, {}, {}, {}, {}]);
    expect((await place.run("preview", "corp", "--user", "eve")).err).toContain("--live");
  });

  test("two configurations are compared over everybody, and nothing is written", async () => {
    writePeople();
    configure(", title: appuser.title");
    await place.run("import", "corp");
    const now = readFileSync(place.config, "utf8");
    configure(", title: String.toUpperCase(appuser.title), nickName: appuser.memberOf");
    const next = place.file("next.yaml", readFileSync(place.config, "utf8"));
    place.file("rollcall.yaml", now);
    const before = await place.users();
    const found = await place.json<{ directories: unknown[] }>("preview", "--diff", next);
    expect(found.directories[0]).toMatchObject({
      directory: "corp",
      people: 4,
      different: 2,
      attributes: { nickName: { people: 1, examples: [{ from: null, to: "cn=Poets,ou=groups" }] } },
      failures: { "platform.cvd.profile.property.constraint.violation.schema": { people: 1 } },
      cured: {},
    });
    const same = await place.run("preview", "corp", "--diff", place.config);
    expect(same.out).toContain("nothing would be different");
    expect(await place.users()).toEqual(before);
    const wrong = place.file("wrong.yaml", now.replace("appuser.title", "appuser.title +"));
    expect(await place.run("preview", "--diff", wrong)).toMatchObject({ status: 2 });
  });
});
