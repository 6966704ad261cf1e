/** Commands around mappings: exported ones, expressions by themselves, and faults. */
import { lstatSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Workplace } from "../support/rollcall.ts";

let place: Workplace;
afterEach(() => place.remove());

describe("mappings import", () => {
  beforeEach(async () => {
    place = await Workplace.create("embedded");
    place.configure(`
directories:
  # The people
  corp:
    type: ldif
    path: \${PEOPLE:-people.ldif}
    toOkta:
      login: appuser.mail   # the address
      email: appuser.mail
      firstName: appuser.givenName
      lastName: appuser.sn
      title: appuser.title
`);
  });

  function exported(properties: Record<string, unknown>, ends: object = {}): string {
    const source = { id: "0oa1", name: "active_directory", type: "appuser" };
    const target = { id: "oty1", name: "user", type: "user" };
    return place.file(
      "okta.json",
      JSON.stringify({ id: "prm1", source, target, properties, ...ends }),
    );
  }

  test("what is written checks, keeps comments and variables, and gives the same mappings again", async () => {
    const file = exported({
      login: { expression: "appuser.mail", pushStatus: "PUSH" },
      displayName: {
        expression: 'active_directory_0oa1.cn + " (active_directory_0oa1.x)"',
        pushStatus: "PUSH",
      },
      title: { expression: "String.toUpperCase(source.title)", pushStatus: "DONT_PUSH" },
      nickName: null,
    });
    const shown = await place.run(
      "mappings",
      "import",
      file,
      "--rename",
      "active_directory_0oa1=corp",
    );
    expect(shown).toMatchObject({ status: 0 });
    expect(shown.out).toContain("1 new, 1 changed, 1 as they are");
    expect(readFileSync(place.config, "utf8")).not.toContain("displayName");
    const written = await place.json(
      "mappings",
      "import",
      file,
      "--rename",
      "active_directory_0oa1=corp",
      "--write",
    );
    expect(written).toMatchObject({ directory: "corp", written: true, problems: [] });
    const text = readFileSync(place.config, "utf8");
    expect(text).toContain("# The people");
    expect(text).toContain("# the address");
    expect(text).toContain("${PEOPLE:-people.ldif}");
    expect(text).toContain('corp.cn + " (active_directory_0oa1.x)"');
    expect(text).toMatch(/title:\s+expression: String.toUpperCase\(source.title\)\s+apply: create/);
    const again = await place.json<{ mappings: { how: string }[] }>(
      "mappings",
      "import",
      file,
      "--rename",
      "active_directory_0oa1=corp",
    );
    expect(again.mappings.map((one) => one.how)).toEqual(["same", "same", "same"]);
  });

  test("defaults that are in no file stay, a link stays a link, and variables are refused", async () => {
    const real = place.file(
      "real.yaml",
      "directories:\n  ad:\n    type: active-directory\n    url: ldap://127.0.0.1\n    users: { base: 'dc=x' }\n",
    );
    const link = join(place.folder, "link.yaml");
    symlinkSync(real, link);
    const file = exported({ title: { expression: "appuser.description", pushStatus: "PUSH" } });
    const { status } = await place.run("mappings", "import", file, "--write", "--config", link);
    expect(status).toBe(0);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    const text = readFileSync(real, "utf8");
    expect(text).toContain("login: appuser.userPrincipalName");
    expect(text).toContain("title: appuser.description");
    const variable = exported({ title: { expression: "'${HOME}'", pushStatus: "PUSH" } });
    const refused = await place.run("mappings", "import", variable, "--write");
    expect(refused).toMatchObject({ status: 1 });
    expect(refused.out).toContain("cannot hold ${…}");
    const manager = exported({
      manager: { expression: 'getManagerUser("ad_1").login', pushStatus: "PUSH" },
    });
    const renamed = await place.run("mappings", "import", "--rename", "ad_1=corp", manager);
    expect(renamed.out).toContain('getManagerUser("corp").login');
  });

  test("with a fault nothing is written, and every fault is told", async () => {
    const before = readFileSync(place.config, "utf8");
    const file = exported({
      displayNam: { expression: "appuser.cn", pushStatus: "PUSH" },
      title: { expression: "String.toUperCase(ad.title)", pushStatus: "PUSH" },
    });
    const { status, out } = await place.run("mappings", "import", file, "--write");
    expect(status).toBe(1);
    expect(out).toContain("do you mean displayName?");
    expect(out).toContain("do you mean String.toUpperCase?");
    expect(out).toContain("ad is not known here");
    expect(readFileSync(place.config, "utf8")).toBe(before);
  });

  test.each([
    ["the other way", { source: { type: "user" }, target: { type: "appuser", name: "ad" } }],
    ["no mapping", { properties: [] }],
  ])("%s is refused", async (_, ends) => {
    const { err, status } = await place.run("mappings", "import", exported({}, ends));
    expect(status).toBe(1);
    expect(err).toContain("mappings.unreadable");
  });
});

describe("evaluate", () => {
  beforeEach(async () => {
    place = await Workplace.create("embedded");
  });

  test("answers every line, with the context of the line before that of the file", async () => {
    const shared = place.file(
      "context.json",
      '{"user": {"name": "shared"}, "org": {"name": "Example"}}',
    );
    const lines = [
      { expression: "user.name + org.name" },
      { expression: "user.name", context: { user: { name: "own" } } },
      { expression: "user.name +" },
      { expression: "1 + Convert.toInt(user.name)" },
      { expression: "usr.name" },
    ];
    const input = `${lines.map((line) => JSON.stringify(line)).join("\n")}\n\nnonsense\n`;
    const { signal } = new AbortController();
    const { out, status } = await place.runOn(
      input,
      signal,
      "evaluate",
      "--context",
      shared,
      "--json",
    );
    const answers = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(status).toBe(0);
    expect(answers).toMatchObject([
      { value: "sharedExample" },
      { value: "own" },
      { error: { code: "platform.cvd.profile.expression.invalid.syntax", position: 11 } },
      { error: { code: "platform.cvd.profile.expression.uncategorized.error", position: 4 } },
      { error: { code: "platform.cvd.profile.expression.propertyIsNotFound", position: 0 } },
      { error: { code: "usage.invalid", position: null } },
    ]);
    expect(await place.run("evaluate", "--context", "nowhere.json")).toMatchObject({ status: 2 });
  });
});

test("all faults of all mappings are told at once, with their places", async () => {
  place = await Workplace.create("embedded");
  place.configure(`
directories:
  corp:
    type: ldif
    path: x
    toOkta:
      login: ""
      email: user.mail
      firstName: 'String.len()'
      displayName: |-
        appuser.givenName +
          Strng.append(appuser.sn)
      title: { expression: 'getManagerUser("crop").title' }
      nickNam: appuser.nick
  other:
    type: ldif
    path: x
    onNoMatch: create
    matching: [{ user: login, app: corp.mail, onMatch: link }]
    toOkta: { login: 'null', email: appuser.mail, firstName: appuser.mail, lastName: appuser.sn }
`);
  const { status, err } = await place.run("check");
  expect(status).toBe(2);
  for (const [path, text] of [
    ["corp.toOkta.login", "cannotHaveEmptyLogin"],
    ["corp.toOkta.email", "mappingToSameProfileNotAllowed"],
    ["corp.toOkta.firstName", "method.param.count.mismatch"],
    ["corp.toOkta.displayName", "line 2, column 3"],
    ["corp.toOkta.title", "There is no directory crop"],
    ["corp.toOkta.nickNam", "do you mean nickName?"],
    ["corp.toOkta.lastName", "mappingNotFoundForTarget"],
    ["other.toOkta.login", "cannotHaveEmptyLogin"],
    ["other.matching", "A matching rule can only read"],
  ] as const) {
    const line = err.split("\n").find((one) => one.includes(`${path}:`) && one.includes(text));
    expect(line, `${path} ${text}\n${err}`).toBeDefined();
  }
  expect(err).toContain("        Strng.append(appuser.sn)\n        ^^^^^^^^^^^^");
});
