/**
 * `explain` finds the cause. The first groups are the causes that the troubleshooting articles of
 * the mission name, each made to happen; then those who do not exist, and what else there is.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { Client } from "ldapts";
import { afterEach, describe, expect, inject, test } from "vitest";
import { ldifPerson, SIMPLE_MAPPINGS, simplePerson, Workplace } from "../support/rollcall.ts";

interface Explained {
  readonly login: string | null;
  readonly value: unknown;
  readonly source: string | null;
  readonly cause: {
    readonly code: string;
    readonly stage: string | null;
    readonly sentence: string;
    readonly command: string | null;
  };
  readonly stages: readonly {
    stage: string;
    directory: string | null;
    ok: boolean | null;
    text: string;
  }[];
  readonly attributes: readonly { attribute: string; cause: { code: string } }[];
}

let place: Workplace;
afterEach(() => place.remove());

const ADA = "ada@example.org";
const explain = (...args: string[]): Promise<Explained> =>
  place.json<Explained>("explain", ...args);

/** One file as the directory. */
function configure(mappings: string, more = ""): void {
  place.configure(`directories:
  corp:
    type: ldif
    path: ${place.folder}/corp.ldif
${SIMPLE_MAPPINGS}${mappings}${more}
`);
}

async function imported(mappings: string, people: string, more = ""): Promise<void> {
  place = await Workplace.create("postgres");
  configure(mappings, more);
  place.file("corp.ldif", people);
  expect((await place.run("import", "corp")).status).toBe(0);
}

async function reimport(people: string): Promise<void> {
  place.file("corp.ldif", people);
  await place.run("import", "corp", "--full");
}

interface Server extends AsyncDisposable {
  readonly client: Client;
  readonly name: string;
  readonly base: string;
  configure(more: { password?: string; attributes?: string; mappings?: string }): void;
}

/** A real OpenLDAP with one person below a base of this test's own. */
async function openLdap(): Promise<Server> {
  place = await Workplace.create("postgres");
  const url = inject("servers").ldapUrl;
  const client = new Client({ url });
  await client.bind("cn=admin,dc=example,dc=org", "secret");
  const name = `x${randomBytes(4).toString("hex")}`;
  const base = `ou=${name},dc=example,dc=org`;
  await client.add(base, { objectClass: "organizationalUnit" });
  const person = {
    objectClass: "inetOrgPerson",
    cn: "Ada",
    sn: "L",
    givenName: "Ada",
    mail: ADA,
    l: "Berlin",
  };
  await client.add(`uid=ada,${base}`, person);
  return {
    client,
    name,
    base,
    configure: ({ password = "secret", attributes = '["*"]', mappings = "" }) => {
      place.configure(`directories:
  corp:
    type: ldap
    url: ${url}
    bind: { dn: "cn=admin,dc=example,dc=org", password: "${password}" }
    users: { base: "${base}", attributes: ${attributes} }
${SIMPLE_MAPPINGS}${mappings}`);
    },
    [Symbol.asyncDispose]: () => client.unbind(),
  };
}

describe("a force sync (articles 1 and 2)", () => {
  test("is the cure where the app profile is right and the user profile is not", async () => {
    await imported("", simplePerson("ada", { l: "Berlin" }));
    configure("      city: appuser.l\n");
    const { cause, stages } = await explain(ADA, "city");
    expect(cause).toMatchObject({ code: "notApplied", stage: "written" });
    expect(cause.command).toBe(`rollcall force-sync --user ${ADA}`);
    expect(stages.find((one) => one.stage === "mapping")).toMatchObject({
      ok: true,
      directory: "corp",
    });
    expect((await place.run("force-sync", "--user", ADA)).status).toBe(0);
    expect(await explain(ADA, "city")).toMatchObject({
      value: "Berlin",
      cause: { code: "upToDate" },
    });
  });

  test("will not help where the app profile is older than the directory, and both say so", async () => {
    await imported("", simplePerson("ada", { title: "Old" }));
    place.file("corp.ldif", simplePerson("ada", { title: "New" }));
    expect((await explain(ADA, "title")).cause.code).toBe("upToDate");
    const { cause } = await explain(ADA, "title", "--live");
    expect(cause).toMatchObject({ code: "appProfileOld", stage: "appProfile" });
    expect(cause.sentence).toContain("a force sync will not help");
    expect(cause.command).toBe("rollcall import corp --full");
    expect((await place.run("force-sync", "--user", ADA)).err).toContain("an import brings");
    await place.run("import", "corp");
    expect(await explain(ADA, "title", "--live")).toMatchObject({
      value: "New",
      cause: { code: "upToDate" },
    });
  });

  test("leaves a mapping that needs refinement as it is", async () => {
    await imported(
      `      city: 'String.substringAfter(appuser.l, "/")'\n`,
      simplePerson("ada", { l: "Berlin" }),
    );
    expect((await explain(ADA, "city")).cause).toMatchObject({
      code: "mapsToNothing",
      stage: "mapping",
    });
  });
});

describe("attributes that are not updated (article 3)", () => {
  test("the account's credentials are wrong", async () => {
    await using server = await openLdap();
    server.configure({});
    expect((await place.run("import", "corp")).status).toBe(0);
    expect((await explain(ADA, "lastName", "--live")).cause.code).toBe("upToDate");
    server.configure({ password: "wrong" });
    const live = await explain(ADA, "lastName", "--live");
    expect(live.cause).toMatchObject({
      code: "directoryFails",
      stage: "directory",
      command: "rollcall check",
    });
    expect(live.cause.sentence).toContain("bind.password");
    await place.run("import", "corp");
    const stored = await explain(ADA, "lastName");
    expect(stored.cause).toMatchObject({ code: "importFailed", stage: "directory" });
    expect(stored.stages[0]?.text).toContain("ldap.credentials");
  });

  test("the entry was moved out of the base", async () => {
    await using server = await openLdap();
    server.configure({});
    await place.run("import", "corp");
    await server.client.modifyDN(`uid=ada,${server.base}`, `uid=${server.name},dc=example,dc=org`);
    const moved = await explain(ADA, "lastName", "--live");
    await server.client.del(`uid=${server.name},dc=example,dc=org`);
    expect(moved.cause).toMatchObject({ code: "outOfScope", stage: "scope" });
    expect(moved.cause.sentence).toContain("outside users.base");
  });

  test("the attribute is not mapped", async () => {
    await imported("", simplePerson("ada", { l: "Berlin" }));
    const { cause } = await explain(ADA, "city");
    expect(cause).toMatchObject({ code: "unmapped", stage: "mapping" });
    expect(cause.sentence).toContain("directories.corp.toOkta.city");
  });

  test("the mapping reads a name that nobody has", async () => {
    await imported(
      "      department: appuser.departmentNumbr\n",
      simplePerson("ada", { departmentNumber: "7" }),
    );
    const { cause } = await explain(ADA, "department");
    expect(cause).toMatchObject({ code: "noValue", stage: "appProfile" });
    expect(cause.sentence).toContain("Is departmentNumber meant?");
  });

  test("updates are not taken over: the mapping applies on creation only", async () => {
    await imported(
      "      city: { expression: appuser.l, apply: create }\n",
      simplePerson("ada", { l: "Berlin" }),
    );
    await reimport(simplePerson("ada", { l: "Paris" }));
    const { cause, value } = await explain(ADA, "city");
    expect(value).toBe("Berlin");
    expect(cause).toMatchObject({ code: "onCreateOnly", stage: "mapping" });
  });

  test("the user is not linked to the entry", async () => {
    const rules =
      "    onNoMatch: ignore\n    matching: [{ user: login, app: appuser.uid, onMatch: link }]\n";
    await imported("", simplePerson("ada"), rules);
    await place.run("users", "create", ADA, `email=${ADA}`, "firstName=A", "lastName=L");
    expect((await explain(ADA, "title")).cause).toMatchObject({ code: "noMatch", stage: "link" });
    const entry = await explain("uid=ada,ou=people,dc=example,dc=org");
    expect(entry.cause).toMatchObject({
      code: "noMatch",
      command: "rollcall imports confirm corp ada ada@example.org",
    });
    await place.run("imports", "confirm", "corp", "ada", ADA);
    expect((await explain(ADA, "firstName")).cause.code).toBe("upToDate");
  });
});

describe("a value that does not validate (article 4)", () => {
  const MORE = `      locale: appuser.l
      timezone: appuser.st
      countryCode: appuser.street
      badge: appuser.employeeNumber
      mobilePhone: appuser.mobile
`;
  const SCHEMA = "profile: { attributes: { badge: { minLength: 3, maxLength: 5 } } }\n";
  const GOOD = { mail: ADA, givenName: "Ada", sn: "L", title: "Countess" };

  test.each([
    ["no e-mail address as login", { mail: "ada" }, "invalidLoginEmail", "login"],
    ["a space in the address", { mail: "ada l@example.org" }, "invalidLoginEmail", "login"],
    ["a locale of another form", { l: "german" }, "localeFormat", "locale"],
    ["a time zone of another form", { st: "Berlin" }, "timezone", "timezone"],
    ["a country that is none", { street: "Germany" }, "countryCode", "countryCode"],
    ["too long a value", { employeeNumber: "123456" }, "maxLength", "badge"],
    ["too short a value", { employeeNumber: "1" }, "minLength", "badge"],
    ["no value of the login and the address", { mail: null }, "required", "login"],
    ["no first name", { givenName: null }, "required", "firstName"],
    ["no last name", { sn: null }, "required", "lastName"],
  ])("%s", async (_what, change, code, field) => {
    await imported(MORE, ldifPerson("ada", GOOD), SCHEMA);
    const bad: Record<string, string | null> = { ...GOOD, title: "Dr", ...change };
    await reimport(
      ldifPerson(
        "ada",
        Object.fromEntries(Object.entries(bad).filter(([, value]) => value !== null)) as Record<
          string,
          string
        >,
      ),
    );
    // Asked about another attribute, it finds the one that fails the whole update.
    const { value, cause, stages } = await explain(ADA, "title");
    expect(value).toBe("Countess");
    expect(cause).toMatchObject({ code: "invalid", stage: "validation" });
    expect(cause.sentence).toContain(code);
    expect(cause.sentence).toContain(`${field}]`);
    expect(cause.sentence).toContain("so title is not updated either");
    expect(stages.find((one) => one.stage === "validation")).toMatchObject({ ok: false });
  });

  test("the login is in use by another user", async () => {
    await imported("", simplePerson("ada") + simplePerson("bob"));
    await reimport(simplePerson("ada") + simplePerson("bob", { mail: ADA, title: "New" }));
    const { cause } = await explain("bob@example.org", "title");
    expect(cause).toMatchObject({ code: "invalid", stage: "validation" });
    expect(cause.sentence).toContain(`The login ${ADA} is already used by ${ADA}`);
    expect(cause.sentence).toContain("notUniqueWithinOrg, login");
  });

  test("another source has priority", async () => {
    place = await Workplace.create("postgres");
    const file = (name: string): string => `    type: ldif\n    path: ${place.folder}/${name}.ldif`;
    place.configure(`directories:
  corp:
${file("corp")}
${SIMPLE_MAPPINGS}
  hr:
${file("hr")}
    matching: [{ user: login, app: appuser.mail, onMatch: link }]
${SIMPLE_MAPPINGS}      city: appuser.l
`);
    place.file("corp.ldif", simplePerson("ada", { title: "Countess" }));
    place.file("hr.ldif", simplePerson("ada", { title: "Dr", l: "London" }));
    await place.run("import", "corp");
    await place.run("import", "hr");
    const title = await explain(ADA, "title");
    expect(title.cause).toMatchObject({ code: "otherSource", stage: "priority" });
    expect(title.cause.sentence).toContain('corp wins over hr ("Dr") by profile.sources');
    const city = await explain(ADA, "city");
    expect(city.cause).toMatchObject({ code: "unmapped" });
    expect(city.cause.sentence).toContain('hr has "London", which is not taken');
    const whole = await explain(ADA);
    expect(whole.cause.code).toBe("upToDate");
    expect(whole.attributes.find((one) => one.attribute === "city")?.cause.code).toBe("unmapped");
  });

  test("an expression that fails names itself", async () => {
    await imported("      city: appuser.l\n", simplePerson("ada", { l: "Berlin" }));
    await reimport(simplePerson("ada", { l: ["Berlin", "Paris"] }));
    const { cause } = await explain(ADA, "city");
    expect(cause.sentence).toContain("city]");
    expect(cause.stage).toBe("validation");
  });
});

describe("a directory from which nobody comes (article 5)", () => {
  test("nobody is in its scope", async () => {
    place = await Workplace.create("postgres");
    configure("");
    place.file(
      "corp.ldif",
      "dn: cn=printer,dc=example,dc=org\nobjectClass: device\ncn: printer\n\n",
    );
    await place.run("import", "corp");
    const { cause, stages } = await explain(ADA, "--live");
    expect(cause).toMatchObject({ code: "notImported", stage: "scope" });
    expect(stages).toMatchObject([{ directory: "corp", ok: false }]);
    const doctor = await place.run("doctor");
    expect(doctor.status).toBe(1);
    expect(doctor.out).toContain("Nobody is in the scope now");
  });

  test("a field is not read from the directory", async () => {
    await using server = await openLdap();
    server.configure({ attributes: "[mail, givenName, sn]", mappings: "      city: appuser.l\n" });
    await place.run("import", "corp");
    const { cause } = await explain(ADA, "city");
    expect(cause).toMatchObject({
      code: "notRead",
      stage: "appProfile",
      command: "rollcall import corp --full",
    });
    expect(cause.sentence).toContain("directories.corp.users.attributes");
    server.configure({ mappings: "      city: appuser.l\n" });
    await place.run("import", "corp", "--full");
    expect((await explain(ADA, "city")).value).toBe("Berlin");
  });
});

describe("who is not a user", () => {
  test("nobody of that name, with or without asking the directories", async () => {
    await imported("", simplePerson("ada"));
    const { status, out } = await place.run("explain", "nobody@example.org");
    expect(status).toBe(1);
    expect(out).toContain("→ npx rollcall explain nobody@example.org --live");
    const live = await explain("nobody@example.org", "--live");
    expect(live.cause.code).toBe("notImported");
    expect((await explain("ada'; drop table users --")).cause.code).toBe("notImported");
  });

  test("somebody who waits for the next import", async () => {
    await imported("", simplePerson("ada"));
    place.file("corp.ldif", simplePerson("ada") + simplePerson("bob"));
    for (const who of ["bob@example.org", "bob", "uid=bob,ou=people,dc=example,dc=org"])
      expect((await explain(who, "--live")).cause).toMatchObject({
        code: "waitsForImport",
        command: "rollcall import corp --full",
      });
  });

  test("somebody whom two users fit, whom a person set aside, or of whom no user could be made", async () => {
    await imported("", simplePerson("ada") + simplePerson("bob"));
    configure("", "    matching: [{ user: lastName, app: appuser.sn, onMatch: link }]\n");
    const people = simplePerson("ada") + simplePerson("bob");
    await reimport(
      people + simplePerson("third") + ldifPerson("fourth", { mail: "fourth@example.org" }),
    );
    const third = await explain("third@example.org");
    expect(third.cause).toMatchObject({
      code: "ambiguous",
      stage: "link",
      command: "rollcall imports unmatched",
    });
    expect(third.cause.sentence).toContain("bob@example.org");
    const fourth = await explain("fourth@example.org");
    expect(fourth.cause).toMatchObject({ code: "cannotBeCreated", stage: "validation" });
    expect(fourth.cause.sentence).toContain("violation.required, firstName");
    await place.run("imports", "ignore", "corp", "third");
    expect((await explain("third")).cause).toMatchObject({
      code: "setAside",
      command: "rollcall imports ignore corp third --undo",
    });
  });

  test("somebody who has another login now, or was deleted", async () => {
    await imported("", simplePerson("ada"));
    await reimport(simplePerson("ada", { mail: "ada.king@example.org" }));
    expect((await explain(ADA)).cause).toMatchObject({
      code: "renamed",
      command: "rollcall explain ada.king@example.org",
    });
    const zoe = "zoe@example.org";
    await place.run("users", "create", zoe, `email=${zoe}`, "firstName=Z", "lastName=Z");
    await place.run("users", "deactivate", zoe);
    await place.run("users", "delete", zoe);
    expect((await explain(zoe)).cause.sentence).toContain("was deleted");
  });

  test("an attribute that the profile does not have is wrong usage, with a proposal", async () => {
    await imported("", simplePerson("ada"));
    const { status, err } = await place.run("explain", ADA, "titel");
    expect(status).toBe(2);
    expect(err).toContain("Do you mean title?");
  });
});

describe("what else may be", () => {
  test("a held import stands in the way", async () => {
    const many = Array.from({ length: 30 }, (_, i) => simplePerson(`p${i}`)).join("");
    await imported("", simplePerson("ada") + many);
    writeFileSync(
      place.config,
      readFileSync(place.config, "utf8").replace(
        "    type: ldif\n",
        "    type: ldif\n    importSafeguard: { count: 5 }\n",
      ),
    );
    place.file("corp.ldif", simplePerson("ada", { title: "New" }));
    expect((await place.run("import", "corp", "--full")).status).toBe(3);
    const { cause } = await explain(ADA, "title");
    expect(cause.code).toBe("importHeld");
    expect(cause.command).toMatch(/^rollcall imports show /);
    const doctor = await place.run("doctor");
    expect(doctor.out.split("\n")[0]).toContain("is held since");
  });

  test("the person left the directory, or a person took the access away", async () => {
    await imported("", simplePerson("ada") + simplePerson("bob"));
    await reimport(simplePerson("bob"));
    const { cause } = await explain(ADA, "title");
    expect(cause).toMatchObject({ code: "leftScope", stage: "scope" });
    expect((await explain(ADA)).cause.code).toBe("leftScope");
    await place.run("users", "suspend", "bob@example.org");
    const bob = await explain("bob@example.org");
    expect(bob.cause).toMatchObject({
      code: "editedHere",
      command: "rollcall users unsuspend bob@example.org",
    });
  });

  test("an attribute that is edited here says by whom and when", async () => {
    await imported(
      "      city: appuser.l\n",
      simplePerson("ada", { l: "Berlin" }),
      "profile: { overrides: { city: okta } }\n",
    );
    expect((await explain(ADA, "city")).cause).toMatchObject({
      code: "editedHere",
      stage: "priority",
    });
    await place.run("users", "set", ADA, "city=Rome");
    const { value, source, stages } = await explain(ADA, "city");
    expect([value, source]).toEqual(["Rome", "okta"]);
    expect(stages.at(-1)?.text).toMatch(/"Rome" from okta, written at .* \(edited by /);
  });

  test("the command itself prints every stage, the sentence and the cure", async () => {
    await imported("", simplePerson("ada", { title: "Countess" }));
    const { out, status } = await place.run("explain", ADA, "title");
    expect(status).toBe(0);
    for (const part of [
      "read from the directory (corp)",
      "in the scope (corp)",
      "kept in the app profile",
      "linked to the user",
      "mapped (corp): appuser.title",
      "source priority",
      "validation",
      "written",
    ])
      expect(out).toContain(part);
    expect(out.trimEnd().split("\n").at(-1)).toBe(`→ npx rollcall explain ${ADA} title --live`);
  });
});
