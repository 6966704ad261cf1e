/** `explain` of people about whom several directories give their word, and of what came after it. */
import { afterEach, describe, expect, test } from "vitest";
import { ldifPerson, SIMPLE_MAPPINGS, simplePerson, Workplace } from "../support/rollcall.ts";

interface Cause {
  readonly alternatives: readonly { readonly command: string }[];
  readonly code: string;
  readonly stage: string | null;
  readonly sentence: string;
  readonly command: string | null;
}

let place: Workplace;
afterEach(() => place.remove());

const ADA = "ada@example.org";
const causeOf = async (...args: string[]): Promise<Cause> =>
  (await place.json<{ cause: Cause }>("explain", ...args)).cause;

interface Options {
  readonly corp?: string;
  readonly hr?: string;
  readonly corpMappings?: string;
  readonly hrMappings?: string;
  readonly profile?: string;
}

const MATCHING = "    matching: [{ user: login, app: appuser.mail, onMatch: link }]\n";

function configure({
  corp = MATCHING,
  hr = MATCHING,
  corpMappings = "",
  hrMappings = "",
  profile = "sources: [corp, hr]",
}: Options = {}): void {
  place.configure(`directories:
  corp:
    type: ldif
    path: ${place.folder}/corp.ldif
    importSafeguard: off
${corp}${SIMPLE_MAPPINGS}${corpMappings}
  hr:
    type: ldif
    path: ${place.folder}/hr.ldif
    importSafeguard: off
${hr}${SIMPLE_MAPPINGS}${hrMappings}
profile: { ${profile} }
`);
}

async function start(options: Options = {}): Promise<void> {
  place = await Workplace.create("postgres");
  configure(options);
}

async function full(name: string, content: string): Promise<void> {
  place.file(`${name}.ldif`, content);
  await place.run("import", name, "--full");
}

describe("a directory that comes first and has not linked its entry", () => {
  const LOCALE = { corpMappings: "      locale: appuser.street\n" };

  test("because a value was refused", async () => {
    await start(LOCALE);
    await full("corp", simplePerson("ada", { street: "german", title: "Engineer" }));
    await full("hr", simplePerson("ada", { title: "Driver" }));
    for (const args of [[ADA], [ADA, "title"], [ADA, "locale"], [ADA, "title", "--live"]]) {
      const cause = await causeOf(...args);
      expect(cause).toMatchObject({
        code: "cannotBeCreated",
        command: "rollcall preview corp --user ada",
      });
      expect(cause.sentence).toMatch(/of corp .* not linked to ada@example\.org.*german/);
    }
  });

  test("because the login is in use, and no rule matches", async () => {
    await start({ corp: "" });
    await full("hr", simplePerson("ada", { title: "Driver" }));
    await full("corp", simplePerson("ada", { title: "Engineer" }));
    for (const args of [[ADA], [ADA, "title"]]) {
      const cause = await causeOf(...args);
      expect(cause).toMatchObject({ code: "cannotBeCreated", stage: "link" });
      expect(cause.command).toBe("rollcall users link ada@example.org corp ada");
    }
    await place.run("users", "link", ADA, "corp", "ada");
    expect(await causeOf(ADA)).toMatchObject({ code: "upToDate" });
  });

  test("because it is not certain whose it is", async () => {
    await start({ corp: "    matching: [{ user: lastName, app: appuser.sn, onMatch: link }]\n" });
    await full("hr", simplePerson("ada", { title: "Driver" }) + simplePerson("bob"));
    await full("corp", simplePerson("x"));
    for (const args of [[ADA], [ADA, "title"]])
      expect(await causeOf(...args)).toMatchObject({
        code: "ambiguous",
        command: "rollcall imports unmatched",
      });
  });

  test("because a person cut the link", async () => {
    await start();
    await full("corp", simplePerson("ada", { title: "Engineer" }));
    await full("hr", simplePerson("ada", { title: "Driver" }));
    await place.run("users", "unlink", ADA, "corp");
    for (const args of [[ADA], [ADA, "title"]]) {
      const cause = await causeOf(...args);
      expect(cause).toMatchObject({
        code: "setAside",
        command: "rollcall users link ada@example.org corp ada",
      });
      expect(cause.sentence).toContain("cut the link");
    }
    // The entry is somebody else's by now; then the link that was cut is no cure.
    await place.run(
      "users",
      "create",
      "eve@example.org",
      "email=eve@example.org",
      "firstName=E",
      "lastName=E",
    );
    await place.run("users", "link", "eve@example.org", "corp", "ada");
    expect((await causeOf(ADA, "title")).command).not.toContain("users link");
  });

  test("because it was not imported yet, which only the directory knows", async () => {
    await start();
    await full("hr", simplePerson("ada", { title: "Driver" }));
    place.file("corp.ldif", simplePerson("ada", { title: "Engineer" }));
    expect(await causeOf(ADA, "title")).toMatchObject({ code: "upToDate" });
    for (const args of [
      [ADA, "--live"],
      [ADA, "title", "--live"],
    ])
      expect(await causeOf(...args)).toMatchObject({
        code: "waitsForImport",
        command: "rollcall import corp --full",
      });
  });

  test("and one that comes later changes nothing", async () => {
    await start({ profile: "sources: [hr, corp]", ...LOCALE });
    await full("hr", simplePerson("ada", { title: "Driver" }));
    await full("corp", simplePerson("ada", { street: "german", title: "Engineer" }));
    expect(await causeOf(ADA, "title")).not.toMatchObject({ code: "cannotBeCreated" });
  });
});

describe("a directory that is not linked stands behind", () => {
  test("what is wrong with the one that is", async () => {
    await start({ profile: "sources: [hr, corp]", corpMappings: "      locale: appuser.street\n" });
    await full("corp", simplePerson("ada"));
    await full("hr", simplePerson("ada"));
    await place.run("users", "unlink", ADA, "hr");
    await full("corp", simplePerson("ada", { street: "german" }));
    for (const args of [[ADA], [ADA, "title"], [ADA, "locale"]])
      expect(await causeOf(...args)).toMatchObject({ code: "invalid" });
    await full("corp", simplePerson("ada"));
    await place.run("users", "suspend", ADA);
    expect(await causeOf(ADA)).toMatchObject({ code: "editedHere" });
    expect(await causeOf(ADA, "firstName")).toMatchObject({ code: "setAside" });
    // The entry is somebody else by now.
    await full("hr", simplePerson("ada", { mail: "new@example.org", title: "Boss" }));
    expect(await causeOf(ADA, "firstName")).toMatchObject({ code: "upToDate" });
  });

  test("that the person left, or that a person set the value", async () => {
    await start({ hr: `${MATCHING}    onNoMatch: ignore\n` });
    await full("hr", simplePerson("ada"));
    await place.run("imports", "ignore", "hr", "ada");
    await full("corp", simplePerson("ada") + simplePerson("bob"));
    await full("corp", simplePerson("bob"));
    for (const args of [[ADA], [ADA, "title"]])
      expect(await causeOf(...args)).toMatchObject({ code: "leftScope" });
  });

  test("an entry that is somebody else's, asked live", async () => {
    await start({
      hr: "    matching: [{ user: login, app: appuser.mail, onMatch: link }, { user: lastName, app: appuser.sn, onMatch: link }]\n",
      profile: "sources: [hr, corp]",
    });
    await full("corp", simplePerson("ada") + simplePerson("bob"));
    await full("hr", simplePerson("bob"));
    for (const args of [[ADA], [ADA, "--live"], [ADA, "title", "--live"]])
      expect(["upToDate", "noValue"]).toContain((await causeOf(...args)).code);
  });

  test("a value that it would take away, and one that it would not give", async () => {
    await start({
      profile: "sources: [hr, corp]",
      hr: `${MATCHING}    onNoMatch: ignore\n`,
      corpMappings: "      locale: appuser.street\n",
    });
    await full("hr", simplePerson("ada"));
    await place.run("imports", "ignore", "hr", "ada");
    await full("corp", simplePerson("ada", { street: "de_DE" }));
    expect(await causeOf(ADA, "locale")).toMatchObject({ code: "upToDate" });
  });

  test("and what is held or cannot be read is said to be unknown, and no cure throws it away", async () => {
    await start({ profile: "sources: [hr, corp]", hr: `${MATCHING}    onNoMatch: ignore\n` });
    await full("hr", simplePerson("zoe"));
    await full("corp", simplePerson("ada", { title: "x" }));
    place.file("hr.ldif", "");
    await place.run("import", "hr", "--full");
    const cause = await causeOf(ADA, "title");
    expect(cause.code).toBe("importHeld");
    expect(cause.command).toContain("rollcall imports show");
    expect(cause.sentence).toContain("not known whether it has ada@example.org");
  });
});

describe("of what the configuration decides", () => {
  const CITY = { corpMappings: "      city: appuser.l\n" };

  test("a value that the next run takes away is not told as kept", async () => {
    await start(CITY);
    await full("corp", simplePerson("ada", { l: "London" }));
    await full("hr", simplePerson("ada"));
    configure({ ...CITY, profile: "sources: [hr, corp]" });
    const cause = await causeOf(ADA, "city");
    expect(cause).toMatchObject({
      code: "notApplied",
      command: `rollcall force-sync --user ${ADA}`,
    });
    expect(cause.sentence).toMatch(
      /hr counts for city, and has no mapping of it.*takes "London" away/,
    );
    await place.run("force-sync", "--user", ADA);
    expect(await causeOf(ADA, "city")).toMatchObject({ code: "unmapped" });
  });

  test("a mapping for the creation only does not win over others", async () => {
    const once = "      city: { expression: appuser.l, apply: create }\n";
    await start({
      hr: `${MATCHING}    onNoMatch: create\n`,
      corpMappings: once,
      hrMappings: "      city: appuser.l\n",
      profile: "sources: [corp, hr], fallback: true",
    });
    await full("hr", simplePerson("ada", { l: "Rome" }));
    await full("corp", simplePerson("ada", { l: "Oslo" }));
    const { code, sentence } = await causeOf(ADA, "city");
    expect(sentence).not.toContain("profile.overrides");
    expect(code).toBe("onCreateOnly");
  });

  test("nobody is told to take a value that does not validate", async () => {
    const locale = "      locale: appuser.street\n";
    await start({ corpMappings: locale, hrMappings: locale });
    await full("corp", simplePerson("ada", { street: "de_DE" }));
    await full("hr", simplePerson("ada", { street: "german" }));
    const cause = await causeOf(ADA, "locale");
    expect(cause).toMatchObject({ code: "otherSource" });
    expect(cause.sentence).not.toContain("To take hr's value");
  });
});

describe("of what a person decided", () => {
  test("a value that was set after the entry left is told as such", async () => {
    await start({
      profile: "sources: [corp], overrides: { mobilePhone: [hr] }",
      hrMappings: "      mobilePhone: appuser.mobile\n",
      hr: `${MATCHING}    onRemoval: keep\n`,
    });
    await full("corp", simplePerson("ada"));
    await full("hr", simplePerson("ada", { mobile: "+1" }) + simplePerson("bob"));
    await full("hr", simplePerson("bob"));
    await place.run("users", "set", ADA, "mobilePhone=+999");
    const cause = await causeOf(ADA, "mobilePhone");
    expect(cause.code).toBe("editedHere");
    expect(cause.sentence).toMatch(/"\+999", set here by .*left the scope of hr/);
    await place.run("users", "unset", ADA, "mobilePhone");
  });

  test("a value that a run put back is told as such", async () => {
    await start();
    await full("corp", simplePerson("ada", { title: "Old" }));
    place.file("corp.ldif", simplePerson("ada", { title: "New" }));
    const run = await place.json<{ run: string }>("import", "corp", "--full");
    await place.run("imports", "revert", run.run);
    for (const args of [[ADA], [ADA, "title"]]) {
      const cause = await causeOf(...args);
      expect(cause).toMatchObject({
        code: "waitsForImport",
        command: "rollcall import corp --full",
      });
      expect(cause.sentence).toContain("put back");
    }
    expect(
      (await place.json<{ message: string }[]>("doctor")).map((one) => one.message).join("\n"),
    ).not.toContain("older version");
  });

  test("a required value is not told to be taken away", async () => {
    await start();
    await place.run(
      "users",
      "create",
      "zoe@example.org",
      "email=zoe@example.org",
      "firstName=Z",
      "lastName=Z",
    );
    expect((await causeOf("zoe@example.org", "email")).command).toBe(
      "rollcall users set zoe@example.org email=VALUE",
    );
  });
});

describe("of somebody who is no user", () => {
  test("a deleted user is looked for in the directories, and found in any case", async () => {
    await start();
    await place.run("users", "create", ADA, "email=ada@example.org", "firstName=A", "lastName=L");
    await place.run("users", "deactivate", ADA);
    await place.run("users", "delete", ADA);
    expect((await causeOf("ADA@example.org")).sentence).toContain("was deleted");
    place.file("hr.ldif", simplePerson("ada"));
    place.file("corp.ldif", simplePerson("bob"));
    expect(await causeOf(ADA, "--live")).toMatchObject({ code: "waitsForImport" });
  });

  test("a refusal that the configuration does not make any more is over", async () => {
    await start({ corpMappings: "      locale: appuser.street\n" });
    await full("corp", simplePerson("ada", { street: "german" }));
    expect(await causeOf(ADA)).toMatchObject({ code: "cannotBeCreated" });
    configure();
    const cause = await causeOf(ADA);
    expect(cause).toMatchObject({ code: "notApplied", command: "rollcall force-sync corp" });
    await place.run("force-sync", "corp");
    expect(await causeOf(ADA)).toMatchObject({ code: "upToDate" });
  });

  test("nobody is told to confirm what cannot be confirmed", async () => {
    await start({ hr: `${MATCHING}    onNoMatch: ignore\n` });
    await full("hr", ldifPerson("x", { sn: "X" }));
    const cause = await causeOf("x");
    expect(cause).toMatchObject({ code: "noMatch", command: "rollcall imports unmatched hr" });
    expect(cause.alternatives.map((one) => one.command)).toEqual([
      "rollcall imports confirm hr x LOGIN",
      "rollcall imports ignore hr x",
    ]);
  });
});
