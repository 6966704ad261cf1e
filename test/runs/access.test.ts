/** Who has access and which values, whatever came in each other's way: leavers, runs at once, failures, previews. */
import { readFileSync, writeFileSync } from "node:fs";
import type { Client } from "pg";
import { afterEach, describe, expect, test } from "vitest";
import { query } from "../imports/faults/world.ts";
import { connect, somethingWaits } from "../support/locks.ts";
import {
  SIMPLE_MAPPINGS,
  simplePerson,
  type Workplace,
  type RunDocument,
} from "../support/rollcall.ts";
import {
  BADGE_MAPPING,
  CorpAndHr,
  DISABLED,
  inCorp,
  inHr,
  type CorpAndHrOptions,
  type ShownUser,
} from "../support/corp-and-hr.ts";

let both: CorpAndHr;
let place: Workplace;
afterEach(() => place.remove());

async function start(options: CorpAndHrOptions, corp: string, hr = ""): Promise<void> {
  both = await CorpAndHr.start(options, corp, hr);
  ({ place } = both);
}
const show = (name: string): Promise<ShownUser> => both.show(name);
const full = (name: string): Promise<RunDocument> => both.full(name);
const statusOf = async (name: string): Promise<string> => (await show(name)).status;

/** Runs a command that waits in the middle of its applying, for the lock of a user. */
async function whileApplying<T>(
  login: string,
  command: () => Promise<T>,
  meanwhile: (client: Client) => Promise<void>,
): Promise<T> {
  const client = await connect(place);
  await client.query("begin");
  await client.query("select 1 from users where login = $1 for update", [`${login}@example.org`]);
  const running = command();
  await somethingWaits(place);
  await meanwhile(client);
  await client.query("commit");
  await client.end();
  return await running;
}

const touch = async (client: Client): Promise<void> => {
  await client.query("update users set version = version + 1 where login = 'ada@example.org'");
};

describe("what another directory said meanwhile counts", () => {
  test("when a held run is released", async () => {
    await start(
      { guard: "{ count: 0 }" },
      inCorp("ada", { title: "Corp" }) + inCorp("bob"),
      inHr("ada", { title: "HrOld" }),
    );
    place.file("corp.ldif", inCorp("bob"));
    const held = await full("corp");
    expect(held.status).toBe("held");
    await both.files({ hr: inHr("ada", { title: "HrNew" }) });
    expect((await place.json<RunDocument>("imports", "approve", held.run)).counts).toMatchObject({
      removed: 1,
    });
    await full("hr");
    expect((await show("ada")).profile["title"]).toBe("HrNew");
  });

  test("when two imports run at once", async () => {
    // Users are locked in the order of their identifiers; the first one is who waits.
    await start({ profile: "sources: [corp, hr], fallback: true" }, inCorp("zed", { title: "a" }));
    await both.files({
      corp: inCorp("zed", { title: "a" }) + inCorp("ada", { title: "Corp" }),
      hr: inHr("ada", { title: "HrOld" }),
    });
    place.file("corp.ldif", inCorp("zed", { title: "b" }) + inCorp("ada"));
    await whileApplying(
      "zed",
      () => full("corp"),
      () => both.files({ hr: inHr("ada", { title: "HrNew" }) }),
    );
    await full("hr");
    expect((await show("ada")).profile["title"]).toBe("HrNew");
  });

  test("and who is not concerned fails for nothing", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `p${i}`);
    const all = (make: typeof inCorp, title: string): string =>
      names.map((name) => make(name, { title })).join("");
    await start({}, inCorp("zed"));
    await both.files({ corp: inCorp("zed") + all(inCorp, "a"), hr: all(inHr, "a") });
    place.file("corp.ldif", inCorp("zed", { title: "b" }) + all(inCorp, "b"));
    const run = await whileApplying(
      "zed",
      () => full("corp"),
      () => both.files({ hr: all(inHr, "b") }),
    );
    expect(run.counts).toMatchObject({ updated: 21, failed: 0 });
  });

  test("but values that nobody maps keep no run from being put back", async () => {
    await start({}, inCorp("ada", { title: "Corp" }) + inCorp("bob"), inHr("ada"));
    place.file("corp.ldif", inCorp("ada", { title: "Wrong" }) + inCorp("bob"));
    const wrong = await full("corp");
    await both.files({ hr: inHr("ada", { carLicense: "A 1" }) });
    await place.run("imports", "revert", wrong.run);
    expect((await show("ada")).profile["title"]).toBe("Corp");
  });
});

describe("what fails takes or gives no access", () => {
  test("a link that was not cut", async () => {
    await start({}, inCorp("ada") + inCorp("bob"));
    const { status } = await whileApplying(
      "ada",
      () => place.run("users", "unlink", "ada@example.org", "corp"),
      touch,
    );
    expect(status).toBe(1);
    expect(await show("ada")).toMatchObject({
      status: "active",
      appUsers: [{ directory: "corp", status: "active" }],
    });
  });

  test("a run that was not put back", async () => {
    await start({ corp: DISABLED }, inCorp("ada", { l: "gone" }) + inCorp("bob"));
    place.file("corp.ldif", inCorp("ada", { l: "gone" }) + inCorp("bob"));
    await both.files({ corp: inCorp("ada") + inCorp("bob") });
    await both.files({ corp: inCorp("ada", { l: "gone" }) + inCorp("bob") });
    place.file("corp.ldif", inCorp("ada") + inCorp("bob"));
    const run = await full("corp");
    expect(await statusOf("ada")).toBe("active");
    await whileApplying("ada", () => place.run("imports", "revert", run.run), touch);
    expect(await statusOf("ada")).toBe("active");
  });

  test("a change that was decided before somebody gave access", async () => {
    await start({}, inCorp("ada", { title: "Old" }) + inCorp("bob"));
    await place.run("users", "suspend", "ada@example.org");
    place.file("corp.ldif", inCorp("ada", { title: "New" }) + inCorp("bob"));
    const run = await whileApplying(
      "ada",
      () => full("corp"),
      async (client) => {
        await client.query(
          "update users set status = 'active', status_by = null, version = version + 1 where login = 'ada@example.org'",
        );
      },
    );
    expect(run.counts).toMatchObject({ failed: 1 });
    expect(await statusOf("ada")).toBe("active");
    await full("corp");
    expect(await show("ada")).toMatchObject({ status: "active", profile: { title: "New" } });
  });

  test("a link that could not be made again", async () => {
    await start(
      { profile: "sources: [hr, corp]" },
      inCorp("ada") + inCorp("bob"),
      inHr("ada", { mail: "lady@example.org" }),
    );
    const cut = await place.json<RunDocument>("users", "unlink", "lady@example.org", "hr");
    await place.run(
      "users",
      "create",
      "lady@example.org",
      "email=lady@example.org",
      "firstName=L",
      "lastName=L",
    );
    const back = await place.json<RunDocument>("imports", "revert", cut.run);
    expect(back.counts).toMatchObject({ failed: 1 });
    expect(
      await query(
        place,
        "select user_id, link->>'how' as how from app_users where directory = 'hr'",
      ),
    ).toEqual([{ user_id: null, how: "unlinked" }]);
  });
});

describe("whoever arrives gets access back, also where the update fails", () => {
  test("for a login that somebody else has", async () => {
    await start({}, inCorp("ada") + inCorp("bob"));
    await both.files({ corp: inCorp("bob") });
    expect(await statusOf("ada")).toBe("deprovisioned");
    place.file("hr.ldif", inHr("ada", { mail: "bob@example.org" }));
    expect((await full("hr")).counts).toMatchObject({ failed: 1 });
    expect(await statusOf("ada")).toBe("active");
    await both.files({ hr: inHr("ada") });
    expect(await statusOf("ada")).toBe("active");
  });

  test("linked by hand", async () => {
    await start({}, inCorp("ada") + inCorp("bob"));
    await both.files({
      corp: inCorp("bob"),
      hr: simplePerson("lady", { mail: "bob@example.org" }),
    });
    await place.run("users", "link", "ada@example.org", "hr", "lady");
    await both.files({ hr: simplePerson("lady", { mail: "lady@example.org" }) });
    expect(await statusOf("lady")).toBe("active");
  });
});

test("of two directories that are no source, the one that is left decides", async () => {
  both = await CorpAndHr.create();
  ({ place } = both);
  const file = (name: string): string =>
    `    type: ldif\n    path: ${place.folder}/${name}.ldif\n    importSafeguard: off\n`;
  place.configure(`directories:
  corp:
${file("corp")}${DISABLED}${SIMPLE_MAPPINGS}
  phones:
${file("phones")}    onNoMatch: ignore
    matching: [{ user: login, app: appuser.mail, onMatch: link }]
${SIMPLE_MAPPINGS}
profile: { sources: [] }
`);
  const [ada, bob] = [simplePerson("ada"), simplePerson("bob")];
  await both.files({ corp: ada + bob, phones: ada + bob });
  await both.files({ corp: simplePerson("ada", { l: "gone" }) + bob });
  expect(await statusOf("ada")).toBe("active");
  await both.files({ phones: bob });
  expect(await statusOf("ada")).toBe("deprovisioned");
});

test("a directory that comes back into the configuration lets no leaver in", async () => {
  await start({ profile: "sources: [hr, corp]" }, inCorp("ada") + inCorp("bob"), inHr("ada"));
  await both.files({ hr: inHr("ada", { l: "gone" }) });
  await both.files({ hr: inHr("bob") });
  expect(await statusOf("ada")).toBe("deprovisioned");
  const text = readFileSync(place.config, "utf8");
  writeFileSync(
    place.config,
    text.replace(/ {2}corp:[\s\S]*?(?= {2}hr:)/, "").replace("[hr, corp]", "[hr]"),
  );
  await place.run("force-sync", "corp");
  writeFileSync(place.config, text);
  await full("corp");
  expect(await show("ada")).toMatchObject({
    status: "deprovisioned",
    appUsers: [{ directory: "corp", status: "active" }, {}],
  });
});

test("whoever was not there when the directory came back arrives later", async () => {
  await start(
    { profile: "sources: [hr, corp]" },
    inCorp("ada") + inCorp("bob"),
    inHr("ada") + inHr("bob"),
  );
  const text = readFileSync(place.config, "utf8");
  writeFileSync(
    place.config,
    text.replace(/ {2}hr:[\s\S]*?(?=profile:)/, "").replace("[hr, corp]", "[corp]"),
  );
  await place.run("force-sync", "hr");
  writeFileSync(place.config, text);
  await both.files({ hr: inHr("bob") });
  await both.files({ corp: inCorp("bob") });
  expect(await statusOf("ada")).toBe("deprovisioned");
  await both.files({ hr: inHr("ada") + inHr("bob") });
  expect(await statusOf("ada")).toBe("active");
});

describe("the safeguard", () => {
  const BADGE = {
    mappings: BADGE_MAPPING,
    profile: "sources: [corp, hr], attributes: { badge: { unique: true } }",
  };
  const many = (more: Record<string, string>): string =>
    Array.from({ length: 60 }, (_, i) => inCorp(`p${i}`, more)).join("");

  test("counts who fails because others have the value", async () => {
    await start({ ...BADGE, guard: "{ failures: 10, minimum: 10 }" }, many({}));
    place.file("corp.ldif", many({ employeeNumber: "0" }));
    const run = await full("corp");
    expect(run).toMatchObject({ status: "held", counts: { failed: 59 } });
    expect((await show("p0")).profile["badge"]).toBeUndefined();
  });

  test("counts whoever is disabled, also where the update fails", async () => {
    const unique = { ...BADGE, guard: "{ count: 0 }" };
    await start(unique, inCorp("ada") + inCorp("bob", { employeeNumber: "1" }), inHr("ada"));
    place.file("hr.ldif", inHr("ada", { l: "gone", employeeNumber: "1" }));
    both.configure({
      ...unique,
      profile: unique.profile.replace("attributes:", "overrides: { badge: [hr] }, attributes:"),
    });
    expect(await full("hr")).toMatchObject({ status: "held", counts: { failed: 1 } });
  });
});

describe("in one run", () => {
  test("a leaver's next source gives a login that somebody gives up, in a dry run and in the real one", async () => {
    await start(
      {},
      inCorp("ada") + inCorp("bob", { mail: "shared@example.org" }),
      inHr("ada", { mail: "shared@example.org" }),
    );
    place.file("corp.ldif", inCorp("bob", { mail: "bob2@example.org" }));
    const dry = await place.json<RunDocument>("import", "corp", "--full", "--dry-run");
    const shown = (await place.run("imports", "show", dry.run)).out.split("\n").slice(3);
    const run = await full("corp");
    expect(run.counts).toEqual(dry.counts);
    expect([...(await place.users()).keys()].toSorted()).toEqual([
      "bob2@example.org",
      "shared@example.org",
    ]);
    expect(shown.join("\n")).toContain("shared@example.org");
  });
});

describe("a preview tells what a run does", () => {
  test("with access", async () => {
    await start(
      { profile: "sources: [corp, hr]" },
      inCorp("ada") + inCorp("bob"),
      inHr("ada", { l: "gone" }),
    );
    both.configure({ profile: "sources: [hr, corp]" });
    const preview = await place.json<{ changed: number; attributes: Record<string, unknown> }>(
      "preview",
      "hr",
    );
    expect(preview).toMatchObject({
      changed: 1,
      attributes: { status: { people: 1, examples: [{ from: "active", to: "deprovisioned" }] } },
    });
    expect((await place.json<RunDocument>("force-sync", "hr", "--dry-run")).counts).toMatchObject({
      updated: 1,
    });
  });

  test("with unique values", async () => {
    await start(
      {
        mappings: BADGE_MAPPING,
        profile: "sources: [corp, hr], attributes: { badge: { unique: true } }",
      },
      inCorp("ada", { employeeNumber: "a1" }),
    );
    place.file(
      "corp.ldif",
      ["ada", "bob", "cyd", "dan"]
        .map((name, i) => inCorp(name, { employeeNumber: ["a1", "A1", "b2", "b2"][i] ?? "" }))
        .join(""),
    );
    expect(await place.json("preview", "corp", "--live")).toMatchObject({
      created: 1,
      failed: 2,
      problems: { notUniqueWithinOrg: { people: 2 } },
    });
    expect(
      (await place.json<RunDocument>("import", "corp", "--full", "--dry-run")).counts,
    ).toMatchObject({ created: 1, failed: 2 });
  });
});

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
    const badge = { mappings: BADGE_MAPPING };
    const people = inCorp("ada", { employeeNumber: "1" }) + inCorp("bob", { employeeNumber: "1" });
    await start({ ...badge, profile: "attributes: { badge: {} }" }, people, "");
    both.configure({ ...badge, profile: "attributes: { badge: { unique: true } }" });
    expect((await place.run("users", "suspend", "ada@example.org")).status).toBe(0);
    expect((await place.run("users", "suspend", "bob@example.org")).status).toBe(0);
    await place.run("users", "unsuspend", "ada@example.org");
    await place.run("users", "unsuspend", "bob@example.org");
    place.file("corp.ldif", inCorp("zoe", { employeeNumber: "2" }));
    expect((await full("corp")).counts).toMatchObject({ removed: 2, failed: 0, created: 1 });
    expect((await show("bob")).status).toBe("deprovisioned");
  });
});
