/** Identity sources: people whom a program brings over HTTP, as Okta's clients do it. */
import { Client } from "@okta/okta-sdk-nodejs";
import fc from "fast-check";
import { Client as Postgres } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SYSTEM_ACTOR } from "../../src/model/event.ts";
import { Secret } from "../../src/model/secret.ts";
import { engineOf } from "../../src/engine/open.ts";
import { compileSettings } from "../../src/engine/compile-settings.ts";
import { loadSettings } from "../../src/config/load.ts";
import { beginSession, bringPeople, startSession } from "../../src/runs/source-sessions.ts";
import { openStore, transact } from "../../src/store/database.ts";
import { broughtEntries, takeUpWaiting } from "../../src/store/source-entries.ts";
import { client, serveApi, tokenFor, type ServedApi } from "../support/api.ts";
import { query } from "../support/postgres.ts";
import { DATABASES, Workplace, type RunDocument } from "../support/rollcall.ts";

/** Until the daemon has imported what was brought. */
const PATIENCE = { timeout: 60_000 };
const CONFIGURATION = `directories:\n  hr:\n    type: identity-source\n`;

interface SessionDocument {
  readonly id: string;
  readonly status: string;
}
type Ask = ReturnType<typeof client>;

let place: Workplace;
let api: ServedApi;
let ask: Ask;

async function begin(configuration = CONFIGURATION, kind: "postgres" | "embedded" = "postgres") {
  place = await Workplace.create(kind);
  place.configure(configuration);
  api = await serveApi(place);
  ask = client(api.url, await tokenFor(place, "source"));
}

const SESSIONS = "/api/v1/identity-sources/hr/sessions";

async function session(): Promise<string> {
  const { status, body } = await ask("POST", SESSIONS);
  expect(status, JSON.stringify(body)).toBe(201);
  return (body as SessionDocument).id;
}

function person(name: string, more: Record<string, unknown> = {}) {
  const mail = `${name}@example.org`;
  const own = { userName: mail, email: mail, firstName: name, lastName: "Test" };
  return { externalId: name, profile: { ...own, ...more } };
}

async function upload(id: string, what: string, profiles: readonly unknown[]): Promise<void> {
  const answer = await ask("POST", `${SESSIONS}/${id}/${what}`, { entityType: "USERS", profiles });
  expect(answer.status, JSON.stringify(answer.body)).toBe(202);
}

async function statusOf(id: string): Promise<string> {
  return ((await ask("GET", `${SESSIONS}/${id}`)).body as SessionDocument).status;
}

/** Starts the import of a session, and waits until it has come to people. */
async function start(id: string): Promise<void> {
  const { status, body } = await ask("POST", `${SESSIONS}/${id}/start-import`);
  expect(status, JSON.stringify(body)).toBe(200);
  await expect.poll(() => statusOf(id), PATIENCE).toBe("COMPLETED");
}

async function bring(...profiles: readonly unknown[]): Promise<void> {
  const id = await session();
  await upload(id, "bulk-upsert", profiles);
  await start(id);
}

const BY = {
  actor: SYSTEM_ACTOR,
  signal: new AbortController().signal,
  progress: () => undefined,
  note: () => undefined,
};

/** The database beside the daemon. */
async function opened() {
  const store = await openStore({ url: new Secret(place.databaseUrl ?? ""), directory: "" });
  const settings = loadSettings(place.config, {});
  return { store, engine: engineOf(settings, compileSettings(settings), store) };
}

async function rowsOf(statement: string): Promise<unknown[]> {
  const database = new Postgres({ connectionString: place.databaseUrl ?? "" });
  await database.connect();
  const { rows } = await database.query(statement);
  await database.end();
  return rows;
}

/** The same directory, read from a file of these people. */
function readFromFile(...names: readonly string[]): void {
  const rows = names.map((name) => `${name},${name}@example.org,${name}\n`);
  const file = place.file("hr.csv", `id,mail,first\n${rows.join("")}`);
  const mappings =
    "login: appuser.mail, email: appuser.mail, firstName: appuser.first, lastName: appuser.first";
  place.configure(
    `directories:\n  hr:\n    type: csv\n    path: ${file}\n    users: { id: id }\n    toOkta: { ${mappings} }\n`,
  );
}

/** The import that waits for a decision. */
async function held(): Promise<RunDocument | undefined> {
  const runs = await place.json<RunDocument[]>("imports", "list");
  return runs.find((run) => run.status === "held");
}

/** A source of twenty people, of whom a session takes ten away, which is held. */
async function tenOfTwentyLeave() {
  await begin(`${CONFIGURATION}    importSafeguard: { percent: 20, minimum: 5 }\n`);
  const everybody = Array.from({ length: 20 }, (_, i) => person(`p${i}`));
  await bring(...everybody);
  const leaving = everybody.slice(0, 10);
  const id = await session();
  const ids = leaving.map(({ externalId }) => ({ externalId }));
  await upload(id, "bulk-delete", ids);
  await ask("POST", `${SESSIONS}/${id}/start-import`);
  await expect.poll(held, PATIENCE).toBeDefined();
  return { id, leaving };
}

/** What a request is refused with. */
async function refusal(method: string, path: string, body?: unknown): Promise<string> {
  const answer = await ask(method, path, body);
  const { errorCode, errorSummary, errorCauses } = answer.body as {
    errorCode: string;
    errorSummary: string;
    errorCauses: { errorSummary: string }[];
  };
  const causes = errorCauses.map((cause) => cause.errorSummary).join(" ");
  return `${answer.status} ${errorCode} ${errorSummary}: ${causes}`;
}

describe.each(DATABASES)("on %s", (kind) => {
  beforeEach(async () => await begin(CONFIGURATION, kind));
  afterEach(async () => {
    await api.stop();
    place.remove();
  });

  test("Okta's own SDK brings people, changes them and takes them away", async () => {
    const token = await tokenFor(place, "source", "SDK");
    const okta = new Client({ orgUrl: api.url, token, cacheMiddleware: null });
    const sources = okta.identitySourceApi;
    const source = { identitySourceId: "hr" };
    const begun = async (): Promise<{ identitySourceId: string; sessionId: string }> => {
      const made = await sources.createIdentitySourceSession(source);
      return { ...source, sessionId: (made as unknown as SessionDocument).id };
    };
    const done = async (of: { identitySourceId: string; sessionId: string }): Promise<void> => {
      const started = await sources.startImportFromIdentitySource(of);
      expect(started.status).toBe("TRIGGERED");
      const status = async () => (await sources.getIdentitySourceSession(of)).status;
      await expect.poll(status, PATIENCE).toBe("COMPLETED");
    };
    const first = await begun();
    await sources.uploadIdentitySourceDataForUpsert({
      ...first,
      BulkUpsertRequestBody: {
        entityType: "USERS",
        profiles: [person("ada", { mobilePhone: "+49 30 1" }), person("bob")],
      },
    });
    await done(first);
    const users = await place.users();
    expect(users.get("ada@example.org")).toMatchObject({
      status: "active",
      profile: { firstName: "ada", lastName: "Test", mobilePhone: "+49 30 1" },
    });
    const second = await begun();
    await sources.uploadIdentitySourceDataForDelete({
      ...second,
      BulkDeleteRequestBody: {
        entityType: "USERS",
        profiles: [{ externalId: "bob" }, { externalId: "never there" }],
      },
    });
    await done(second);
    expect((await place.users()).get("bob@example.org")).toMatchObject({ status: "deprovisioned" });
    expect((await place.users()).get("ada@example.org")).toMatchObject({ status: "active" });
    // The first import has nothing to go on from; later ones read what was brought since.
    const runs = await place.json<RunDocument[]>("imports", "list");
    expect(runs.map(({ type, status }) => [type, status])).toContainEqual(["incremental", "done"]);
    const told = await place.events('eventType sw "system.import.session"');
    expect(told.map(({ eventType }) => eventType.split(".").at(-1))).toEqual([
      "created",
      "triggered",
      "created",
      "triggered",
    ]);
    const uploads = await place.events('eventType sw "system.identity_sources"');
    expect(uploads.map(({ debugContext }) => debugContext.debugData)).toMatchObject([
      { people: 2 },
      { people: 2 },
    ]);
  });

  test("what is not named stays, null takes it away, and whoever comes back is somebody new", async () => {
    await bring(person("ada", { mobilePhone: "1", homeAddress: "Main Street" }));
    await bring({ externalId: "ada", profile: { lastName: "King", homeAddress: null } });
    const after = (await place.users()).get("ada@example.org");
    expect(after?.profile).toMatchObject({ firstName: "ada", lastName: "King", mobilePhone: "1" });
    expect(after?.profile["streetAddress"]).toBeUndefined();
    const id = await session();
    await upload(id, "bulk-delete", [{ externalId: "ada" }]);
    await upload(id, "bulk-upsert", [person("ada")]);
    await start(id);
    const back = (await place.users()).get("ada@example.org");
    expect(back).toMatchObject({ status: "active", profile: { lastName: "Test" } });
    expect(back?.profile["mobilePhone"]).toBeUndefined();
  });
});

describe("a session", () => {
  beforeEach(async () => await begin());
  afterEach(async () => {
    await api.stop();
    place.remove();
  });

  test("changes nobody until its import is started, and nobody at all if it is dropped", async () => {
    const id = await session();
    expect(await statusOf(id)).toBe("CREATED");
    await upload(id, "bulk-upsert", [person("ada")]);
    expect(await statusOf(id)).toBe("IN_PROGRESS");
    expect((await ask("GET", SESSIONS)).body).toMatchObject([{ id, identitySourceId: "hr" }]);
    expect((await ask("DELETE", `${SESSIONS}/${id}`)).status).toBe(204);
    expect(await statusOf(id)).toBe("CLOSED");
    expect((await ask("GET", SESSIONS)).body).toEqual([]);
    await bring(person("bob"));
    expect([...(await place.users()).keys()]).toEqual(["bob@example.org"]);
  });

  test("is not begun twice, started empty, gone on with when it ended, or had by another source", async () => {
    const id = await session();
    expect(await refusal("POST", SESSIONS)).toContain("400 E0000001");
    expect(await refusal("POST", `${SESSIONS}/${id}/start-import`)).toMatch(
      /^400 E0000001 .*importSessionId: Nothing was brought/,
    );
    await upload(id, "bulk-upsert", [person("ada")]);
    await start(id);
    const again = { profiles: [person("eve")] };
    for (const [method, path, body] of [
      ["POST", "/bulk-upsert", again],
      ["POST", "/start-import", undefined],
      ["DELETE", "", undefined],
    ] as const)
      expect(await refusal(method, `${SESSIONS}/${id}${path}`, body), path).toMatch(
        /^400 E0000001 .*COMPLETED/,
      );
    expect(await refusal("GET", `${SESSIONS}/none`)).toContain("404 E0000007");
    expect(await refusal("GET", "/api/v1/identity-sources/nobody/sessions")).toContain(
      "404 E0000007",
    );
    expect(await refusal("POST", "/api/v1/identity-sources/hr/groups", {})).toContain("501");
  });

  test.each<[string, unknown, RegExp]>([
    ["a value that is no text", [person("eve", { age: 7 })], /profiles\[0\]\.profile\.age: a text/],
    ["a name that is none", [person("eve", { "a b": "x" })], /an attribute's name is a letter/],
    ["nobody's id", [{ profile: {} }], /profiles\[0\]\.externalId/],
    ["an id that is too long", [{ ...person("eve"), externalId: "x".repeat(513) }], /1 to 512/],
    ["NUL in a text", [person("eve", { title: "a\0b" })], /profile\.title: a text/],
    ["no profile", [{ externalId: "eve" }], /profiles\[0\]\.profile: an object/],
    ["nobody", [], /a list of 1 to 200 people/],
    ["too many", Array.from({ length: 201 }, (_, i) => person(`p${i}`)), /1 to 200/],
    ["too much", [person("eve", { title: "x".repeat(210_000) })], /at most 200 KB/],
    ["something else than a list", { a: 1 }, /a list of 1 to 200/],
  ])("takes nothing of a request with %s, and says where it is wrong", async (_, wrong, told) => {
    const id = await session();
    const profiles =
      Array.isArray(wrong) && wrong.length > 0 && wrong.length < 200
        ? [...(wrong as unknown[]), person("good")]
        : wrong;
    expect(await refusal("POST", `${SESSIONS}/${id}/bulk-upsert`, { profiles })).toMatch(told);
    expect(await statusOf(id)).toBe("CREATED");
  });

  test("takes 50 requests, and says what to do with the rest", async () => {
    const id = await session();
    for (let i = 0; i < 50; i++) await upload(id, "bulk-upsert", [person(`p${i}`)]);
    const path = `${SESSIONS}/${id}/bulk-upsert`;
    expect(await refusal("POST", path, { profiles: [person("p50")] })).toMatch(
      /had its 50 requests; start its import/,
    );
    await start(id);
    expect((await place.users()).size).toBe(50);
  });

  test("expires when nobody goes on with it for a day, and is not started any more", async () => {
    const id = await session();
    await upload(id, "bulk-upsert", [person("ada")]);
    const old = "update identity_source_sessions set updated_at = now() - interval '25 hours'";
    await query(place.databaseUrl ?? "", old);
    expect(await statusOf(id)).toBe("EXPIRED");
    for (const step of ["bulk-upsert", "start-import"])
      expect(
        await refusal("POST", `${SESSIONS}/${id}/${step}`, { profiles: [person("bob")] }),
      ).toMatch(/^400 .* is EXPIRED/);
    await session();
    expect(await statusOf(id)).toBe("EXPIRED");
    expect(await place.events('eventType eq "system.import.session.expired"')).toHaveLength(1);
  });

  test("may not be open in dozens", async () => {
    for (let i = 0; i < 10; i++) await upload(await session(), "bulk-upsert", [person(`p${i}`)]);
    expect(await refusal("POST", SESSIONS)).toContain("has 10 open sessions already");
  });

  test("takes no credentials, and says so", async () => {
    const id = await session();
    const profiles = [person("ada", { password: "hunter2", nickName: "countess" })];
    const answer = await ask("POST", `${SESSIONS}/${id}/bulk-upsert`, { profiles });
    expect(answer.headers.get("warning")).toContain("Credentials are not kept: password.");
    const kept = await rowsOf("select profile::text from identity_source_uploads");
    expect(JSON.stringify(kept)).toContain("countess");
    expect(JSON.stringify(kept)).not.toContain("hunter2");
  });

  test("knows an attribute in any spelling, and takes no list without a value for one", async () => {
    await bring(person("ada", { mobilePhone: "1", secondEmail: ["a@x.org"] }));
    await bring({ externalId: "ada", profile: { MOBILEPHONE: "2", secondEmail: [] } });
    const ada = (await place.users()).get("ada@example.org");
    expect(ada?.profile).toMatchObject({ mobilePhone: "2" });
    expect(ada?.profile["secondEmail"]).toBeUndefined();
    const id = await session();
    const twice = [person("eve", { nickName: "a", NickName: "b" })];
    expect(await refusal("POST", `${SESSIONS}/${id}/bulk-upsert`, { profiles: twice })).toContain(
      "twice, in two spellings",
    );
  });

  test("is not found by a text that is no id, and takes no bytes that are no text", async () => {
    for (const odd of ["%00", "x%00y", "a".repeat(3000)]) {
      const answer = await ask("GET", `${SESSIONS}/${odd}`);
      expect([400, 404, 405], `${odd}: ${answer.status}`).toContain(answer.status);
    }
    const id = await session();
    const body = Buffer.from('{"profiles":[{"externalId":"M\u00fcller","profile":{}}]}', "latin1");
    const token = await tokenFor(place, "source", "raw");
    for (const path of [`${SESSIONS}/${id}/bulk-upsert`, "/api/rollcall/v1/runs"]) {
      const response = await fetch(api.url + path, {
        method: "POST",
        headers: { authorization: `SSWS ${token}`, "content-type": "application/json" },
        body,
      });
      expect(response.status, path).toBe(400);
      expect(await response.text()).toContain("UTF-8");
    }
  });

  test("that is started while others read changes nothing of what they read", async () => {
    await bring(person("ada"), person("bob"));
    await api.stop();
    const one = await opened();
    const { id } = await beginSession(one.engine, "hr", BY);
    const moved = { ...person("new"), profile: person("bob").profile };
    const name = { source: "hr", id };
    await bringPeople(
      one.engine,
      name,
      { what: "bulk_delete", people: [{ externalId: "bob", profile: null }] },
      BY,
    );
    await bringPeople(one.engine, name, { what: "bulk_upsert", people: [moved] }, BY);
    const entries = broughtEntries(one.store.db, "hr");
    const before = await entries.page(null, null);
    await startSession(one.engine, "hr", id, BY);
    expect(await entries.page(null, null)).toEqual(before);
    await transact(one.store, (trx) => takeUpWaiting(trx, "hr"));
    expect((await entries.page(null, null)).map(({ externalId }) => externalId)).toEqual([
      "ada",
      "new",
    ]);
    await one.store[Symbol.asyncDispose]();
    api = await serveApi(place);
  });

  test("is not lost with a daemon that ends before its import: the next one does it", async () => {
    const id = await session();
    await upload(id, "bulk-upsert", [person("ada")]);
    await ask("POST", `${SESSIONS}/${id}/start-import`);
    await api.stop();
    api = await serveApi(place);
    ask = client(api.url, await tokenFor(place, "source", "again"));
    await expect.poll(() => statusOf(id), PATIENCE).toBe("COMPLETED");
    expect([...(await place.users()).keys()]).toEqual(["ada@example.org"]);
  });
});

test("somebody who has left loses access, however the attribute is spelled that says so", async () => {
  await begin(`${CONFIGURATION}    users: { disabled: { attribute: state, values: [left] } }\n`);
  await bring(person("ada", { State: "active" }), person("bob", { state: "active" }));
  await bring(
    { externalId: "ada", profile: { state: "left" } },
    { externalId: "bob", profile: { STATE: "left" } },
  );
  const statuses = [...(await place.users()).values()].map(({ status }) => status);
  expect(statuses).toEqual(["deprovisioned", "deprovisioned"]);
  await api.stop();
  place.remove();
});

test("what was brought is forgotten where people are read from something else, and nobody is taken for gone", async () => {
  await begin();
  await bring(person("ada"), person("bob"), person("cyd"));
  await api.stop();
  readFromFile("ada", "cyd");
  expect(await place.run("import", "hr")).toMatchObject({ status: 0 });
  const statusOfBob = async () => (await place.users()).get("bob@example.org")?.status;
  expect(await statusOfBob()).toBe("deprovisioned");
  expect(await rowsOf("select 1 from identity_source_entries")).toEqual([]);
  place.configure(CONFIGURATION);
  // Nothing is known yet of who is in it, and nobody is shown as held or gone.
  const nothing = await place.run("import", "hr");
  expect(nothing.out).toContain("source.empty");
  api = await serveApi(place);
  ask = client(api.url, await tokenFor(place, "source", "after"));
  await bring(person("ada"), person("cyd"));
  expect(await statusOfBob()).toBe("deprovisioned");
  expect((await place.users()).get("ada@example.org")?.status).toBe("active");
  await api.stop();
  place.remove();
});

test("what a dry run took up is imported all the same", async () => {
  await begin();
  await bring(person("ada"));
  const id = await session();
  await upload(id, "bulk-upsert", [person("bob")]);
  await api.stop();
  const { store, engine } = await opened();
  await startSession(engine, "hr", id, BY);
  await store[Symbol.asyncDispose]();
  const dry = await place.json<RunDocument>("import", "hr", "--dry-run");
  expect(dry).toMatchObject({ status: "done", counts: { created: 1 } });
  api = await serveApi(place);
  ask = client(api.url, await tokenFor(place, "source", "after"));
  await expect.poll(() => statusOf(id), PATIENCE).toBe("COMPLETED");
  expect([...(await place.users()).keys()]).toEqual(["ada@example.org", "bob@example.org"]);
  // The same while the daemon listens: whoever of the two is first.
  const next = await session();
  await upload(next, "bulk-upsert", [person("cyd")]);
  await Promise.all([
    ask("POST", `${SESSIONS}/${next}/start-import`),
    place.run("import", "hr", "--dry-run"),
  ]);
  await place.run("import", "hr", "--dry-run");
  await expect.poll(() => statusOf(next), PATIENCE).toBe("COMPLETED");
  await api.stop();
  place.remove();
});

test("a dry run of another type forgets nothing; and who was not brought to a source that began anew is not gone", async () => {
  await begin();
  await bring(person("ada"), person("bob"), person("cyd"));
  await api.stop();
  readFromFile("ada", "bob", "cyd");
  expect(await place.run("import", "hr", "--dry-run")).toMatchObject({ status: 0 });
  expect(await rowsOf("select 1 from identity_source_entries")).toHaveLength(3);
  expect(await place.run("import", "hr")).toMatchObject({ status: 0 });
  expect(await rowsOf("select 1 from identity_source_entries")).toEqual([]);
  place.configure(CONFIGURATION);
  const { store, engine } = await opened();
  const { id } = await beginSession(engine, "hr", BY);
  const people = [person("ada")];
  await bringPeople(engine, { source: "hr", id }, { what: "bulk_upsert", people }, BY);
  await startSession(engine, "hr", id, BY);
  await store[Symbol.asyncDispose]();
  const run = await place.json<RunDocument>("import", "hr");
  expect(run).toMatchObject({ status: "held", type: "full" });
  expect(JSON.stringify(run.held)).toContain("whether everybody was brought");
  const statuses = [...(await place.users()).values()].map(({ status }) => status);
  expect(statuses).toEqual(["active", "active", "active"]);
  place.remove();
});

test("whoever was brought back while an import was held loses nothing by its approval", async () => {
  const { leaving } = await tenOfTwentyLeave();
  const back = await session();
  await upload(back, "bulk-upsert", leaving.slice(0, 9));
  await ask("POST", `${SESSIONS}/${back}/start-import`);
  const approved = await place.json<RunDocument>("imports", "approve", (await held())?.run ?? "");
  expect(approved).toMatchObject({ status: "done", counts: { removed: 1 } });
  await expect.poll(() => statusOf(back), PATIENCE).toBe("COMPLETED");
  const active = [...(await place.users()).values()].filter(({ status }) => status === "active");
  expect(active).toHaveLength(19);
  await api.stop();
  place.remove();
});

test("a source whose last people left long ago is known to be empty", async () => {
  await begin(`directories:\n  hr:\n    type: identity-source\n    importSafeguard: off\n`);
  await bring(person("ada"), person("bob"));
  const id = await session();
  await upload(id, "bulk-delete", [{ externalId: "ada" }]);
  await start(id);
  await api.stop();
  await query(
    place.databaseUrl ?? "",
    "update identity_source_entries set changed_at = now() - interval '31 days', profile = null",
  );
  const run = await place.json<RunDocument>("import", "hr", "--full");
  expect(run.error).toBeNull();
  place.remove();
});

test("a session that expired keeps nobody from being forgotten", async () => {
  await begin();
  await bring(person("ada"), person("bob"));
  const gone = await session();
  await upload(gone, "bulk-delete", [{ externalId: "ada" }]);
  await start(gone);
  await upload(await session(), "bulk-upsert", [person("ada")]);
  const old =
    "update identity_source_sessions set updated_at = now() - interval '2 days' where status = 'IN_PROGRESS'";
  await query(place.databaseUrl ?? "", old);
  expect(await place.run("users", "forget", "ada@example.org")).toMatchObject({ status: 0 });
  expect(await place.run("import", "hr")).toMatchObject({ status: 0 });
  expect(await rowsOf("select 1 from identity_source_uploads")).toEqual([]);
  await api.stop();
  place.remove();
});

test("whoever is brought again is not forgotten", async () => {
  await begin();
  await bring(person("ada"), person("bob"));
  const gone = await session();
  await upload(gone, "bulk-delete", [{ externalId: "ada" }]);
  await start(gone);
  const again = await session();
  await upload(again, "bulk-upsert", [person("ada")]);
  const forgotten = await place.run("users", "forget", "ada@example.org");
  expect(forgotten.err).toContain("was brought to hr again");
  await start(again);
  expect((await place.users()).get("ada@example.org")?.status).toBe("active");
  await api.stop();
  place.remove();
});

test("a page has as many people as may be held at once", async () => {
  place = await Workplace.create("postgres");
  place.configure(CONFIGURATION);
  const { store } = await opened();
  const large = JSON.stringify({ text: "x".repeat(1_500_000) });
  await query(
    place.databaseUrl ?? "",
    `insert into identity_source_entries (directory, external_id, profile, position)
     select 'hr', 'p' || i, '${large}'::jsonb, 1 from generate_series(1, 9) i`,
  );
  const entries = broughtEntries(store.db, "hr");
  const pages: string[][] = [];
  for (let after: string | null = null; ;) {
    const page = await entries.page(after, null);
    if (page.length === 0) break;
    pages.push(page.map(({ externalId }) => externalId));
    after = page.at(-1)?.externalId ?? null;
  }
  expect(pages.map((page) => page.length)).toEqual([3, 3, 3]);
  expect(pages.flat()).toEqual(Array.from({ length: 9 }, (_, i) => `p${i + 1}`));
  expect(await entries.page(null, ["p7", "p2", "nobody"])).toHaveLength(2);
  await store[Symbol.asyncDispose]();
  place.remove();
});

test("who would lose access by a session waits for a decision, as with every import", async () => {
  const { id } = await tenOfTwentyLeave();
  expect(await held()).toMatchObject({ counts: { removed: 10 } });
  expect(await statusOf(id)).toBe("TRIGGERED");
  expect([...(await place.users()).values()].every(({ status }) => status === "active")).toBe(true);
  expect(await place.run("imports", "approve", (await held())?.run ?? "")).toMatchObject({
    status: 0,
  });
  await expect.poll(() => statusOf(id), PATIENCE).toBe("COMPLETED");
  const active = [...(await place.users()).values()].filter(({ status }) => status === "active");
  expect(active).toHaveLength(10);
  await api.stop();
  place.remove();
});

test("a token of the role source brings people and sees nothing; a viewer brings nobody", async () => {
  await begin();
  for (const path of ["/api/v1/users", "/api/v1/logs", "/api/rollcall/v1/runs"])
    expect((await ask("GET", path)).status, path).toBe(403);
  const viewer = client(api.url, await tokenFor(place, "viewer"));
  expect((await viewer("POST", SESSIONS)).status).toBe(403);
  await api.stop();
  place.remove();
});

test("a token that is for one source reaches no other, by no route", async () => {
  await begin("directories:\n  hr:\n    type: identity-source\n  it:\n    type: identity-source\n");
  const asked = ["tokens", "create", "it-feed", "--role", "source", "--source", "it"];
  const made = await place.json<{ token: string; sources: string[] }>(...asked);
  expect(made.sources).toEqual(["it"]);
  const id = await session();
  const own = client(api.url, made.token);
  const routes: [string, string][] = [
    ["GET", ""],
    ["POST", ""],
    ["GET", `/${id}`],
    ["DELETE", `/${id}`],
    ["POST", `/${id}/bulk-upsert`],
    ["POST", `/${id}/bulk-delete`],
    ["POST", `/${id}/start-import`],
  ];
  for (const [method, path] of routes) {
    const profiles = [{ externalId: "ada" }];
    const body = path.includes("bulk") ? { entityType: "USERS", profiles } : undefined;
    const { status, body: answer } = await own(method, SESSIONS + path, body);
    expect(status, `${method} ${path}`).toBe(403);
    expect(answer).toMatchObject({ errorCode: "E0000006" });
  }
  // Not even by another spelling, and not whether there is such a source.
  expect((await own("POST", SESSIONS.replace("hr", "%68r"))).status).toBe(403);
  expect((await own("POST", SESSIONS.replace("hr", "none"))).status).toBe(403);
  expect(await statusOf(id)).toBe("CREATED");
  expect((await own("POST", SESSIONS.replace("/hr/", "/it/"))).status).toBe(201);
  expect((await place.run("tokens")).out).toContain("source of it");
  const create = ["tokens", "create", "x"];
  for (const [wrong, why] of [
    [["--role", "source", "--source", "nowhere"], "There is no directory nowhere"],
    [["--role", "admin", "--source", "it"], "that is the role source"],
  ] as const) {
    const { status, err } = await place.run(...create, ...wrong);
    expect(status).not.toBe(0);
    expect(err).toContain(why);
  }
  await api.stop();
  place.remove();
});

test("nobody signs in as a program, and who is forgotten is forgotten among what was brought", async () => {
  await begin();
  const link = await place.run("admin", "sign-in", "--role", "source");
  expect(link).toMatchObject({ status: 2 });
  expect(link.err).toContain('Nobody signs in as "source"; the role is viewer,');
  await bring(person("ada"), person("bob"));
  const id = await session();
  await upload(id, "bulk-delete", [{ externalId: "ada" }]);
  await start(id);
  expect(await place.run("users", "forget", "ada@example.org")).toMatchObject({
    status: 0,
  });
  const left = await rowsOf("select external_id from identity_source_entries");
  expect(left).toEqual([{ external_id: "bob" }]);
  await api.stop();
  place.remove();
});

test("that nobody was brought yet is no fault of a new source", async () => {
  place = await Workplace.create("postgres");
  place.configure(CONFIGURATION);
  const { status, out } = await place.run("check");
  expect(status, out).toBe(0);
  expect(out).toContain("nobody was brought yet");
  expect((await place.run("doctor")).out).not.toContain("Nobody is in the scope");
  place.remove();
});

test("what an identity source cannot have is refused with its place in the file", async () => {
  place = await Workplace.create("postgres");
  place.configure(`directories:
  hr:
    type: identity-source
    path: ./hr.csv
    watch: true
    users: { base: "ou=x", id: number }
`);
  const { err, status } = await place.run("check");
  expect(status).not.toBe(0);
  for (const told of ["hr.path", "hr.watch", "users.base", "users.id"]) expect(err).toContain(told);
  place.remove();
});

test("whatever is brought, dropped and taken up in any order, entries are what the sessions say", async () => {
  place = await Workplace.create("postgres");
  place.configure(CONFIGURATION);
  const { store, engine } = await opened();
  const id = fc.constantFrom("a", "b", "c");
  const profile = fc.dictionary(
    fc.constantFrom("x", "y"),
    fc.oneof(fc.constantFrom("1", "2"), fc.constant(null)),
  );
  const deed = fc.oneof(
    fc.record({ externalId: id, profile }),
    fc.record({ externalId: id, profile: fc.constant(null) }),
  );
  const deeds = fc.array(deed, { minLength: 1, maxLength: 5 });
  const history = fc.array(fc.record({ deeds, waits: fc.boolean() }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(history, async (sessions) => {
      const expected = new Map<string, Record<string, string>>();
      const { db } = store;
      await db.deleteFrom("identity_source_entries").execute();
      for (const { deeds: all, waits } of sessions) {
        const { id: own } = await beginSession(engine, "hr", BY);
        for (const one of all) {
          const what = one.profile === null ? "bulk_delete" : "bulk_upsert";
          await bringPeople(engine, { source: "hr", id: own }, { what, people: [one] }, BY);
          if (one.profile === null) expected.delete(one.externalId);
          else {
            const after = { ...expected.get(one.externalId), ...one.profile };
            const there = Object.entries(after).filter(([, value]) => value !== null);
            expected.set(one.externalId, Object.fromEntries(there) as Record<string, string>);
          }
        }
        await startSession(engine, "hr", own, BY);
        if (!waits) await transact(store, (trx) => takeUpWaiting(trx, "hr"));
      }
      await transact(store, (trx) => takeUpWaiting(trx, "hr"));
      const found = await broughtEntries(db, "hr").page(null, null);
      expect(new Map(found.map((one) => [one.externalId, one.profile]))).toEqual(expected);
    }),
    { numRuns: 40 },
  );
  await store[Symbol.asyncDispose]();
  place.remove();
});
