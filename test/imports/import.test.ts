/** Imports of LDIF directories through the commands, on both databases. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  DATABASES,
  simplePerson,
  SIMPLE_MAPPINGS,
  UPDATE_FAILED,
  Workplace,
  type RunDocument,
} from "../support/rollcall.ts";

describe.each(DATABASES)("import, %s", (kind) => {
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

  const many = (count: number): string =>
    Array.from({ length: count }, (_, i) => simplePerson(`p${i}`)).join("");

  // So many that they are read while those who are known as they are still come from the database.
  test.runIf(kind === "postgres")(
    "of many people, finds exactly who is new, changed or gone, wherever they stand",
    async () => {
      const COUNT = 21_000;
      const CHANGED = [0, 1, 700, 10_500, COUNT - 2];
      const GONE = [2, 9000, COUNT - 1];
      setup(many(COUNT));
      expect(await place.run("import", "corp")).toMatchObject({ status: 0 });
      const nothing = await place.json<RunDocument>("import", "corp");
      expect(nothing.counts).toMatchObject({ read: COUNT, unchanged: COUNT, updated: 0 });
      const people = Array.from({ length: COUNT }, (_, i) => {
        if (GONE.includes(i)) return "";
        return simplePerson(`p${i}`, CHANGED.includes(i) ? { title: "Changed" } : {});
      });
      place.file("people.ldif", [simplePerson("first"), ...people, simplePerson("last")].join(""));
      const { run, counts } = await place.json<RunDocument>("import", "corp");
      expect(counts).toMatchObject({
        created: 2,
        updated: CHANGED.length,
        removed: GONE.length,
        unchanged: COUNT - CHANGED.length - GONE.length,
      });
      const told = await place.json<{ people: { login: string }[] }>(
        "imports",
        "show",
        run,
        "--action",
        "updated",
      );
      expect(JSON.stringify(told)).toContain("p10500@example.org");
    },
  );

  test("creates users, and finds nothing new the second time", async () => {
    setup(simplePerson("ada", { title: "Countess" }) + simplePerson("bob"));
    const first = await place.json<RunDocument>("import", "corp");
    expect(first).toMatchObject({
      status: "done",
      type: "full",
      counts: { read: 2, created: 2, failed: 0 },
    });
    const users = await place.users();
    expect(users.get("ada@example.org")).toMatchObject({
      status: "active",
      profile: { login: "ada@example.org", firstName: "ada", lastName: "Test", title: "Countess" },
    });

    const second = await place.json<RunDocument>("import", "corp");
    expect(second.counts).toMatchObject({
      read: 2,
      created: 0,
      updated: 0,
      unchanged: 2,
      removed: 0,
    });
    const perPerson = await place.events(
      `transaction.id eq "${second.run}" and target.type eq "AppUser"`,
    );
    expect(perPerson).toEqual([]);
    expect((await place.users()).get("ada@example.org")?.id).toBe(users.get("ada@example.org")?.id);
  });

  test("updates what changed, and tells from what to what", async () => {
    setup(simplePerson("ada", { title: "Countess" }) + simplePerson("bob"));
    await place.run("import", "corp");
    setup(simplePerson("ada", { title: "Programmer" }) + simplePerson("bob"));
    const run = await place.json<RunDocument>("import", "corp");
    expect(run.counts).toMatchObject({ updated: 1, unchanged: 1 });
    const shown = await place.json<RunDocument>("imports", "show", run.run);
    expect(shown.changes?.[0]).toMatchObject({
      action: "updated",
      login: "ada@example.org",
      changes: [{ attribute: "title", from: "Countess", to: "Programmer", source: "corp" }],
    });
    const [event] = await place.events('eventType eq "user.account.update_profile"');
    expect(event?.debugContext.debugData).toMatchObject({ attributes: "title", sources: "corp" });
  });

  test("one bad entry harms only itself, keeps its profile, and is told once", async () => {
    setup(simplePerson("ada", { title: "Countess" }) + simplePerson("bob"));
    await place.run("import", "corp");
    setup(
      simplePerson("ada", { title: "Programmer", givenName: "" }) +
        simplePerson("bob", { title: "Builder" }),
    );
    const run = await place.json<RunDocument>("import", "corp");
    expect(run.counts).toMatchObject({ updated: 1, failed: 1 });
    const users = await place.users();
    expect(users.get("ada@example.org")?.profile).toMatchObject({
      title: "Countess",
      firstName: "ada",
    });
    expect(users.get("bob@example.org")?.profile).toMatchObject({ title: "Builder" });
    const shown = await place.json<{
      appUsers: { profile: Record<string, unknown>; error: unknown }[];
    }>("users", "show", "ada@example.org");
    expect(shown.appUsers[0]).toMatchObject({
      profile: { title: "Programmer" },
      error: {
        code: "platform.cvd.profile.property.constraint.violation.required",
        field: "firstName",
      },
    });

    const again = await place.json<RunDocument>("import", "corp");
    expect(again.counts).toMatchObject({ failed: 1, unchanged: 1, updated: 0 });
    const events = await place.events(UPDATE_FAILED);
    expect(events).toHaveLength(1);
    expect(events[0]?.debugContext.debugData).toMatchObject({
      AppName: "corp",
      ErrorField: "firstName",
    });

    setup(simplePerson("ada", { title: "Programmer" }) + simplePerson("bob", { title: "Builder" }));
    expect((await place.json<RunDocument>("import", "corp")).counts).toMatchObject({
      updated: 1,
      failed: 0,
    });
    expect((await place.users()).get("ada@example.org")?.profile["title"]).toBe("Programmer");
  });

  test("people who leave are deactivated, and come back as the same person", async () => {
    setup(simplePerson("ada") + simplePerson("bob"));
    await place.run("import", "corp");
    const id = (await place.users()).get("ada@example.org")?.id;
    setup(simplePerson("bob"));
    expect((await place.json<RunDocument>("import", "corp")).counts).toMatchObject({
      removed: 1,
      unchanged: 1,
    });
    expect((await place.users()).get("ada@example.org")).toMatchObject({
      status: "deprovisioned",
      profile: { firstName: "ada" },
    });
    expect(await place.events('eventType eq "user.lifecycle.deactivate"')).toHaveLength(1);

    setup(simplePerson("bob") + simplePerson("ada"));
    expect((await place.json<RunDocument>("import", "corp")).counts).toMatchObject({
      updated: 1,
      created: 0,
    });
    expect((await place.users()).get("ada@example.org")).toMatchObject({ id, status: "active" });
  });

  test.each([
    ["suspend", "suspended"],
    ["keep", "active"],
  ])("onRemoval: %s leaves them %s", async (onRemoval, status) => {
    setup(simplePerson("ada") + simplePerson("bob"), `    onRemoval: ${onRemoval}\n`);
    await place.run("import", "corp");
    setup(simplePerson("bob"), `    onRemoval: ${onRemoval}\n`);
    await place.run("import", "corp");
    expect((await place.users()).get("ada@example.org")?.status).toBe(status);
  });

  test("a renamed and moved entry stays the same person; a reused DN is another one", async () => {
    setup(simplePerson("ada"));
    await place.run("import", "corp");
    const id = (await place.users()).get("ada@example.org")?.id;
    const moved = simplePerson("ada", { sn: "King" }).replace(
      "uid=ada,ou=people",
      "uid=countess,ou=nobility",
    );
    const successor = simplePerson("bob").replace("uid=bob,", "uid=ada,");
    setup(moved + successor);
    await place.run("import", "corp");
    const users = await place.users();
    expect(users.get("ada@example.org")).toMatchObject({ id, profile: { lastName: "King" } });
    expect(users.get("bob@example.org")?.id).not.toBe(id);
  });

  test("a login is unique without regard to case, within one import and over time", async () => {
    setup(simplePerson("ada") + simplePerson("twin", { mail: "ADA@example.org" }));
    const run = await place.json<RunDocument>("import", "corp");
    expect(run.counts).toMatchObject({ created: 1, failed: 1 });
    const [event] = await place.events(UPDATE_FAILED);
    expect(event?.debugContext.debugData).toMatchObject({
      ErrorCode: "notUniqueWithinOrg",
      ErrorField: "login",
    });

    setup(
      simplePerson("ada", { mail: "countess@example.org" }) +
        simplePerson("twin", { mail: "ADA@example.org" }),
    );
    expect((await place.json<RunDocument>("import", "corp")).counts).toMatchObject({
      created: 1,
      updated: 1,
      failed: 0,
    });
    expect([...(await place.users()).keys()].toSorted()).toEqual([
      "ADA@example.org",
      "countess@example.org",
    ]);
  });

  test("two people swap their logins, and three pass theirs around", async () => {
    const names = ["a", "b", "c", "d", "e"];
    setup(names.map((name) => simplePerson(name)).join(""));
    await place.run("import", "corp");
    const before = await place.users();
    const next: Record<string, string> = { a: "b", b: "a", c: "d", d: "e", e: "c" };
    setup(names.map((name) => simplePerson(name, { mail: `${next[name]}@example.org` })).join(""));
    expect((await place.json<RunDocument>("import", "corp")).counts).toMatchObject({
      updated: 5,
      failed: 0,
    });
    const after = await place.users();
    for (const name of names) {
      expect(after.get(`${next[name]}@example.org`)?.id).toBe(
        before.get(`${name}@example.org`)?.id,
      );
    }
  });

  test("who fails gives up no login, so nobody else gets it", async () => {
    setup(simplePerson("a") + simplePerson("b") + simplePerson("keeper"));
    await place.run("import", "corp");
    // b wants the keeper's login and cannot have it, so b keeps its own, so a cannot have b's.
    setup(
      simplePerson("a", { mail: "b@example.org" }) +
        simplePerson("b", { mail: "keeper@example.org" }) +
        simplePerson("keeper"),
    );
    expect((await place.json<RunDocument>("import", "corp")).counts).toMatchObject({
      failed: 2,
      unchanged: 1,
    });
    expect([...(await place.users()).keys()].toSorted()).toEqual([
      "a@example.org",
      "b@example.org",
      "keeper@example.org",
    ]);
  });

  test("the safeguard holds a run with too many removals; approve applies it", async () => {
    setup(many(150));
    await place.run("import", "corp");
    setup(many(100) + simplePerson("new"));
    const { status, out } = await place.run("import", "corp", "--json");
    expect(status).toBe(3);
    const held = JSON.parse(out) as RunDocument;
    expect(held).toMatchObject({
      status: "held",
      held: { level: "directory", removals: 50, total: 150, percent: 33.3, limit: 20 },
    });
    expect((await place.users()).size).toBe(150);
    expect([...(await place.users()).values()].every((user) => user.status === "active")).toBe(
      true,
    );
    expect(await place.events('eventType eq "system.import.roadblock"')).toHaveLength(1);
    const shown = await place.json<RunDocument>("imports", "show", held.run, "--action", "removed");
    expect(shown.changes).toHaveLength(50);

    const approved = await place.json<RunDocument>("imports", "approve", held.run);
    expect(approved).toMatchObject({
      status: "done",
      counts: { created: 1, removed: 50, unchanged: 100 },
    });
    const statuses = [...(await place.users()).values()].map((user) => user.status);
    expect(statuses.filter((one) => one === "deprovisioned")).toHaveLength(50);
    expect(
      await place.events('eventType eq "system.import.roadblock.reschedule_and_resume"'),
    ).toHaveLength(1);
  });

  test("cancel drops a held run; a newer run takes the place of an older one", async () => {
    setup(many(120));
    await place.run("import", "corp");
    setup(many(10));
    const first = await place.json<RunDocument>("import", "corp");
    const second = await place.json<RunDocument>("import", "corp");
    expect(second.status).toBe("held");
    expect(await place.json<RunDocument>("imports", "show", first.run)).toMatchObject({
      status: "cancelled",
    });
    expect((await place.run("imports", "cancel", second.run)).status).toBe(0);
    expect((await place.run("imports", "approve", second.run)).status).toBe(1);
    setup(many(120));
    expect((await place.json<RunDocument>("import", "corp")).counts).toMatchObject({
      unchanged: 120,
      removed: 0,
    });
  });

  test("whoever was changed since the plan was made is left out of it, and named", async () => {
    setup(many(120));
    await place.run("import", "corp");
    setup(many(60).replace("givenName: p7\n", "givenName: Seven\n"));
    const held = await place.json<RunDocument>("import", "corp");
    expect(held.status).toBe("held");
    // A mapping changes and is applied: the users of the plan are not what they were.
    const config = (text: string): string =>
      text.replace("title: appuser.title", `title: "'Member'"`);
    place.configure(
      config(`
directories:
  corp:
    type: ldif
    path: ${place.folder}/people.ldif
${SIMPLE_MAPPINGS}`),
    );
    await place.run("force-sync", "corp");
    const approved = await place.json<RunDocument>("imports", "approve", held.run);
    expect(approved).toMatchObject({ status: "done", counts: { removed: 0, skipped: 61 } });
    const shown = await place.json<RunDocument>("imports", "show", held.run, "--limit", "100");
    const named = shown.changes?.map(({ action, reason }) => `${action} ${reason}`);
    expect(named).toEqual(Array.from({ length: 61 }, () => "skipped changedSince"));
    expect([...(await place.users()).values()].filter((user) => user.status !== "active")).toEqual(
      [],
    );
    // Nobody is forgotten: the next import decides about them again.
    const again = await place.json<RunDocument>("import", "corp");
    expect(again).toMatchObject({ status: "held", held: { removals: 60 } });
    expect(again.held).toMatchObject({ of: "removals" });
  });

  test("an empty directory that had people is held, however few they were", async () => {
    setup(simplePerson("ada"));
    await place.run("import", "corp");
    setup("dn: ou=people,dc=example,dc=org\nobjectClass: organizationalUnit\n");
    const { status } = await place.run("import", "corp");
    expect(status).toBe(3);
    expect((await place.users()).get("ada@example.org")?.status).toBe("active");
  });

  test("a dry run changes nothing, and says what the real run then does", async () => {
    setup(many(130));
    await place.run("import", "corp");
    setup(
      many(128).replace("givenName: p3\n", "givenName: Three\n").replace("givenName: p9\n", "") +
        simplePerson("new"),
    );
    const dry = await place.json<RunDocument>("import", "corp", "--dry-run");
    expect(dry).toMatchObject({
      dryRun: true,
      status: "done",
      counts: { created: 1, updated: 1, removed: 2, failed: 1 },
    });
    expect((await place.users()).has("new@example.org")).toBe(false);
    const planned = await place.json<RunDocument>("imports", "show", dry.run, "--limit", "1000");
    const real = await place.json<RunDocument>("import", "corp");
    expect(real.counts).toEqual(dry.counts);
    const done = await place.json<RunDocument>("imports", "show", real.run, "--limit", "1000");
    const facts = (run: RunDocument): unknown =>
      run.changes
        ?.filter((one) => one.action !== "created")
        .map(({ action, dn, login, changes, error }) => ({ action, dn, login, changes, error }));
    expect(facts(done)).toEqual(facts(planned));
    expect(planned.changes?.find((one) => one.action === "created")?.changes).toContainEqual({
      attribute: "firstName",
      from: null,
      to: "new",
      source: "corp",
    });
  });

  test("a changed mapping takes effect at the next full import and at a force sync", async () => {
    setup(simplePerson("ada", { title: "Countess" }));
    await place.run("import", "corp");
    const config = (title: string): void =>
      place.configure(`
directories:
  corp:
    type: ldif
    path: ${place.folder}/people.ldif
${SIMPLE_MAPPINGS.replace("appuser.title", title)}`);
    config("String.toUpperCase(appuser.title)");
    const preview = await place.json<{
      changed: number;
      attributes: Record<string, { people: number }>;
    }>("preview", "corp");
    expect(preview).toMatchObject({ changed: 1, attributes: { title: { people: 1 } } });
    expect((await place.json<RunDocument>("force-sync", "corp")).counts).toMatchObject({
      updated: 1,
    });
    expect((await place.users()).get("ada@example.org")?.profile["title"]).toBe("COUNTESS");
    config("String.toLowerCase(appuser.title)");
    expect((await place.json<RunDocument>("import", "corp")).counts).toMatchObject({ updated: 1 });
    expect((await place.users()).get("ada@example.org")?.profile["title"]).toBe("countess");
  });

  test("disabled accounts are deactivated, and reactivated when enabled again", async () => {
    const rule = "    users: { disabled: { attribute: employeeType, values: [disabled] } }\n";
    setup(simplePerson("ada") + simplePerson("bob"), rule);
    await place.run("import", "corp");
    setup(simplePerson("ada", { employeeType: "Disabled" }) + simplePerson("bob"), rule);
    await place.run("import", "corp");
    expect((await place.users()).get("ada@example.org")?.status).toBe("deprovisioned");
    setup(simplePerson("ada") + simplePerson("bob"), rule);
    await place.run("import", "corp");
    expect((await place.users()).get("ada@example.org")?.status).toBe("active");
  });

  test("a force sync that would take access away from too many is held, too", async () => {
    const disabled = "    users: { disabled: { attribute: employeeType, values: [gone] } }\n";
    const people = Array.from({ length: 150 }, (_, i) =>
      simplePerson(`p${i}`, { employeeType: "gone" }),
    ).join("");
    setup(people, `${disabled}    onRemoval: keep\n`);
    await place.run("import", "corp");
    setup(people, `${disabled}    onRemoval: deactivate\n`);
    const { status, out } = await place.run("force-sync", "corp", "--json");
    expect(status).toBe(3);
    expect(JSON.parse(out)).toMatchObject({ status: "held", held: { removals: 150 } });
    expect([...(await place.users()).values()].every((user) => user.status === "active")).toBe(
      true,
    );
    expect((await place.run("import", "corp")).status).toBe(3);
  });
});
