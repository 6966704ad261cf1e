/** `explain` names the true cause where another lies nearer, of people whom one directory decides about. */
import { readFileSync, writeFileSync } from "node:fs";
import { Client } from "pg";
import { afterEach, describe, expect, test } from "vitest";
import { ldifPerson, SIMPLE_MAPPINGS, simplePerson, Workplace } from "../support/rollcall.ts";

interface Explained {
  readonly value: unknown;
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
}

let place: Workplace;
afterEach(() => place.remove());

const ADA = "ada@example.org";
const explain = (...args: string[]): Promise<Explained> =>
  place.json<Explained>("explain", ...args);

interface Options {
  readonly corp?: string;
  readonly hr?: string;
  readonly profile?: string;
  readonly corpMappings?: string;
  readonly hrMappings?: string;
}

function configure({
  corp = "",
  hr = "",
  profile = "sources: [corp, hr]",
  corpMappings = "",
  hrMappings = "",
}: Options = {}): void {
  const file = (name: string): string => `    type: ldif\n    path: ${place.folder}/${name}.ldif`;
  place.configure(`directories:
  corp:
${file("corp")}
${corp}${SIMPLE_MAPPINGS}${corpMappings}
  hr:
${file("hr")}
    onNoMatch: ignore
    matching: [{ user: login, app: appuser.mail, onMatch: link }]
${hr}${SIMPLE_MAPPINGS}${hrMappings}
profile: { ${profile} }
`);
}

async function start(options: Options, corp: string, hr = ""): Promise<void> {
  place = await Workplace.create("postgres");
  configure(options);
  await files(corp, hr);
}

async function files(corp: string, hr = ""): Promise<void> {
  place.file("corp.ldif", corp);
  place.file("hr.ldif", hr);
  await place.run("import", "corp", "--full");
  await place.run("import", "hr", "--full");
}

describe("of the entry", () => {
  test("an account that was made anew is told of, not the old one", async () => {
    const matching = "    matching: [{ user: login, app: appuser.mail, onMatch: link }]\n";
    await start({ corp: matching }, simplePerson("ada", { title: "Old" }) + simplePerson("bob"));
    await files(simplePerson("bob"));
    await files(
      simplePerson("bob") +
        ldifPerson("new", { mail: ADA, givenName: "Ada", sn: "L", title: "New" }),
    );
    const { cause, stages } = await explain(ADA, "title", "--live");
    expect(cause.code).toBe("upToDate");
    expect(stages.find((one) => one.stage === "scope")).toMatchObject({ ok: true });
    expect(stages.find((one) => one.stage === "scope")?.text).toContain("(new)");
  });

  test("whoever is there again waits for an import", async () => {
    await start({}, simplePerson("ada") + simplePerson("bob"));
    await files(simplePerson("bob"));
    expect((await explain(ADA, "title")).stages[1]).toMatchObject({ stage: "scope", ok: false });
    place.file("corp.ldif", simplePerson("ada") + simplePerson("bob"));
    const { cause } = await explain(ADA, "title", "--live");
    expect(cause).toMatchObject({ code: "waitsForImport", command: "rollcall import corp --full" });
  });

  test("a link that a person cut is told with who cut it, and the command that makes it again", async () => {
    await start({}, simplePerson("ada"));
    await place.run("users", "unlink", ADA, "corp");
    for (const args of [[ADA], [ADA, "title"]]) {
      const { cause } = await explain(...args);
      expect(cause).toMatchObject({
        code: "setAside",
        stage: "link",
        command: `rollcall users link ${ADA} corp ada`,
      });
      expect(cause.sentence).toContain("cut the link");
    }
  });

  test("an account that was enabled again, with and without `reactivate`, and asked live", async () => {
    const disabled = "    users: { disabled: { attribute: l, values: [gone] } }\n";
    await start({ corp: disabled }, simplePerson("ada"));
    place.file("corp.ldif", simplePerson("ada", { l: "gone" }));
    expect((await explain(ADA, "--live")).cause.sentence).toContain(
      "is disabled in corp, which was not imported yet",
    );
    await files(simplePerson("ada", { l: "gone" }));
    expect((await explain(ADA)).cause.sentence).toContain("shows the account as disabled");
    place.file("corp.ldif", simplePerson("ada"));
    expect((await explain(ADA, "--live")).cause.sentence).toContain("is enabled again in corp");
    configure({ corp: `${disabled}    reactivate: []\n` });
    await files(simplePerson("ada"));
    const { cause } = await explain(ADA);
    expect(cause.sentence).toContain("leaves giving access back to people");
    expect(cause.command).toBe(`rollcall users reactivate ${ADA}`);
  });

  test("somebody of the configuration's past is linked to what was", async () => {
    await start({}, simplePerson("ada"));
    const text = readFileSync(place.config, "utf8").replace(/ {2}corp:[\s\S]*?(?= {2}hr:)/, "");
    writeFileSync(place.config, text.replace("[corp, hr]", "[hr]"));
    const { cause } = await explain(ADA);
    expect(cause.sentence).toContain(
      "linked to corp only, which is not in the configuration any more",
    );
    expect((await explain("uid=ada,ou=people,dc=example,dc=org")).cause.sentence).toBe(
      cause.sentence,
    );
  });
});

describe("of failures", () => {
  const LOCALE = {
    corpMappings: "      locale: appuser.street\n",
    hrMappings: "      locale: appuser.street\n",
  };

  test("one that is over stands in nobody's way, and one person is counted once", async () => {
    await start(LOCALE, simplePerson("ada"), simplePerson("ada"));
    await files(
      simplePerson("ada", { street: "german", title: "New" }),
      simplePerson("ada", { title: "x" }),
    );
    const failing = await place.json<{ people: number }[]>("users", "failing");
    expect(failing.map((group) => group.people)).toEqual([1]);
    place.file("corp.ldif", simplePerson("ada", { street: "de_DE", title: "Newer" }));
    await place.run("import", "corp", "--full");
    const { value, cause, stages } = await explain(ADA, "title");
    expect(value).toBe("Newer");
    expect(cause.code).not.toBe("invalid");
    expect(stages.find((one) => one.stage === "validation")).toMatchObject({ ok: true });
  });

  test("a login that is free again is none, although it was taken when the import ran", async () => {
    await start({}, simplePerson("ada") + simplePerson("bob"));
    await files(simplePerson("ada") + simplePerson("bob", { mail: ADA }));
    expect((await explain("bob@example.org", "login")).cause.sentence).toContain("already used");
    await files(
      simplePerson("ada", { mail: "a@example.org" }) + simplePerson("bob", { mail: ADA }),
    );
    await place.run("import", "corp", "--full");
    expect((await explain(ADA, "login")).cause.code).toBe("upToDate");
  });

  test("of several, the attribute that was asked for comes first, and a cure on its way is told", async () => {
    const both = { corpMappings: "      locale: appuser.street\n      timezone: appuser.st\n" };
    await start(both, simplePerson("ada"));
    await files(simplePerson("ada", { street: "german", st: "CET/Berlin" }));
    expect((await explain(ADA, "timezone")).cause.sentence).toContain("timezone]");
    expect((await explain(ADA, "locale")).cause.sentence).toContain(
      "1 more of this person's values",
    );
    place.file("corp.ldif", simplePerson("ada", { street: "de_DE", st: "CET/Berlin" }));
    const { cause } = await explain(ADA, "locale", "--live");
    expect(cause).toMatchObject({ code: "appProfileOld", command: "rollcall import corp --full" });
  });

  test("values are told as they are", async () => {
    await start({}, simplePerson("ada"));
    await files(simplePerson("ada", { mail: "ada..l" }));
    expect((await explain(ADA, "title")).cause.sentence).toContain('"ada..l"');
  });

  test("an entry without an identifier is explained by its DN, and the doctor knows", async () => {
    await start({}, simplePerson("ada") + simplePerson("bob").replace("entryUUID: bob\n", ""));
    const { cause } = await explain("UID=bob, OU=people, dc=example, dc=org");
    expect(cause).toMatchObject({ code: "cannotBeCreated" });
    expect(cause.sentence).toContain("entry.idMissing");
    expect((await place.run("doctor")).out).toContain("entry.idMissing");
  });
});

describe("of sources", () => {
  test("with fallback, whoever fails or gives is told, and the live word of those before", async () => {
    const fallback = { profile: "sources: [corp, hr], fallback: true" };
    await start(
      {
        ...fallback,
        hrMappings: "      city: appuser.l[0]\n",
        corpMappings: "      division: appuser.ou\n",
      },
      simplePerson("ada"),
      simplePerson("ada", { l: "Rome" }),
    );
    expect(await explain(ADA, "city")).toMatchObject({
      value: "Rome",
      cause: { code: "upToDate" },
    });
    configure({
      ...fallback,
      hrMappings: "      city: appuser.l[0]\n",
      corpMappings: "      city: appuser.street\n",
    });
    await place.run("force-sync");
    place.file("corp.ldif", simplePerson("ada", { street: "Bern" }));
    const { cause } = await explain(ADA, "city", "--live");
    expect(cause).toMatchObject({ code: "appProfileOld", command: "rollcall import corp --full" });
  });

  test("another directory's attribute in a mapping is looked for there", async () => {
    await start(
      { corpMappings: "      city: hr.l\n" },
      simplePerson("ada", { l: "Berlin" }),
      simplePerson("ada"),
    );
    await place.run("force-sync");
    expect((await explain(ADA, "city")).cause.sentence).toContain("of hr");
    place.file("corp.ldif", simplePerson("ada", { l: "Bonn" }));
    expect((await explain(ADA, "city", "--live")).cause.code).toBe("noValue");
    place.file("hr.ldif", simplePerson("ada", { l: "Rome" }));
    expect((await explain(ADA, "city", "--live")).cause).toMatchObject({
      code: "appProfileOld",
      command: "rollcall import hr --full",
    });
  });

  test("a mapping of creation only needs no import, and a value set by hand says by whom", async () => {
    await start(
      { corpMappings: "      city: { expression: appuser.l, apply: create }\n" },
      simplePerson("ada", { l: "Bern" }),
    );
    place.file("corp.ldif", simplePerson("ada", { l: "Bonn" }));
    expect((await explain(ADA, "city", "--live")).cause.code).toBe("onCreateOnly");
    await place.run("users", "set", ADA, "nickName=Ada");
    const { cause } = await explain(ADA, "nickName");
    expect(cause).toMatchObject({ code: "editedHere", stage: "written" });
    expect(cause.sentence).toMatch(/set here by .* at 20/);
  });
});

describe("of who is not a user", () => {
  test("somebody who changed in the directory is the user that is known, not somebody new", async () => {
    await start({}, simplePerson("ada"));
    place.file("corp.ldif", simplePerson("ada", { mail: "countess@example.org" }));
    const { cause } = await explain("countess@example.org", "--live");
    expect(cause).toMatchObject({ code: "appProfileOld", command: "rollcall import corp --full" });
    expect(cause.sentence).toContain(`belongs to ${ADA}`);
  });

  test("another directory is asked, too, where one cannot be read", async () => {
    await start({}, simplePerson("ada"));
    place.file("corp.ldif", "nonsense");
    place.file("hr.ldif", simplePerson("zoe"));
    const { cause } = await explain("zoe@example.org", "--live");
    expect(cause.code).toBe("waitsForImport");
    expect(cause.sentence).toContain("onNoMatch: ignore");
    expect((await explain("nobody@example.org", "--live")).cause.code).toBe("directoryFails");
  });

  test("a decision that was taken back waits for the next full import", async () => {
    await start({}, simplePerson("ada"));
    await place.run("users", "unlink", ADA, "corp");
    await place.run("imports", "ignore", "corp", "ada", "--undo");
    const { cause } = await explain("uid=ada,ou=people,dc=example,dc=org");
    expect(cause).toMatchObject({ code: "waitsForImport", command: "rollcall import corp --full" });
  });
});

describe("of runs", () => {
  test("an interrupted one is named, and a held force sync", async () => {
    await start({}, simplePerson("ada", { title: "Countess" }));
    const client = new Client({ connectionString: place.databaseUrl ?? "" });
    await client.connect();
    await client.query(`insert into runs (id, kind, directory, type, trigger, actor, dry_run, status, phase, counts, phases, fingerprint, plan_size, scope)
      values ('01a207bc-24ed-7f1d-8c06-77c1e80b289d', 'import', 'corp', 'full', 'manual', '{}', false, 'running', 'applying', '{}', '[]', '', 0, '')`);
    const { cause } = await explain(ADA, "title");
    expect(cause.command).toBe("rollcall imports resume 01a207bc-24ed-7f1d-8c06-77c1e80b289d");
    await client.query("delete from runs where status = 'running'");
    await client.end();
    configure({
      corp: "    importSafeguard: { minimum: 1, updates: 10 }\n",
      corpMappings: "      city: '\"Rome\"'\n",
    });
    writeFileSync(
      place.config,
      readFileSync(place.config, "utf8").replace("title: appuser.title", `title: '"Dr"'`),
    );
    expect((await place.run("force-sync", "corp")).status).toBe(3);
    const held = await explain(ADA, "title");
    expect(held.cause).toMatchObject({ code: "importHeld", stage: "written" });
    expect((await place.run("doctor")).out).toContain("A run is held since");
  });
});
