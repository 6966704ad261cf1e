/** Cases of sourcing, links and unique values that once went wrong. */
import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import {
  ldifPerson,
  SIMPLE_MAPPINGS,
  simplePerson,
  Workplace,
  type RunDocument,
} from "../support/rollcall.ts";

let place: Workplace;
afterEach(() => place.remove());

interface Shown {
  readonly id: string;
  readonly status: string;
  readonly profile: Record<string, unknown>;
  readonly sources: Record<string, string>;
  readonly appUsers: readonly {
    directory: string;
    status: string;
    error: null | { code: string };
  }[];
}

const show = (login: string): Promise<Shown> =>
  place.json<Shown>("users", "show", `${login}@example.org`);
const full = (name: string): Promise<RunDocument> =>
  place.json<RunDocument>("import", name, "--full");

interface Options {
  readonly profile?: string;
  readonly corp?: string;
  readonly hr?: string;
  readonly mappings?: string;
}

function configure({
  profile = "sources: [corp, hr]",
  corp = "",
  hr = "",
  mappings = "",
}: Options = {}): void {
  const file = (name: string): string =>
    `type: ldif\n    path: ${place.folder}/${name}.ldif\n    importSafeguard: off`;
  place.configure(`directories:
  corp:
    ${file("corp")}
${corp}${SIMPLE_MAPPINGS}${mappings}
  hr:
    ${file("hr")}
    onNoMatch: ignore
    matching: [{ user: lastName, app: appuser.employeeType }]
    users: { disabled: { attribute: l, values: [gone] } }
${hr}${SIMPLE_MAPPINGS}${mappings}
profile: { ${profile} }
`);
}

async function start(options: Options, corp: string, hr: string): Promise<void> {
  place = await Workplace.create("postgres");
  configure(options);
  place.file("corp.ldif", corp);
  place.file("hr.ldif", hr);
  await full("corp");
  await full("hr");
}

/** hr knows people by the last name that corp gives them. */
const inHr = (name: string, more: Record<string, string>): string =>
  simplePerson(name, { employeeType: `Test ${name}`, ...more });
const inCorp = (name: string, more: Record<string, string> = {}): string =>
  simplePerson(name, { sn: `Test ${name}`, ...more });

describe("whoever leaves a directory has left it", () => {
  test("also where the next source gives a login that somebody else has", async () => {
    await start(
      {},
      inCorp("ada") + inCorp("bob"),
      inHr("ada", { mail: "bob@example.org", l: "gone" }),
    );
    place.file("corp.ldif", inCorp("bob"));
    expect((await full("corp")).counts).toMatchObject({ removed: 1, failed: 0 });
    expect((await show("ada")).status).toBe("deprovisioned");
    // The next import of the next source decides, and says what is wrong.
    expect((await full("hr")).counts).toMatchObject({ failed: 1 });
    expect((await place.run("users", "failing")).out).toContain("already used by bob@example.org");
    place.file("hr.ldif", inHr("ada", { mail: "ada.l@example.org" }));
    await full("hr");
    expect((await show("ada.l")).sources["login"]).toBe("hr");
  });

  test("also where the next source is invalid; that is told, and tried again", async () => {
    await start(
      { mappings: "      locale: appuser.street\n" },
      inCorp("ada"),
      inHr("ada", { street: "german" }),
    );
    place.file("corp.ldif", inCorp("zoe"));
    expect((await full("corp")).counts).toMatchObject({ removed: 1, failed: 0 });
    const events = await place.events(
      'eventType eq "app.user_management.update_from_master_failed"',
    );
    expect(events.at(-1)?.debugContext.debugData).toMatchObject({
      AppName: "hr",
      ErrorField: "locale",
    });
    expect((await full("hr")).counts).toMatchObject({ failed: 1 });
    place.file("hr.ldif", inHr("ada", { street: "de_DE" }));
    await full("hr");
    expect(await show("ada")).toMatchObject({
      status: "active",
      sources: { locale: "hr", login: "hr" },
    });
  });

  test("also with a unique value that somebody else had before it was unique", async () => {
    const badge = { mappings: "      badge: appuser.employeeNumber\n" };
    const people = inCorp("ada", { employeeNumber: "1" }) + inCorp("bob", { employeeNumber: "1" });
    await start({ ...badge, profile: "attributes: { badge: {} }" }, people, "");
    configure({ ...badge, profile: "attributes: { badge: { unique: true } }" });
    expect((await place.run("users", "suspend", "ada@example.org")).status).toBe(0);
    expect((await place.run("users", "suspend", "bob@example.org")).status).toBe(0);
    await place.run("users", "unsuspend", "ada@example.org");
    await place.run("users", "unsuspend", "bob@example.org");
    place.file("corp.ldif", inCorp("zoe", { employeeNumber: "2" }));
    expect((await full("corp")).counts).toMatchObject({ removed: 2, failed: 0, created: 1 });
    expect((await show("bob")).status).toBe("deprovisioned");
  });
});

test("whoever is disabled and has somebody else's unique value loses access, and the run ends", async () => {
  const gone = "    users: { disabled: { attribute: l, values: [gone] } }\n";
  const badge = { corp: gone, mappings: "      badge: appuser.employeeNumber\n" };
  const people = (l: string): string =>
    inCorp("ada", { employeeNumber: "7" }) + inCorp("bob", { employeeNumber: "7", l });
  await start({ ...badge, profile: "attributes: { badge: {} }" }, people("here"), "");
  configure({ ...badge, profile: "attributes: { badge: { unique: true } }" });
  expect((await place.run("doctor")).out).toContain("2 users have had the same value as another");
  place.file("corp.ldif", people("gone"));
  expect((await full("corp")).status).toBe("done");
  expect((await show("bob")).status).toBe("deprovisioned");
});

test("a force sync of one source judges the values of another by the rules of now", async () => {
  const tier = (rules: string): Options => {
    return {
      profile: `sources: [hr, corp], attributes: { tier: { ${rules} } }`,
      mappings: "      tier: appuser.ou\n",
    };
  };
  await start(
    tier("enum: [good, better]"),
    inCorp("ada", { ou: "good" }),
    inHr("ada", { ou: "good" }),
  );
  configure(tier(""));
  place.file("hr.ldif", inHr("ada", { ou: "bad" }));
  await full("hr");
  configure(tier("enum: [good, better]"));
  const run = await place.json<RunDocument>("force-sync", "corp");
  expect(run.counts).toMatchObject({ failed: 1, unchanged: 0 });
});

describe("unique values", () => {
  const options = {
    mappings: "      badge: appuser.employeeNumber\n",
    profile: "attributes: { badge: { unique: true } }",
  };
  const badges = (people: Readonly<Record<string, string>>): string =>
    Object.entries(people)
      .map(([name, employeeNumber]) => inCorp(name, { employeeNumber }))
      .join("");

  test("a run that gave a value to somebody new can be put back", async () => {
    await start(options, badges({ ada: "1" }), "");
    place.file("corp.ldif", badges({ ada: "2", bob: "1" }));
    const run = await full("corp");
    expect(run.counts).toMatchObject({ updated: 1, created: 1 });
    const back = await place.json<RunDocument>("imports", "revert", run.run);
    expect(back.counts).toMatchObject({ failed: 0, removed: 1, updated: 1 });
    expect((await show("ada")).profile["badge"]).toBe("1");
  });

  test("two imports at once give one value to one of two people", async () => {
    place = await Workplace.create("postgres");
    configure({ ...options, hr: "", profile: "attributes: { badge: { unique: true } }" });
    const text = readFileSync(place.config, "utf8").replace("    onNoMatch: ignore\n", "");
    writeFileSync(place.config, text);
    const many = (from: string): string =>
      Array.from({ length: 300 }, (_, i) =>
        inCorp(`${from}${i}`, { employeeNumber: String(i) }),
      ).join("");
    place.file("corp.ldif", many("c"));
    place.file("hr.ldif", many("h"));
    await Promise.all([place.run("import", "corp", "--full"), place.run("import", "hr", "--full")]);
    await full("corp");
    await full("hr");
    const values = [...(await place.users()).values()].map((user) => user.profile["badge"]);
    expect(new Set(values).size).toBe(values.length);
    expect(values).toHaveLength(300);
  });

  test("all that is not unique about a person is told", async () => {
    await start(options, badges({ ada: "1", bob: "2" }), "");
    place.file(
      "corp.ldif",
      badges({ ada: "1" }) + inCorp("bob", { employeeNumber: "1", mail: "ada@example.org" }),
    );
    await full("corp");
    const { out } = await place.run("users", "failing");
    expect(out).toContain("notUniqueWithinOrg, login");
    expect(out).toContain('and badge "1" is already used');
  });
});

describe("links by hand", () => {
  test("a confirmation that fails leaves the entry set aside", async () => {
    await start(
      { corp: "    matching: [{ user: login, app: appuser.mail }]\n" },
      inCorp("ada") + inCorp("bob"),
      "",
    );
    await place.run("users", "unlink", "ada@example.org", "corp");
    expect((await place.run("imports", "confirm", "corp", "ada")).status).toBe(1);
    await full("corp");
    expect((await show("ada")).status).toBe("deprovisioned");
    expect((await place.run("imports", "unmatched", "--ignored")).out).toContain("uid=ada");
  });

  test("putting an unlinking back does not take the entry from somebody else, nor back from the gone", async () => {
    await start({}, inCorp("ada") + inCorp("bob"), inHr("ada", { title: "Dr" }));
    const cut = await place.json<RunDocument>("users", "unlink", "ada@example.org", "hr");
    await place.run("users", "link", "bob@example.org", "hr", "ada");
    const back = await place.json<RunDocument>("imports", "revert", cut.run);
    expect(back.counts).toMatchObject({ updated: 0, skipped: 1 });
    expect((await show("bob")).appUsers.map((one) => one.directory)).toEqual(["corp", "hr"]);
    const last = await place.json<RunDocument>("users", "unlink", "ada@example.org", "corp");
    place.file("corp.ldif", inCorp("bob"));
    await full("corp");
    await place.run("imports", "revert", last.run);
    expect((await show("ada")).status).toBe("deprovisioned");
  });

  test("an entry that was set aside is left out of a held plan that would create it", async () => {
    await start({}, inCorp("ada"), "");
    const text = readFileSync(place.config, "utf8");
    writeFileSync(
      place.config,
      text.replace("importSafeguard: off", "importSafeguard: { count: 0 }"),
    );
    // The entry is kept without a user first, so that somebody can set it aside.
    writeFileSync(
      place.config,
      readFileSync(place.config, "utf8").replace(
        `${place.folder}/corp.ldif\n`,
        `${place.folder}/corp.ldif\n    onNoMatch: ignore\n`,
      ),
    );
    place.file("corp.ldif", inCorp("ada") + inCorp("eve"));
    await full("corp");
    writeFileSync(
      place.config,
      readFileSync(place.config, "utf8").replace("    onNoMatch: ignore\n", ""),
    );
    place.file("corp.ldif", inCorp("eve"));
    const held = await full("corp");
    expect(held.status).toBe("held");
    await place.run("imports", "ignore", "corp", "eve");
    const approved = await place.json<RunDocument>("imports", "approve", held.run);
    expect(approved.counts).toMatchObject({ removed: 1, created: 0, skipped: 1 });
    expect((await place.users()).has("eve@example.org")).toBe(false);
  });

  test("cutting the last link shows that access is lost", async () => {
    await start({}, inCorp("ada"), "");
    const { out } = await place.run("users", "unlink", "ada@example.org", "corp", "--dry-run");
    expect(out).toContain("status: active → deprovisioned");
    expect((await show("ada")).status).toBe("active");
    await place.run("users", "unlink", "ada@example.org", "corp");
    // A person can make what an import took away a decision of their own.
    expect((await place.run("users", "deactivate", "ada@example.org")).status).toBe(0);
    await place.run("users", "link", "ada@example.org", "corp", "ada");
    expect((await show("ada")).status).toBe("deprovisioned");
  });
});

test("an attribute with an order of its own is not filled by whoever creates the user", async () => {
  await start(
    { profile: "sources: [corp, hr], overrides: { title: [hr], email: [hr] }" },
    inCorp("ada", { title: "Countess" }),
    "",
  );
  const { profile } = await show("ada");
  expect(profile).not.toHaveProperty("title");
  // Nobody could be created without an address.
  expect(profile["email"]).toBe("ada@example.org");
});

test("a force sync does not take an entry that cannot be used for a good one", async () => {
  await start({}, inCorp("ada", { title: "Countess" }), "");
  place.file("corp.ldif", inCorp("ada", { title: "Dr" }).replace("entryUUID: ada\n", ""));
  await full("corp");
  const before = await place.json("users", "failing");
  const run = await place.json<RunDocument>("force-sync", "corp");
  expect(run.counts).toMatchObject({ read: 1, failed: 1, updated: 0 });
  expect(await place.json("users", "failing")).toEqual(before);
});

test("credentials of people are not kept, unless they are asked for by name", async () => {
  const secret = "{SSHA}dGhlIGhhc2g=";
  await start(
    {},
    ldifPerson("ada", {
      mail: "ada@example.org",
      givenName: "Ada",
      sn: "L",
      userPassword: secret,
      "unicodePwd;binary": "x",
    }),
    "",
  );
  for (const command of [
    ["users", "show", "ada@example.org", "--json"],
    ["users", "export", "--app-profiles"],
  ]) {
    const { out } = await place.run(...command);
    expect(out.toLowerCase()).not.toContain("userpassword");
    expect(out).not.toContain("unicodePwd");
  }
  const asked = readFileSync(place.config, "utf8").replace(
    "importSafeguard: off",
    'importSafeguard: off\n    users: { attributes: ["*", userPassword] }',
  );
  writeFileSync(place.config, asked);
  await full("corp");
  expect((await place.run("users", "show", "ada@example.org")).out).toContain("userPassword");
});
