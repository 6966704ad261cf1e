/** Whose value counts: several directories, fallback, losing a source, links and edits by hand. */
import { afterEach, describe, expect, test } from "vitest";
import {
  DATABASES,
  ldifPerson,
  SIMPLE_MAPPINGS,
  simplePerson,
  Workplace,
  type DatabaseKind,
  type RunDocument,
} from "../support/rollcall.ts";

let place: Workplace;
afterEach(() => place.remove());

interface Shown {
  readonly id: string;
  readonly status: string;
  readonly profile: Record<string, unknown>;
  readonly sources: Record<string, string>;
  readonly appUsers: readonly { directory: string; status: string; error: null | Failing }[];
}

interface Failing {
  readonly code: string;
  readonly field: string;
  readonly others?: readonly { code: string; field: string }[];
}

const ADA = { title: "Countess", departmentNumber: "R1" };
const KING = { givenName: "Augusta", sn: "King", title: "Dr", l: "London" };

interface Extra {
  readonly profile?: string;
  readonly corp?: string;
  readonly hr?: string;
}

/** corp creates, hr matches by login; both map title, only hr maps city. */
async function twoDirectories(
  kind: DatabaseKind,
  { profile = "sources: [corp, hr]", corp = "", hr = "" }: Extra = {},
): Promise<void> {
  place = await Workplace.create(kind);
  configure({ profile, corp, hr });
  place.file("corp.ldif", simplePerson("ada", ADA) + simplePerson("bob"));
  place.file("hr.ldif", simplePerson("ada", KING));
  for (const name of ["corp", "hr"]) expect((await place.run("import", name)).status).toBe(0);
}

function configure({ profile = "sources: [corp, hr]", corp = "", hr = "" }: Extra): void {
  const file = (name: string): string => `type: ldif\n    path: ${place.folder}/${name}.ldif`;
  place.configure(`directories:
  corp:
    ${file("corp")}
${corp}${SIMPLE_MAPPINGS}
  hr:
    ${file("hr")}
    onNoMatch: ignore
    matching: [{ user: login, app: appuser.mail, onMatch: link }]
${hr}${SIMPLE_MAPPINGS}      city: appuser.l
profile: { ${profile} }
`);
}

const show = (login: string): Promise<Shown> => place.json<Shown>("users", "show", login);
const ada = (): Promise<Shown> => show("ada@example.org");

describe.each(DATABASES)("on %s", (kind) => {
  test("the first linked source gives everything, and what it does not map is null", async () => {
    await twoDirectories(kind);
    const { profile, sources } = await ada();
    expect(profile).toMatchObject({ firstName: "ada", title: "Countess" });
    expect(profile).not.toHaveProperty("city");
    expect(new Set(Object.values(sources))).toEqual(new Set(["corp"]));
  });

  test("with fallback, the next source that has a value gives it; for all or for one attribute", async () => {
    await twoDirectories(kind, { profile: "sources: [corp, hr], fallback: true" });
    expect(await ada()).toMatchObject({
      profile: { title: "Countess", city: "London" },
      sources: { title: "corp", city: "hr" },
    });
    place.file("corp.ldif", simplePerson("ada") + simplePerson("bob"));
    await place.run("import", "corp", "--full");
    expect(await ada()).toMatchObject({ profile: { title: "Dr" }, sources: { title: "hr" } });
    configure({ profile: "sources: [corp, hr], overrides: { city: { fallback: true } }" });
    await place.run("force-sync");
    const { profile } = await ada();
    expect(profile).toMatchObject({ city: "London" });
    expect(profile).not.toHaveProperty("title");
  });

  test("another order in the configuration is shown before, and applied by a force sync of any source", async () => {
    await twoDirectories(kind);
    const old = place.file(
      "old.yaml",
      await import("node:fs").then((fs) => fs.readFileSync(place.config)),
    );
    configure({ profile: "sources: [hr, corp], overrides: { title: [corp, hr] }" });
    const diff = await place.json<{ directories: { directory: string; different: number }[] }>(
      "preview",
      "--diff",
      old,
    );
    expect(diff.directories).toMatchObject([
      { directory: "corp", different: 1 },
      { directory: "hr", different: 1 },
    ]);
    expect((await ada()).profile["firstName"]).toBe("ada");
    // corp is the secondary source now; a sync of it takes hr's mappings into account.
    const run = await place.json<RunDocument>("force-sync", "corp");
    expect(run.counts).toMatchObject({ read: 2, updated: 1, unchanged: 1 });
    expect(await ada()).toMatchObject({
      profile: { firstName: "Augusta", title: "Countess", city: "London" },
      sources: { firstName: "hr", title: "corp", city: "hr" },
    });
    const again = await place.json<RunDocument[]>("force-sync");
    expect(again.map(({ counts }) => counts["updated"])).toEqual([0, 0]);
  });

  test("when a source is lost the next takes over; when the last is lost the values stay", async () => {
    await twoDirectories(kind, { hr: "    onRemoval: suspend\n" });
    place.file("corp.ldif", simplePerson("bob"));
    await place.run("import", "corp", "--full");
    expect(await ada()).toMatchObject({
      status: "active",
      profile: { firstName: "Augusta", title: "Dr", city: "London" },
      sources: { firstName: "hr" },
    });
    place.file("hr.ldif", simplePerson("zoe"));
    await place.run("import", "hr", "--full");
    expect(await ada()).toMatchObject({
      status: "suspended",
      profile: { firstName: "Augusta", city: "London" },
      sources: { firstName: "okta", city: "okta" },
    });
    // Whoever returns to a source gets back what an import took away.
    place.file("corp.ldif", simplePerson("ada", ADA) + simplePerson("bob"));
    await place.run("import", "corp", "--full");
    expect(await ada()).toMatchObject({ status: "active", profile: { firstName: "ada" } });
  });

  test("only the profile source takes access away, and `reactivate` says who gets it back", async () => {
    const disabled = "    users: { disabled: { attribute: title, values: [Gone] } }\n";
    const none = "    reactivate: []\n";
    await twoDirectories(kind, { corp: disabled + none, hr: disabled });
    place.file("hr.ldif", simplePerson("ada", { ...KING, title: "Gone" }));
    await place.run("import", "hr", "--full");
    expect((await ada()).status).toBe("active");
    place.file("corp.ldif", simplePerson("ada", { title: "Gone" }) + simplePerson("bob"));
    await place.run("import", "corp", "--full");
    expect((await ada()).status).toBe("deprovisioned");
    place.file("corp.ldif", simplePerson("ada", ADA) + simplePerson("bob"));
    await place.run("import", "corp", "--full");
    expect((await ada()).status).toBe("deprovisioned");
    configure({ corp: disabled });
    await place.run("force-sync", "corp");
    expect((await ada()).status).toBe("active");
  });

  test("a directory that left the configuration keeps its links until a force sync of it ends them", async () => {
    await twoDirectories(kind);
    const text = (await import("node:fs")).readFileSync(place.config, "utf8");
    const { writeFileSync } = await import("node:fs");
    writeFileSync(
      place.config,
      text.replace(/ {2}corp:[\s\S]*?(?= {2}hr:)/, "").replace("[corp, hr]", "[hr]"),
    );
    const all = await place.run("force-sync");
    expect(all.err).toContain("corp is not in the configuration any more");
    expect(await ada()).toMatchObject({
      profile: { firstName: "Augusta" },
      sources: { firstName: "hr" },
    });
    expect((await place.run("import", "corp")).err).toContain("config.unknownDirectory");
    expect((await place.run("force-sync", "corp")).status).toBe(0);
    const [bob, lady] = [await show("bob@example.org"), await ada()];
    expect(bob).toMatchObject({
      status: "active",
      profile: { firstName: "bob" },
      sources: { firstName: "okta" },
    });
    expect(bob.appUsers).toMatchObject([{ directory: "corp", status: "removed" }]);
    expect(lady.profile["firstName"]).toBe("Augusta");
    // Back in the configuration, the people are the same.
    writeFileSync(place.config, text);
    await place.run("import", "corp", "--full");
    expect((await show("bob@example.org")).id).toBe(bob.id);
    expect((await ada()).profile["firstName"]).toBe("ada");
  });
});

describe("links by hand", () => {
  const unmatched = (
    ...more: string[]
  ): Promise<
    { externalId: string; candidates: { login: string }[]; error: { code: string } | null }[]
  > => place.json("imports", "unmatched", ...more);

  test("unmatched and ambiguous entries are listed with candidates, to confirm or to ignore", async () => {
    await twoDirectories("postgres");
    const twin = { givenName: "bob", sn: "Test" };
    place.file(
      "hr.ldif",
      simplePerson("ada", KING) + simplePerson("robert", twin) + simplePerson("eve"),
    );
    await place.run("import", "hr", "--full");
    const list = await unmatched();
    expect(list.map((one) => one.externalId)).toEqual(["eve", "robert"]);
    expect(list[1]?.candidates).toMatchObject([
      { login: "bob@example.org", because: "the same first and last name" },
    ]);
    expect((await place.run("imports", "confirm", "hr", "robert", "bob@example.org")).status).toBe(
      0,
    );
    expect((await show("bob@example.org")).appUsers).toHaveLength(2);
    expect((await place.run("imports", "ignore", "hr", "eve")).status).toBe(0);
    expect(await unmatched()).toEqual([]);
    expect(await unmatched("hr", "--ignored")).toMatchObject([{ externalId: "eve" }]);
    await place.run("import", "hr", "--full");
    expect(await unmatched()).toEqual([]);
    await place.run("imports", "ignore", "hr", "eve", "--undo");
    // Somebody new, although the directory may not create users by itself.
    expect((await place.run("imports", "confirm", "hr", "eve")).status).toBe(0);
    expect((await show("eve@example.org")).sources["login"]).toBe("hr");
  });

  test("an ambiguous entry waits for a decision", async () => {
    await twoDirectories("postgres", { hr: "" });
    const byName = (await import("node:fs")).readFileSync(place.config, "utf8");
    (await import("node:fs")).writeFileSync(
      place.config,
      byName.replace(
        "{ user: login, app: appuser.mail, onMatch: link }",
        "{ user: lastName, app: appuser.sn, onMatch: link }",
      ),
    );
    place.file(
      "hr.ldif",
      simplePerson("ada", { ...KING, sn: "Test" }).replace("entryUUID: ada", "entryUUID: other"),
    );
    await place.run("import", "hr", "--full");
    expect(await unmatched()).toMatchObject([
      {
        externalId: "other",
        error: { code: "match.ambiguous" },
        candidates: expect.arrayContaining([
          expect.objectContaining({ login: "ada@example.org" }),
          expect.objectContaining({ login: "bob@example.org" }),
        ]),
      },
    ]);
    expect((await place.run("users", "link", "bob@example.org", "hr", "other")).status).toBe(0);
    await place.run("import", "hr", "--full");
    expect(await unmatched()).toEqual([]);
    expect((await show("bob@example.org")).appUsers.map((one) => one.error)).toEqual([null, null]);
  });

  test("a link that was cut stays cut, can be made again, and the run can be put back", async () => {
    await twoDirectories("postgres", { profile: "sources: [hr, corp]" });
    expect((await ada()).profile["title"]).toBe("Dr");
    const run = await place.json<RunDocument>("users", "unlink", "ada@example.org", "hr");
    expect(run).toMatchObject({ status: "done", counts: { updated: 1 } });
    expect((await ada()).profile["title"]).toBe("Countess");
    await place.run("import", "hr", "--full");
    expect((await ada()).profile["title"]).toBe("Countess");
    expect((await place.run("imports", "revert", run.run)).status).toBe(0);
    expect(await ada()).toMatchObject({ profile: { title: "Dr" }, sources: { title: "hr" } });
    await place.run("import", "hr", "--full");
    expect((await ada()).profile["title"]).toBe("Dr");
  });

  test("cutting the last link asks onRemoval, unless the status is to stay", async () => {
    await twoDirectories("postgres");
    await place.run("users", "unlink", "bob@example.org", "corp", "--dry-run");
    expect((await show("bob@example.org")).status).toBe("active");
    await place.run("users", "unlink", "bob@example.org", "corp");
    expect(await show("bob@example.org")).toMatchObject({
      status: "deprovisioned",
      profile: { firstName: "bob" },
    });
    await place.run("users", "unlink", "ada@example.org", "hr");
    await place.run("users", "unlink", "ada@example.org", "corp", "--keep-status");
    expect(await ada()).toMatchObject({ status: "active", sources: { login: "okta" } });
  });

  test.each([
    [["users", "link", "nobody@example.org", "hr", "ada"], "user.notFound"],
    [["users", "link", "bob@example.org", "hr", "nobody"], "link.entryNotFound"],
    [["users", "link", "bob@example.org", "hr", "ada"], "link.taken"],
    [["users", "link", "ada@example.org", "corp", "bob"], "link.taken"],
    [["users", "link", "ada@example.org", "nowhere", "bob"], "config.unknownDirectory"],
    [["users", "unlink", "bob@example.org", "hr"], "link.none"],
    [["imports", "ignore", "hr", "ada"], "link.taken"],
    [["imports", "unmatched", "nowhere"], "config.unknownDirectory"],
  ])("%j is refused", async (args, code) => {
    await twoDirectories("postgres");
    const { status, err } = await place.run(...args);
    expect(status).not.toBe(0);
    expect(err).toContain(`[${code}]`);
    expect((await ada()).appUsers).toHaveLength(2);
  });
});

describe("edits", () => {
  test("of users without a directory: created, changed, suspended, deleted, each an event and in the history", async () => {
    await twoDirectories("postgres");
    const zoe = "zoe@example.org";
    const values = [`email=${zoe}`, "firstName=Zoe", "lastName=Z"];
    expect((await place.run("users", "create", zoe, ...values)).status).toBe(0);
    await place.run("users", "set", zoe, "title=Boss", "nickName=Z");
    await place.run("users", "unset", zoe, "nickName");
    expect(await show(zoe)).toMatchObject({
      profile: { title: "Boss" },
      sources: { title: "okta" },
    });
    expect((await show(zoe)).profile).not.toHaveProperty("nickName");
    for (const [step, status] of [
      ["suspend", "suspended"],
      ["unsuspend", "active"],
      ["deactivate", "deprovisioned"],
      ["reactivate", "active"],
    ] as const) {
      expect((await place.run("users", step, zoe)).status).toBe(0);
      expect((await show(zoe)).status).toBe(status);
    }
    expect((await place.run("users", "delete", zoe)).err).toContain("user.wrongStatus");
    await place.run("users", "deactivate", zoe);
    expect((await place.run("users", "delete", zoe)).status).toBe(0);
    const events = await place.events(`target.alternateId eq "${zoe}"`);
    expect(events.map((event) => event.eventType)).toEqual([
      "user.lifecycle.create",
      "user.lifecycle.activate",
      "user.account.update_profile",
      "user.account.update_profile",
      "user.lifecycle.suspend",
      "user.lifecycle.unsuspend",
      "user.lifecycle.deactivate",
      "user.lifecycle.reactivate",
      "user.lifecycle.deactivate",
      "user.lifecycle.delete.completed",
    ]);
    expect(
      (await place.json<RunDocument[]>("imports")).some(
        (run) => run.counts["read"] === 1 && run.type === "edit",
      ),
    ).toBe(false);
  });

  test("are refused where a directory owns the attribute, with its name; not where none does", async () => {
    await twoDirectories("postgres", {
      profile: "sources: [corp, hr], overrides: { mobilePhone: okta }",
    });
    const refused = await place.run("users", "set", "ada@example.org", "title=X", "mobilePhone=1");
    expect(refused.status).toBe(1);
    expect(refused.err).toContain("title is owned by corp");
    expect(refused.err).toContain("[user.owned]");
    expect((await ada()).profile).not.toHaveProperty("mobilePhone");
    await place.run("users", "set", "ada@example.org", "mobilePhone=1", "nickName=Ada");
    await place.run("import", "corp", "--full");
    await place.run("force-sync");
    expect(await ada()).toMatchObject({
      profile: { mobilePhone: "1", nickName: "Ada", title: "Countess" },
    });
  });

  test("tell all that is wrong at once, and change nothing", async () => {
    await twoDirectories("postgres");
    const { status, err } = await place.run(
      "users",
      "create",
      "bob@example.org",
      "email=x",
      "titel=A",
      "locale=german",
    );
    expect(status).toBe(1);
    for (const part of [
      "do you mean title?",
      "doesNotMatchPattern",
      "localeFormat",
      "violation.required, firstName",
      "notUniqueWithinOrg",
    ])
      expect(err).toContain(part);
    expect((await place.users()).size).toBe(2);
  });

  test("a person's decision about access is not undone by an import", async () => {
    await twoDirectories("postgres");
    await place.run("users", "deactivate", "ada@example.org");
    place.file("corp.ldif", simplePerson("ada", { title: "New" }) + simplePerson("bob"));
    await place.run("import", "corp", "--full");
    expect(await ada()).toMatchObject({ status: "deprovisioned", profile: { title: "New" } });
  });
});

describe.each(DATABASES)("unique attributes on %s", (kind) => {
  const badges = (people: Readonly<Record<string, string>>): string =>
    Object.entries(people)
      .map(([id, number]) => simplePerson(id, { employeeNumber: number }))
      .join("");
  const imported = async (people: Readonly<Record<string, string>>): Promise<RunDocument> => {
    place.file("corp.ldif", badges(people));
    return await place.json<RunDocument>("import", "corp", "--full");
  };
  const badgeOf = async (id: string): Promise<unknown> =>
    (await show(`${id}@example.org`)).profile["badge"];
  const start = async (): Promise<void> => {
    place = await Workplace.create(kind);
    place.configure(`directories:
  corp:
    type: ldif
    path: ${place.folder}/corp.ldif
    importSafeguard: off
${SIMPLE_MAPPINGS}      badge: appuser.employeeNumber
profile: { attributes: { badge: { unique: true } } }
`);
  };

  test("the second person with a value fails, and is cured when the first gives it up", async () => {
    await start();
    const run = await imported({ a1: "7", b1: "7", c1: "A", d1: "a" });
    expect(run.counts).toMatchObject({ created: 2, failed: 2 });
    const { out } = await place.run("users", "failing");
    expect(out).toContain("notUniqueWithinOrg, badge");
    const cured = await imported({ a1: "8", b1: "7", c1: "A", d1: "b" });
    expect(cured.counts).toMatchObject({ created: 2, failed: 0 });
    expect([await badgeOf("a1"), await badgeOf("b1")]).toEqual(["8", "7"]);
  });

  test("two people exchange values, and one takes what another gives up", async () => {
    await start();
    await imported({ a1: "1", b1: "2", c1: "3" });
    expect((await imported({ a1: "2", b1: "1", c1: "4", d1: "3" })).counts).toMatchObject({
      updated: 3,
      created: 1,
      failed: 0,
    });
    expect(await badgeOf("a1")).toBe("2");
    expect(await badgeOf("d1")).toBe("3");
    // Of a chain whose end fails, nobody gets what is not free.
    const chain = await imported({ a1: "1", b1: "4", c1: "4", d1: "3" });
    expect(chain.counts).toMatchObject({ failed: 2 });
    expect(await badgeOf("a1")).toBe("2");
  });

  test("values that users have already count from the moment that the attribute is unique", async () => {
    await start();
    const { readFileSync, writeFileSync } = await import("node:fs");
    const unique = readFileSync(place.config, "utf8");
    writeFileSync(place.config, unique.replace("unique: true", "unique: false"));
    await imported({ a1: "1", b1: "1" });
    writeFileSync(place.config, unique);
    // Whoever has a double value already keeps it; nobody else gets it.
    expect((await imported({ a1: "1", b1: "1", c1: "1" })).counts).toMatchObject({ failed: 1 });
    const edit = await place.run(
      "users",
      "create",
      "e@example.org",
      "email=e@example.org",
      "firstName=E",
      "lastName=E",
      "badge=1",
    );
    expect(edit.err).toMatch(/already used by [ab]1@example\.org/);
    // Once either of them gives it up, it is the other's alone.
    expect((await imported({ a1: "2", b1: "1" })).counts).toMatchObject({ failed: 0 });
    expect((await imported({ a1: "2", b1: "1", c1: "1" })).counts).toMatchObject({ failed: 1 });
    expect((await imported({ a1: "2", b1: "3", c1: "1" })).counts).toMatchObject({ failed: 0 });
    expect((await imported({ a1: "1", b1: "3", c1: "1" })).counts).toMatchObject({ failed: 1 });
  });
});

test("all problems of a person are kept, and since when", async () => {
  place = await Workplace.create("postgres");
  place.configure(`directories:
  corp:
    type: ldif
    path: ${place.folder}/corp.ldif
${SIMPLE_MAPPINGS}      locale: appuser.l
      timezone: appuser.st
`);
  place.file("corp.ldif", simplePerson("ada"));
  await place.run("import", "corp");
  const bad = ldifPerson("ada", { mail: "ada at home", sn: "Test", l: "german", st: "CET/Berlin" });
  place.file("corp.ldif", bad);
  await place.run("import", "corp", "--full");
  const { error } = (await ada()).appUsers[0] ?? { error: null };
  expect([error?.field, ...(error?.others ?? []).map((other) => other.field)]).toEqual(
    expect.arrayContaining(["email", "firstName", "locale", "login", "timezone"]),
  );
  type Group = { code: string; since: string; examples: { login: string; since: string }[] };
  const [before] = await place.json<Group[]>("users", "failing");
  expect(before).toMatchObject({
    code: "invalidLoginEmail",
    people: 1,
    examples: [{ login: "ada@example.org" }],
  });
  // The same failure goes on, although the entry changed.
  place.file("corp.ldif", bad.replace("german", "deutsch"));
  await place.run("import", "corp", "--full");
  const [after] = await place.json<Group[]>("users", "failing");
  expect(after?.since).toBe(before?.since);
});
