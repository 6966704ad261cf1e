/** Entries that are not as they should be: every one is kept, or rejected with a code. */
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  DATABASES,
  simplePerson,
  SIMPLE_MAPPINGS,
  UPDATE_FAILED,
  Workplace,
  type RunDocument,
} from "../support/rollcall.ts";

describe.each(DATABASES)("odd entries, %s", (kind) => {
  let place: Workplace;

  beforeEach(async () => {
    place = await Workplace.create(kind);
  });
  afterEach(() => place.remove());

  function setup(people: string, more = ""): void {
    place.file("people.ldif", people);
    place.configure(`
directories:
  corp:
    type: ldif
    path: ${place.folder}/people.ldif
${more}${SIMPLE_MAPPINGS}`);
  }

  test("attributes named as members of objects are what the entry says", async () => {
    setup(simplePerson("ada", { constructor: "hello", toString: ["a", "b"] }));
    await place.run("import", "corp", "--full");
    const shown = await place.json<{ appUsers: { profile: object }[] }>(
      "users",
      "show",
      "ada@example.org",
    );
    const kept = Object.entries(shown.appUsers[0]?.profile ?? {});
    expect(kept).toContainEqual(["constructor", "hello"]);
    expect(kept).toContainEqual(["toString", ["a", "b"]]);
  });

  test("a file that may have been cut off says so, and takes nobody for gone by itself", async () => {
    const [ada, bob] = [simplePerson("ada"), simplePerson("bob")];
    setup(ada + bob);
    await place.run("import", "corp", "--full");
    setup(`${ada.trimEnd()}\ntitle: Director of`);
    const { out } = await place.run("import", "corp", "--full");
    expect(out).toContain("The last line of the file has no end");
    const [run] = await place.json<RunDocument[]>("imports", "list", "--status", "held");
    expect(run).toMatchObject({ held: { of: "people read" }, counts: { removed: 1 } });
    expect((await place.users()).get("bob@example.org")?.status).toBe("active");
  });

  test("NUL, invalid UTF-8, big and many values are kept; a mapping that needs one fails for that person", async () => {
    const nul = Buffer.from("a\0b").toString("base64");
    const latin1 = Buffer.from([0x4d, 0xfc]).toString("base64");
    const big = "x".repeat(10 * 1024 * 1024);
    const values = Array.from({ length: 5000 }, (_, i) => `value ${i}`);
    setup(
      `${simplePerson("ada").trimEnd()}\ndescription:: ${nul}\nl:: ${latin1}\njpegPhoto:: ${latin1}\n\n` +
        `${simplePerson("bad").trimEnd()}\ntitle:: ${latin1}\n\n` +
        simplePerson("big", { description: big }) +
        simplePerson("many", { description: values }),
    );
    const run = await place.json<RunDocument>("import", "corp");
    expect(run.counts).toMatchObject({ created: 3, failed: 1 });
    const profileOf = async (login: string): Promise<Record<string, unknown> | undefined> =>
      (
        await place.json<{ appUsers: { profile: Record<string, unknown> }[] }>(
          "users",
          "show",
          login,
        )
      ).appUsers[0]?.profile;
    expect(await profileOf("ada@example.org")).toMatchObject({
      description: { base64: nul },
      l: { base64: latin1 },
      jpegPhoto: latin1,
    });
    expect((await profileOf("many@example.org"))?.["description"]).toEqual(values);
    expect((await profileOf("big@example.org"))?.["description"]).toHaveLength(big.length);
    const [failed] = await place.events(UPDATE_FAILED);
    expect(failed?.debugContext.debugData).toMatchObject({ ErrorField: "title" });
    const { out } = await place.run("users", "failing");
    expect(out).toMatch(/entry\.notText[^]*saved as UTF-8/);
  });

  test("computers are no people with the default filter, though Active Directory makes them users", async () => {
    const computer = simplePerson("pc1", {
      objectClass: ["user", "computer"],
      sAMAccountName: "PC1$",
    });
    setup(simplePerson("ada") + computer);
    expect(await place.json<RunDocument>("import", "corp", "--full")).toMatchObject({
      counts: { read: 1, created: 1, failed: 0 },
    });
    expect([...(await place.users()).keys()]).toEqual(["ada@example.org"]);
  });

  test.each(["[TRUE]", "[true]", "['TRUE']"])(
    "%s as the value that tells leavers is the text that directories write",
    async (values) => {
      const people =
        simplePerson("ada", { nsAccountLock: "TRUE" }) +
        simplePerson("bob", { nsAccountLock: "FALSE" });
      setup(
        people,
        `    users: { disabled: { attribute: nsAccountLock, values: ${values} } }\n    onRemoval: deactivate\n`,
      );
      await place.run("import", "corp", "--full");
      const users = await place.users();
      expect(users.get("ada@example.org")?.status).toBe("deprovisioned");
      expect(users.get("bob@example.org")?.status).toBe("active");
    },
  );

  test("photos and credentials are left out and told, unless they are asked for by name", async () => {
    const photo = Buffer.alloc(9000, 7).toString("base64");
    const people = `${simplePerson("ada").trimEnd()}\njpegPhoto:: ${photo}\noathSecret: abc\n\n`;
    setup(people);
    const run = await place.json<RunDocument>("import", "corp");
    expect(run).toMatchObject({ evidence: { leftOut: ["jpegphoto", "oathsecret"] } });
    expect((await place.run("imports", "show", run.run)).out).toContain("jpegphoto, oathsecret");
    expect((await place.run("check")).out).toContain("left out");
    expect((await place.run("users", "export", "--app-profiles")).out).not.toMatch(
      /jpegPhoto|oath/,
    );
    setup(people, '    users: { attributes: ["*", jpegPhoto] }\n');
    await place.run("import", "corp", "--full");
    const { out } = await place.run("users", "export", "--app-profiles");
    expect(out.includes(photo)).toBe(true);
    expect(out.includes("oath")).toBe(false);
  });

  test("entries without an identifier fail, and nobody is removed for them", async () => {
    setup(simplePerson("ada") + simplePerson("bob"));
    await place.run("import", "corp");
    setup(simplePerson("ada").replace(/entryUUID.*\n/, "") + simplePerson("bob"));
    const run = await place.json<RunDocument>("import", "corp");
    expect(run.counts).toMatchObject({ read: 2, failed: 1, removed: 0, unchanged: 1 });
    expect((await place.users()).get("ada@example.org")?.status).toBe("active");
  });

  test("two entries with one identifier: neither is taken, both are reported", async () => {
    setup(simplePerson("ada") + simplePerson("ada", { mail: "other@example.org" }));
    const run = await place.json<RunDocument>("import", "corp");
    expect(run.counts).toMatchObject({ read: 2, created: 0, failed: 2 });
    const [event] = await place.events(UPDATE_FAILED);
    expect(event?.debugContext.debugData).toMatchObject({ ErrorCode: "entry.duplicateId" });
  });

  test("an entry without identifier at the place of somebody who was seen is not that person", async () => {
    setup(simplePerson("ada") + simplePerson("bob"));
    await place.run("import", "corp");
    const moved = simplePerson("ada", { title: "Countess" }).replace("uid=ada,", "uid=moved,");
    const stranger = simplePerson("ada").replace(/entryUUID.*\n/, "");
    for (const people of [moved + stranger, stranger + moved]) {
      setup(people + simplePerson("bob"));
      const run = await place.json<RunDocument>("import", "corp");
      expect(run).toMatchObject({ status: "done", counts: { failed: 1, removed: 0 } });
    }
    const shown = await place.json<{ appUsers: unknown[] }>("users", "show", "ada@example.org");
    expect(shown.appUsers).toMatchObject([
      { dn: expect.stringContaining("uid=moved") as string, error: null },
    ]);
    // Both imports met the same failure; it was told once.
    expect(await place.events(UPDATE_FAILED)).toHaveLength(1);
  });

  test("an account that was deleted and made anew is the same user, never without access", async () => {
    const matching = "    matching: [{ user: login, app: appuser.mail, onMatch: link }]\n";
    const configure = (people: string): void => {
      place.file("people.ldif", people);
      place.configure(`
directories:
  corp:
    type: ldif
    path: ${place.folder}/people.ldif
${matching}${SIMPLE_MAPPINGS}`);
    };
    configure(simplePerson("ada") + simplePerson("bob"));
    await place.run("import", "corp");
    const id = (await place.users()).get("ada@example.org")?.id;
    configure(
      simplePerson("ada2", { mail: "ada@example.org", title: "Again" }) + simplePerson("bob"),
    );
    const run = await place.json<RunDocument>("import", "corp");
    expect(run.counts).toMatchObject({ updated: 1, removed: 1, failed: 0 });
    expect((await place.users()).get("ada@example.org")).toMatchObject({
      id,
      status: "active",
      profile: { title: "Again" },
    });
    expect((await place.json<RunDocument>("import", "corp")).counts).toMatchObject({
      unchanged: 2,
      removed: 0,
    });
    // As long as both entries are there, the second one is refused.
    configure(
      simplePerson("ada2", { mail: "ada@example.org" }) +
        simplePerson("ada3", { mail: "ada@example.org" }) +
        simplePerson("bob"),
    );
    expect((await place.json<RunDocument>("import", "corp")).counts).toMatchObject({
      failed: 1,
      removed: 0,
    });
  });

  test("a very long identifier is rejected with a code", async () => {
    setup(
      simplePerson("ada") +
        simplePerson("bob").replace("entryUUID: bob", `entryUUID: ${"b".repeat(9000)}`),
    );
    expect((await place.json<RunDocument>("import", "corp")).counts).toMatchObject({
      created: 1,
      failed: 1,
    });
    const [event] = await place.events(UPDATE_FAILED);
    expect(event?.debugContext.debugData).toMatchObject({ ErrorCode: "entry.idTooLong" });
  });
});

test("a value that the database refuses fails that person only, and the directory goes on", async () => {
  const place = await Workplace.create("postgres");
  const people = ["ada", "bob", "cyd", "dan", "eve"];
  place.configure(`
directories:
  corp:
    type: ldif
    path: ${place.file("people.ldif", people.map((name) => simplePerson(name)).join(""))}
${SIMPLE_MAPPINGS}`);
  await place.run("migrate");
  const client = new Client({ connectionString: place.databaseUrl ?? "" });
  await client.connect();
  await client.query("alter table users add constraint planted check (login <> 'cyd@example.org')");
  const run = await place.json<RunDocument>("import", "corp");
  expect(run).toMatchObject({ status: "done", counts: { created: 4, failed: 1 } });
  const [event] = await place.events(UPDATE_FAILED);
  expect(event?.debugContext.debugData).toMatchObject({ ErrorCode: "entry.unstorable" });
  await client.query("alter table users drop constraint planted");
  await client.end();
  expect((await place.json<RunDocument>("import", "corp")).counts).toMatchObject({
    created: 1,
    unchanged: 4,
  });
  place.remove();
});

test("people who leave two directories at once are deactivated in the end", async () => {
  const place = await Workplace.create("postgres");
  const names = Array.from({ length: 300 }, (_, i) => `p${i}`);
  const configure = (left: number): void => {
    const file = (name: string): string =>
      place.file(
        `${name}.ldif`,
        names
          .slice(left)
          .map((one) => simplePerson(one, { title: name }))
          .join(""),
      );
    const directory = (name: string): string => `
  ${name}:
    type: ldif
    path: ${file(name)}
    importSafeguard: off
    matching: [{ user: login, app: appuser.mail, onMatch: link }]
${SIMPLE_MAPPINGS}`;
    place.configure(`importSafeguard: off\ndirectories:${directory("corp")}${directory("hr")}`);
  };
  configure(0);
  await place.run("import", "corp");
  await place.run("import", "hr");
  configure(250);
  await Promise.all([place.run("import", "corp"), place.run("import", "hr")]);
  // Whoever met the other import half-way is decided again.
  await place.run("import", "corp");
  await place.run("import", "hr");
  const statuses = [...(await place.users()).values()].map((user) => user.status);
  expect(statuses.filter((status) => status === "deprovisioned")).toHaveLength(250);
  place.remove();
});
