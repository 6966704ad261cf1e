/** Who has access and which values after things came in each other's way. Each case was wrong once. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";
import { afterEach, describe, expect, test } from "vitest";
import { MAIN } from "../support/import-until.ts";
import { SIMPLE_MAPPINGS, simplePerson, Workplace, type RunDocument } from "../support/rollcall.ts";

interface Shown {
  readonly status: string;
  readonly profile: Readonly<Record<string, unknown>>;
  readonly sources: Readonly<Record<string, string>>;
  readonly appUsers: readonly {
    readonly directory: string;
    readonly status: string;
    readonly error: unknown;
  }[];
}

interface Options {
  readonly profile?: string;
  readonly corp?: string;
  readonly hr?: string;
  readonly mappings?: string;
  readonly guard?: string;
}

let place: Workplace;
afterEach(() => place.remove());

const show = (name: string): Promise<Shown> =>
  place.json<Shown>("users", "show", `${name}@example.org`);
const statusOf = async (name: string): Promise<string> => (await show(name)).status;
const full = (name: string): Promise<RunDocument> =>
  place.json<RunDocument>("import", name, "--full");

const DISABLED = "    users: { disabled: { attribute: l, values: [gone] } }\n";

function configure({
  profile = "sources: [corp, hr]",
  corp = "",
  hr = DISABLED,
  mappings = "",
  guard = "off",
}: Options): void {
  const file = (name: string): string =>
    `    type: ldif\n    path: ${place.folder}/${name}.ldif\n    importSafeguard: ${guard}\n`;
  place.configure(`directories:
  corp:
${file("corp")}${corp}${SIMPLE_MAPPINGS}${mappings}
  hr:
${file("hr")}    onNoMatch: ignore
    matching: [{ user: lastName, app: appuser.employeeType }]
${hr}${SIMPLE_MAPPINGS}${mappings}
profile: { ${profile} }
`);
}

async function start(options: Options, corp: string, hr = ""): Promise<void> {
  place = await Workplace.create("postgres");
  configure(options);
  await files({ corp, hr });
}

async function files(content: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(content)) {
    place.file(`${name}.ldif`, text);
    await full(name);
  }
}

const inHr = (name: string, more: Record<string, string> = {}): string =>
  simplePerson(name, { employeeType: `Test ${name}`, sn: `Test ${name}`, ...more });
const inCorp = (name: string, more: Record<string, string> = {}): string =>
  simplePerson(name, { sn: `Test ${name}`, ...more });

async function connect(): Promise<Client> {
  const client = new Client({ connectionString: place.databaseUrl ?? "" });
  await client.connect();
  return client;
}

async function query(text: string): Promise<Record<string, unknown>[]> {
  const client = await connect();
  try {
    return (await client.query(text)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

/** Something waits for a lock of another session. */
const WAITS =
  "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";

async function until(text: string): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if ((await query(text)).length > 0) return;
    await pause(25);
  }
  throw new Error(`never: ${text}`);
}

/** Runs a command that waits in the middle of its applying, for the lock of a user. */
async function whileApplying<T>(
  login: string,
  command: () => Promise<T>,
  meanwhile: (client: Client) => Promise<void>,
): Promise<T> {
  const client = await connect();
  await client.query("begin");
  await client.query("select 1 from users where login = $1 for update", [`${login}@example.org`]);
  const running = command();
  await until(WAITS);
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
    await files({ hr: inHr("ada", { title: "HrNew" }) });
    expect((await place.json<RunDocument>("imports", "approve", held.run)).counts).toMatchObject({
      removed: 1,
    });
    await full("hr");
    expect((await show("ada")).profile["title"]).toBe("HrNew");
  });

  test("when two imports run at once", async () => {
    // Users are locked in the order of their identifiers; the first one is who waits.
    await start({ profile: "sources: [corp, hr], fallback: true" }, inCorp("zed", { title: "a" }));
    await files({
      corp: inCorp("zed", { title: "a" }) + inCorp("ada", { title: "Corp" }),
      hr: inHr("ada", { title: "HrOld" }),
    });
    place.file("corp.ldif", inCorp("zed", { title: "b" }) + inCorp("ada"));
    await whileApplying(
      "zed",
      () => full("corp"),
      () => files({ hr: inHr("ada", { title: "HrNew" }) }),
    );
    await full("hr");
    expect((await show("ada")).profile["title"]).toBe("HrNew");
  });

  test("and who is not concerned fails for nothing", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `p${i}`);
    const all = (make: typeof inCorp, title: string): string =>
      names.map((name) => make(name, { title })).join("");
    await start({}, inCorp("zed"));
    await files({ corp: inCorp("zed") + all(inCorp, "a"), hr: all(inHr, "a") });
    place.file("corp.ldif", inCorp("zed", { title: "b" }) + all(inCorp, "b"));
    const run = await whileApplying(
      "zed",
      () => full("corp"),
      () => files({ hr: all(inHr, "b") }),
    );
    expect(run.counts).toMatchObject({ updated: 21, failed: 0 });
  });

  test("but values that nobody maps keep no run from being put back", async () => {
    await start({}, inCorp("ada", { title: "Corp" }) + inCorp("bob"), inHr("ada"));
    place.file("corp.ldif", inCorp("ada", { title: "Wrong" }) + inCorp("bob"));
    const wrong = await full("corp");
    await files({ hr: inHr("ada", { carLicense: "A 1" }) });
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
    await files({ corp: inCorp("ada") + inCorp("bob") });
    await files({ corp: inCorp("ada", { l: "gone" }) + inCorp("bob") });
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
      await query("select user_id, link->>'how' as how from app_users where directory = 'hr'"),
    ).toEqual([{ user_id: null, how: "unlinked" }]);
  });
});

describe("whoever arrives gets access back, also where the update fails", () => {
  test("for a login that somebody else has", async () => {
    await start({}, inCorp("ada") + inCorp("bob"));
    await files({ corp: inCorp("bob") });
    expect(await statusOf("ada")).toBe("deprovisioned");
    place.file("hr.ldif", inHr("ada", { mail: "bob@example.org" }));
    expect((await full("hr")).counts).toMatchObject({ failed: 1 });
    expect(await statusOf("ada")).toBe("active");
    await files({ hr: inHr("ada") });
    expect(await statusOf("ada")).toBe("active");
  });

  test("linked by hand", async () => {
    await start({}, inCorp("ada") + inCorp("bob"));
    await files({ corp: inCorp("bob"), hr: simplePerson("lady", { mail: "bob@example.org" }) });
    await place.run("users", "link", "ada@example.org", "hr", "lady");
    await files({ hr: simplePerson("lady", { mail: "lady@example.org" }) });
    expect(await statusOf("lady")).toBe("active");
  });
});

test("of two directories that are no source, the one that is left decides", async () => {
  place = await Workplace.create("postgres");
  const file = (name: string): string =>
    `    type: ldif\n    path: ${place.folder}/${name}.ldif\n    importSafeguard: off\n`;
  place.configure(`directories:
  corp:
${file("corp")}${DISABLED}${SIMPLE_MAPPINGS}
  phones:
${file("phones")}    onNoMatch: ignore
    matching: [{ user: login, app: appuser.mail }]
${SIMPLE_MAPPINGS}
profile: { sources: [] }
`);
  const [ada, bob] = [simplePerson("ada"), simplePerson("bob")];
  await files({ corp: ada + bob, phones: ada + bob });
  await files({ corp: simplePerson("ada", { l: "gone" }) + bob });
  expect(await statusOf("ada")).toBe("active");
  await files({ phones: bob });
  expect(await statusOf("ada")).toBe("deprovisioned");
});

test("a directory that comes back into the configuration lets no leaver in", async () => {
  await start({ profile: "sources: [hr, corp]" }, inCorp("ada") + inCorp("bob"), inHr("ada"));
  await files({ hr: inHr("ada", { l: "gone" }) });
  await files({ hr: inHr("bob") });
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
  await files({ hr: inHr("bob") });
  await files({ corp: inCorp("bob") });
  expect(await statusOf("ada")).toBe("deprovisioned");
  await files({ hr: inHr("ada") + inHr("bob") });
  expect(await statusOf("ada")).toBe("active");
});

describe("the safeguard", () => {
  const BADGE = {
    mappings: "      badge: appuser.employeeNumber\n",
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
    configure({
      ...unique,
      profile: unique.profile.replace("attributes:", "overrides: { badge: [hr] }, attributes:"),
    });
    expect(await full("hr")).toMatchObject({ status: "held", counts: { failed: 1 } });
  });

  test("keeps a link that somebody wants cut until it is decided", async () => {
    await start({ guard: "{ count: 0 }" }, inCorp("ada") + inCorp("bob"));
    const cut = await place.json<RunDocument>("users", "unlink", "ada@example.org", "corp");
    expect(cut.status).toBe("held");
    await full("corp");
    expect(await place.json("imports", "show", cut.run)).toMatchObject({ status: "held" });
  });
});

test("an interrupted import is finished before somebody is ignored", async () => {
  await start({ corp: "    onNoMatch: ignore\n" }, inCorp("eve"));
  configure({});
  const client = await connect();
  await client.query("begin");
  await client.query(
    "insert into users (id, login, login_key, status, profile, sources, version) values (gen_random_uuid(), 'eve@example.org', 'eve@example.org', 'active', '{}', '{}', 1)",
  );
  const child = spawn(
    process.execPath,
    [MAIN, "import", "corp", "--full", "--config", place.config],
    { stdio: "ignore" },
  );
  await until(WAITS);
  child.kill("SIGKILL");
  await once(child, "close");
  await client.query("rollback");
  await client.end();
  const ignored = await place.run("imports", "ignore", "corp", "eve");
  expect(ignored).toMatchObject({
    status: 1,
    err: expect.stringContaining("users unlink") as string,
  });
  expect(await query("select link->>'how' as how from app_users")).toEqual([{ how: "created" }]);
});

test("a link that is made again is not set aside, also of somebody from before links had an origin", async () => {
  await start({}, inCorp("ada") + inCorp("bob"));
  await query("update app_users set link = null");
  const cut = await place.json<RunDocument>("users", "unlink", "ada@example.org", "corp");
  await place.run("imports", "revert", cut.run);
  await files({ corp: inCorp("bob") });
  await place.run("users", "delete", "ada@example.org");
  await files({ corp: inCorp("ada") + inCorp("bob") });
  expect(await statusOf("ada")).toBe("active");
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

  test("a unique value is put back that somebody else gives up", async () => {
    const unique = {
      mappings: "      badge: appuser.employeeNumber\n",
      profile: "sources: [hr, corp], attributes: { badge: { unique: true } }",
    };
    await start(
      unique,
      inCorp("ada", { employeeNumber: "1" }) + inCorp("bob", { employeeNumber: "2" }),
      inHr("bob", { employeeNumber: "2" }),
    );
    place.file(
      "hr.ldif",
      inHr("ada", { employeeNumber: "9" }) + inHr("bob", { employeeNumber: "1" }),
    );
    const run = await full("hr");
    const badges = async (): Promise<unknown[]> => [
      (await show("ada")).profile["badge"],
      (await show("bob")).profile["badge"],
    ];
    expect(await badges()).toEqual(["9", "1"]);
    const back = await place.json<RunDocument>("imports", "revert", run.run);
    expect(back.counts).toMatchObject({ updated: 2, failed: 0 });
    expect(await badges()).toEqual(["1", "2"]);
  });
});

test.each(["ABC", "ΟΔΟΣ", "İX"])("of two at once, one gets the unique value %s", async (value) => {
  await start(
    { profile: "sources: [corp, hr], attributes: { badge: { unique: true } }" },
    inCorp("ada") + inCorp("bob"),
  );
  const client = await connect();
  await client.query("begin");
  await client.query(
    "update users set profile = profile || jsonb_build_object('badge', $1::text), version = version + 1 where login = 'bob@example.org'",
    [value],
  );
  await client.query(
    "insert into unique_values select 'badge', lower($1), id from users where login = 'bob@example.org'",
    [value],
  );
  const running = place.run("users", "set", "ada@example.org", `badge=${value}`);
  await until(WAITS);
  await client.query("commit");
  await client.end();
  expect((await running).status).toBe(1);
  expect((await show("ada")).profile["badge"]).toBeUndefined();
});

describe("a preview tells what a run does", () => {
  test("with access", async () => {
    await start(
      { profile: "sources: [corp, hr]" },
      inCorp("ada") + inCorp("bob"),
      inHr("ada", { l: "gone" }),
    );
    configure({ profile: "sources: [hr, corp]" });
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
        mappings: "      badge: appuser.employeeNumber\n",
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

test.each([false, true])(
  "a source that fills in new users only leaves a lost source's value, fallback %s",
  async (fallback) => {
    const once = "      nickName: { expression: appuser.title, apply: create }\n";
    await start(
      { mappings: once, profile: `sources: [corp, hr], fallback: ${String(fallback)}` },
      inCorp("ada", { title: "Countess" }) + inCorp("bob"),
      inHr("ada", { title: "Dr" }),
    );
    await files({ corp: inCorp("bob") });
    const { profile, sources } = await show("ada");
    expect([profile["nickName"], sources["nickName"]]).toEqual(["Countess", "okta"]);
  },
);
