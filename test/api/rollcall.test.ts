/** Rollcall's own API: what commands can do, asked for over HTTP. */
import { renameSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Breath } from "../../src/lib/breath.ts";
import { client, serveApi, tokenFor, type Answer, type ServedApi } from "../support/api.ts";
import { query } from "../support/postgres.ts";
import { SIMPLE_MAPPINGS, simplePerson, Workplace } from "../support/rollcall.ts";

type Ask = (method: string, path: string, body?: unknown) => Promise<Answer>;

interface RunShown {
  readonly run: string;
  readonly status: string;
  readonly counts: Record<string, number>;
  readonly decidedBy: string | null;
}
interface Page<T = Record<string, unknown>> {
  readonly items: readonly T[];
  readonly next: string | null;
}

let place: Workplace;
let api: ServedApi;
let admin: Ask;
let helpdesk: Ask;
let secret: string;
const V1 = "/api/rollcall/v1";

const people = (count: number): string =>
  Array.from({ length: count }, (_, i) => simplePerson(`p${i}`)).join("");

beforeAll(async () => {
  place = await Workplace.create("postgres");
  const file = place.file("p.ldif", people(20));
  place.configure(`importSafeguard: { percent: 20, minimum: 5 }
directories:
  corp:
    type: ldif
    path: ${file}
    importSafeguard: { percent: 20, minimum: 5 }${SIMPLE_MAPPINGS}
apps:
  dx: { type: scim, url: "http://127.0.0.1:9/scim/v2", auth: { bearer: "a-secret-of-the-app" }, assign: [] }
`);
  api = await serveApi(place);
  secret = await tokenFor(place, "admin");
  admin = client(api.url, secret);
  helpdesk = client(api.url, await tokenFor(place, "helpdesk"));
});
afterAll(async () => {
  await api.stop();
  place.remove();
});

/** Starts something and waits for its end. */
async function ended(started: Answer): Promise<RunShown> {
  expect(started, JSON.stringify(started.body)).toMatchObject({ status: 202 });
  const { run } = started.body as RunShown;
  for (;;) {
    const { body } = await admin("GET", `${V1}/runs/${run}`);
    if ((body as RunShown).status !== "running") return body as RunShown;
    await sleep(20);
  }
}

describe("a run", () => {
  test("is started with 202 and a place to look, and outlives the request", async () => {
    const started = await admin("POST", `${V1}/runs`, { kind: "import", directory: "corp" });
    expect(started.headers.get("location")).toBe(
      `${api.url}${V1}/runs/${(started.body as RunShown).run}`,
    );
    expect(await ended(started)).toMatchObject({ status: "done", counts: { created: 20 } });
  });

  test("is started once for a key, however often it is asked for", async () => {
    const once = async (body: unknown): Promise<{ status: number; run: string | undefined }> => {
      const response = await fetch(`${api.url}${V1}/runs`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${secret}`,
          "content-type": "application/json",
          "idempotency-key": "try-1",
        },
        body: JSON.stringify(body),
      });
      const { run } = (await response.json()) as { run?: string };
      return { status: response.status, run };
    };
    const wanted = { kind: "import", directory: "corp", type: "full", dryRun: true };
    const first = await once(wanted);
    expect(first.status).toBe(202);
    await ended({ status: 202, headers: new Headers(), body: { run: first.run } });
    expect(await once(wanted)).toEqual(first);
    expect(await once({ ...wanted, dryRun: false })).toMatchObject({ status: 409 });
  });

  test("is held, shown person by person, approved under its id, and not a second time", async () => {
    place.file("p.ldif", people(10));
    const held = await ended(
      await admin("POST", `${V1}/runs`, { kind: "import", directory: "corp", type: "full" }),
    );
    expect(held.status).toBe("held");
    const first = (await admin("GET", `${V1}/runs/${held.run}/people?action=removed&limit=6`))
      .body as Page;
    expect(first.items).toHaveLength(6);
    expect(first.items[0]).toMatchObject({
      action: "removed",
      reason: expect.any(String) as string,
    });
    const rest = (
      await admin("GET", `${V1}/runs/${held.run}/people?action=removed&limit=6&after=${first.next}`)
    ).body as Page;
    expect([rest.items.length, rest.next]).toEqual([4, null]);
    const csv = await fetch(`${api.url}${V1}/runs/${held.run}/export?action=removed`, {
      headers: { authorization: `Bearer ${secret}` },
    });
    expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    const command = await place.run("imports", "export", held.run, "--action", "removed");
    expect(await csv.text()).toBe(command.out);
    expect(command.out.split("\r\n").length).toBeGreaterThan(10);
    for (const wrong of ["?format=xml", "?colour=red"])
      expect((await admin("GET", `${V1}/runs/${held.run}/export${wrong}`)).status, wrong).toBe(400);
    expect((await admin("GET", `${V1}/runs/none/export`)).status).toBe(404);
    const one = (await admin("GET", `${V1}/runs/${held.run}/people?login=P15@`)).body as Page;
    expect(one.items).toHaveLength(1);
    const approved = await ended(await admin("POST", `${V1}/runs/${held.run}/approve`, {}));
    expect(approved).toMatchObject({
      run: held.run,
      status: "done",
      decidedBy: "admin",
      counts: { removed: 10 },
    });
    expect(await admin("POST", `${V1}/runs/${held.run}/approve`, {})).toMatchObject({
      status: 409,
      body: { code: "run.notHeld" },
    });
    const dry = await ended(await admin("POST", `${V1}/runs/${held.run}/revert`, { dryRun: true }));
    expect(dry).toMatchObject({ status: "done", dryRun: true });
    const back = await ended(await admin("POST", `${V1}/runs/${held.run}/revert`, {}));
    expect(back).toMatchObject({ status: "done", kind: "revert" });
    const events = await place.events(
      `transaction.id eq "${held.run}" and actor.alternateId eq "admin"`,
    );
    expect(events.length).toBeGreaterThan(0);
  });

  test("that is held is cancelled; nothing of it is applied", async () => {
    const held = await ended(
      await admin("POST", `${V1}/runs`, { kind: "import", directory: "corp", type: "full" }),
    );
    expect(held.status).toBe("held");
    expect((await admin("POST", `${V1}/runs/${held.run}/cancel`, {})).body).toMatchObject({
      status: "cancelled",
      decidedBy: "admin",
    });
  });

  test("stands in a list by pages and filters, newest first", async () => {
    const all: string[] = [];
    for (let after = ""; ;) {
      const { items, next } = (await admin("GET", `${V1}/runs?limit=2${after}`))
        .body as Page<RunShown>;
      all.push(...items.map(({ run }) => run));
      if (next === null) break;
      after = `&after=${next}`;
    }
    expect(all).toEqual(all.toSorted((a, b) => (a < b ? 1 : -1)));
    expect(new Set(all).size).toBe(all.length);
    const { items } = (await admin("GET", `${V1}/runs?status=cancelled&directory=corp&kind=import`))
      .body as Page<RunShown>;
    expect(items.map(({ status }) => status)).toEqual(["cancelled"]);
  });

  test("of one person is what the help desk may start, and nothing more", async () => {
    const one = await helpdesk("POST", `${V1}/runs`, {
      kind: "force-sync",
      directory: "corp",
      user: "p1@example.org",
    });
    expect(await ended(one)).toMatchObject({ status: "done" });
    for (const body of [
      { kind: "force-sync", directory: "corp" },
      { kind: "import", directory: "corp" },
      { kind: "force-sync", app: "dx" },
    ])
      expect(await helpdesk("POST", `${V1}/runs`, body)).toMatchObject({
        status: 403,
        body: { code: "access.forbidden" },
      });
  });

  test("is told of to whoever listens", async () => {
    const stopping = new AbortController();
    const response = await fetch(`${api.url}${V1}/events`, {
      headers: { authorization: `Bearer ${secret}` },
      signal: stopping.signal,
    });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    let text = "";
    const reading = (async (): Promise<void> => {
      for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? [])
        text += chunk;
    })().catch(() => undefined);
    // What stands already when the stream begins is not told; the next one is.
    let run = "";
    while (run === "" || !text.includes(run)) {
      const body = { kind: "import", directory: "corp", dryRun: true };
      ({ run } = await ended(await admin("POST", `${V1}/runs`, body)));
      for (let waits = 0; waits < 30 && !text.includes(run); waits++) await sleep(100);
    }
    const line = text.split("\n").find((one) => one.startsWith("data: ") && one.includes(run));
    expect(JSON.parse(line?.slice(6) ?? "")).toMatchObject({ run });
    stopping.abort();
    await reading;
  });
});

describe("a run that is under way", () => {
  const LARGE = 40_000;

  test("is stopped, and no other: nothing of it is applied, and the log has who wanted it", async () => {
    place.file("p.ldif", people(LARGE));
    const started = await admin("POST", `${V1}/runs`, {
      kind: "import",
      directory: "corp",
      type: "full",
    });
    const { run } = started.body as RunShown;
    expect((await admin("POST", `${V1}/runs/${run}/cancel`, {})).status).toBe(200);
    const stopped = (await ended(started)) as RunShown & {
      error: { code: string; message: string };
    };
    expect(stopped).toMatchObject({ status: "failed", error: { code: "run.interrupted" } });
    expect(stopped.error.message).toContain("stopped by admin");
    expect(
      (await place.events(`transaction.id eq "${run}" and eventType eq "system.import.stop"`))[0],
    ).toBeDefined();
    expect((await place.users()).size).toBeLessThan(LARGE);
    expect(await admin("POST", `${V1}/runs/${run}/cancel`, {})).toMatchObject({ status: 409 });
    place.file("p.ldif", people(10));
  });

  test("that nobody works on is not stopped, whoever works on something else there", async () => {
    const other = await ended(
      await admin("POST", `${V1}/runs`, { kind: "import", directory: "corp", dryRun: true }),
    );
    const url = place.databaseUrl ?? "";
    await query(
      url,
      `update runs set status = 'running', phase = 'reading', finished_at = null where id = '${other.run}'`,
    );
    await query(
      url,
      `update leases set expires_at = now() + interval '30 seconds', owner = gen_random_uuid(), holder = 'elsewhere' where name = 'directory:corp'`,
    );
    await query(url, `update leases set run_id = gen_random_uuid() where name = 'directory:corp'`);
    expect(await admin("POST", `${V1}/runs/${other.run}/cancel`, {})).toMatchObject({
      status: 409,
      body: { code: "run.notHeld" },
    });
    expect((await admin("GET", `${V1}/runs/${other.run}`)).body).toMatchObject({
      status: "running",
      progress: null,
    });
    await query(
      url,
      `update leases set expires_at = now() - interval '1 second' where name = 'directory:corp'`,
    );
    expect(
      await ended(
        await admin("POST", `${V1}/runs`, { kind: "import", directory: "corp", dryRun: true }),
      ),
    ).toMatchObject({ status: "done" });
  });
});

describe("a key", () => {
  const send = async (key: string, body: unknown): Promise<Answer> => {
    const response = await fetch(`${api.url}${V1}/runs`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${secret}`,
        "content-type": "application/json",
        "idempotency-key": key,
      },
      body: JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  const wanted = { kind: "import", directory: "corp", dryRun: true };

  test("sent twice at once starts one run", async () => {
    const answers = await Promise.all([send("at-once", wanted), send("at-once", wanted)]);
    const begun = answers.filter(({ status }) => status === 202);
    expect(begun.length).toBeGreaterThan(0);
    for (const answer of answers) expect([202, 409]).toContain(answer.status);
    const { run } = await ended(begun[0] as Answer);
    const again = await send("at-once", wanted);
    expect([again.status, (again.body as RunShown).run]).toEqual([202, run]);
  });

  test("of a process that died before its run began is free again", async () => {
    const { items } = (await admin("GET", `${V1}/tokens`)).body as Page<{
      id: string;
      name: string;
    }>;
    const { id } = items.find(({ name }) => name === "admin") as { id: string };
    await query(
      place.databaseUrl ?? "",
      `insert into started_once (token_id, key, request, run_id, created_at)
        values ('${id}', 'left', 'something', null, now() - interval '5 minutes')`,
    );
    expect(await ended(await send("left", wanted))).toMatchObject({ status: "done" });
  });

  test("whose run could not begin may be sent again", async () => {
    const none = { ...wanted, directory: "none" };
    expect((await send("refused", none)).status).toBe(404);
    expect(await ended(await send("refused", wanted))).toMatchObject({ status: "done" });
  });
});

describe("people and apps", () => {
  test("somebody is assigned by hand, listed before the next push, and not any more after the end of it", async () => {
    expect(
      (await admin("POST", `${V1}/apps/dx/assign`, { people: ["p1@example.org"] })).status,
    ).toBe(200);
    const listed = (await admin("GET", "/api/v1/apps/dx/users")).body as {
      id: string;
      credentials: object;
    }[];
    expect(listed).toMatchObject([{ credentials: { userName: "p1@example.org" }, scope: "USER" }]);
    expect((await admin("DELETE", `/api/v1/apps/dx/users/${listed[0]?.id}`)).status).toBe(204);
    expect((await admin("GET", `/api/v1/apps/dx/users/${listed[0]?.id}`)).status).toBe(404);
    expect((await admin("GET", "/api/v1/apps/dx/users")).body).toEqual([]);
  });

  test("an entry is set aside and taken back; whose it is can be tried", async () => {
    const entry = { directory: "corp", id: "p2" };
    const shown = (
      await place.json<{ appUsers: { externalId: string }[] }>("users", "show", "p2@example.org")
    ).appUsers[0];
    const unlinked = { ...entry, id: shown?.externalId ?? "" };
    expect(
      (await admin("POST", `${V1}/unmatched/ignore`, { ...unlinked, id: "none" })).status,
    ).toBe(404);
    const tried = await admin("POST", `${V1}/unmatched/confirm`, {
      ...unlinked,
      user: "p3@example.org",
      dryRun: true,
    });
    expect([200, 409]).toContain(tried.status);
  });
});

describe("questions", () => {
  test("are answered as the commands answer them", async () => {
    for (const [path, ...command] of [
      ["/explain?who=p1@example.org&attribute=title", "explain", "p1@example.org", "title"],
      [
        "/preview?directory=corp&user=p1@example.org",
        "preview",
        "corp",
        "--user",
        "p1@example.org",
      ],
      ["/apps/dx", "apps", "show", "dx"],
    ] as const)
      expect((await admin("GET", V1 + path)).body, path).toEqual(await place.json(...command));
    for (const [path, ...command] of [
      ["/sources", "sources"],
      ["/failing", "users", "failing"],
      ["/unmatched", "imports", "unmatched"],
      ["/tasks", "tasks"],
      ["/doctor", "doctor"],
    ] as const)
      expect((await admin("GET", V1 + path)).body, path).toEqual({
        items: await place.json(...command),
        next: null,
      });
  });

  test("the configuration is shown without what it keeps secret", async () => {
    const { body } = await admin("GET", `${V1}/configuration`);
    const text = JSON.stringify(body);
    expect(body).toMatchObject({ directories: { corp: { source: { type: "ldif" } } } });
    expect(text).not.toContain("a-secret-of-the-app");
    expect(text).not.toContain(place.databaseUrl ?? "nothing");
  });

  test("directories tell how current they are", async () => {
    const { items } = (await admin("GET", `${V1}/directories`)).body as Page;
    expect(items).toMatchObject([{ directory: "corp", type: "ldif", isHeld: false }]);
    expect(await admin("GET", `${V1}/directories/none`)).toMatchObject({ status: 404 });
  });
});

describe("what is asked wrongly", () => {
  test("is refused with what is wrong, and where", async () => {
    for (const [method, path, body, status, code] of [
      ["POST", "/runs", { kind: "import", directory: "corp", full: true }, 400, "request.invalid"],
      ["POST", "/runs", { kind: "burn" }, 400, "request.invalid"],
      ["POST", "/runs", { kind: "force-sync" }, 400, "request.invalid"],
      ["POST", "/runs", { kind: "import", directory: "none" }, 404, "config.unknownDirectory"],
      ["GET", "/runs?limit=0", undefined, 400, "request.invalid"],
      ["GET", "/runs?colour=red", undefined, 400, "request.invalid"],
      ["GET", "/runs/nothing", undefined, 404, "run.notFound"],
      ["GET", "/explain?who=nobody&app=none", undefined, 404, "config.unknownApp"],
      ["GET", "/nothing", undefined, 404, "request.notFound"],
      ["DELETE", "/runs", undefined, 405, "request.method"],
      ["POST", "/tasks/x/retry", {}, 400, "request.invalid"],
    ] as const) {
      const answer = await admin(method, V1 + path, body);
      const told = `${method} ${path} ${JSON.stringify(answer.body)}`;
      expect(answer, told).toMatchObject({
        status,
        body: { code, status, title: expect.any(String) as string },
      });
      expect(answer.headers.get("content-type"), told).toContain("application/problem+json");
      expect((answer.body as { cure: string }).cure, told).not.toBe("");
    }
  });

  test("a body that is no JSON is 415, whoever may ask", async () => {
    const response = await fetch(`${api.url}${V1}/runs`, {
      method: "POST",
      headers: { authorization: `Bearer ${secret}`, "content-type": "text/plain" },
      body: '{"kind":"import","directory":"corp"}',
    });
    expect(response.status).toBe(415);
    expect(await admin("POST", `${V1}/runs`)).toMatchObject({ status: 415 });
  });
});

describe("tokens", () => {
  test("are made, listed and revoked by administrators only", async () => {
    const made = await admin("POST", `${V1}/tokens`, {
      name: "over http",
      role: "viewer",
      expires: "1d",
    });
    expect(made).toMatchObject({ status: 201, body: { role: "viewer" } });
    const { token } = made.body as { token: string };
    const viewer = client(api.url, token);
    expect((await viewer("GET", `${V1}/runs`)).status).toBe(200);
    expect(await viewer("GET", `${V1}/tokens`)).toMatchObject({ status: 403 });
    expect(JSON.stringify((await admin("GET", `${V1}/tokens`)).body)).not.toContain(token);
    expect((await admin("DELETE", `${V1}/tokens/over%20http`)).status).toBe(204);
    expect((await viewer("GET", `${V1}/runs`)).status).toBe(401);
  });
});

test("the document of the API is open to everybody, and names everything that is there", async () => {
  const { status, body } = await client(api.url, null)("GET", `${V1}/openapi.json`);
  expect(status).toBe(200);
  const { paths, openapi } = body as {
    openapi: string;
    paths: Record<string, Record<string, { security: unknown }>>;
  };
  expect(openapi).toBe("3.1.0");
  expect(Object.keys(paths)).toContain(`${V1}/runs/{run}/approve`);
  for (const [path, methods] of Object.entries(paths))
    for (const [method, { security }] of Object.entries(methods))
      expect(security, `${method} ${path}`).toEqual(
        /\/(?:openapi\.json|sign-in(?:\/.*)?)$/.test(path) ? [] : [{ token: [] }],
      );
});

test("how many people there were is told day by day", async () => {
  const { query } = await import("../support/postgres.ts");
  await ended(await admin("POST", `${V1}/runs`, { kind: "import", directory: "corp" }));
  await query(
    place.databaseUrl ?? "",
    `insert into people_days (day, active, others) values ('2026-01-02', 7, 1), ('2026-01-01', 5, 0)`,
  );
  const { body } = await helpdesk("GET", `${V1}/people-by-day?days=3`);
  const today = new Date().toISOString().slice(0, 10);
  expect(body).toEqual({
    items: [
      { day: "2026-01-01", active: 5, others: 0 },
      { day: "2026-01-02", active: 7, others: 1 },
      { day: today, active: expect.any(Number), others: expect.any(Number) },
    ],
  });
  const people = (await admin("GET", "/api/v1/users?limit=200")).body as { status: string }[];
  const active = people.filter(({ status }) => status === "ACTIVE").length;
  expect((body as { items: { active: number }[] }).items[2]?.active).toBe(active);
  expect((await helpdesk("GET", `${V1}/people-by-day?days=0`)).status).toBe(400);
});

describe("an expression that is being written", () => {
  const faults = async (query: Record<string, string>): Promise<unknown> => {
    const { body } = await helpdesk(
      "GET",
      `${V1}/expressions/faults?${new URLSearchParams(query).toString()}`,
    );
    return body;
  };

  test("is told every fault with its place, and nothing is evaluated", async () => {
    const corp = { directory: "corp", attribute: "title" };
    expect(await faults({ ...corp, expression: "appuser.title" })).toEqual({ faults: [] });
    expect(await faults({ ...corp, expression: "1 +\nappuser" })).toMatchObject({
      faults: [{ start: 4, end: 11, where: "line 2, column 1", pointer: "appuser\n^^^^^^^" }],
    });
    expect(await faults({ ...corp, expression: "" })).toMatchObject({
      faults: [{ where: "column 1" }],
    });
    expect(await faults({ ...corp, attribute: "titel", expression: "1" })).toMatchObject({
      faults: [{ message: expect.stringContaining("title") }],
    });
    const app = { app: "dx", attribute: "title" };
    expect(await faults({ ...app, expression: "user.title" })).toEqual({ faults: [] });
    expect(await faults({ ...app, expression: "appuser.title" })).toMatchObject({
      faults: [{ start: 0, code: expect.stringContaining("platform.cvd") }],
    });
  });

  test("has the words that may stand there, each of which can be used", async () => {
    const { body } = await helpdesk("GET", `${V1}/expressions/words?directory=corp`);
    const { words } = body as { words: { kind: string; word: string; signature: string | null }[] };
    const names = words.filter(({ kind }) => kind === "name").map(({ word }) => word);
    expect(names).toEqual(expect.arrayContaining(["appuser.mail", "org.name"]));
    for (const expression of names)
      expect(await faults({ directory: "corp", attribute: "title", expression })).toEqual({
        faults: [],
      });
    expect(words).toContainEqual(
      expect.objectContaining({ word: "String.len", signature: "String.len(input)" }),
    );
    expect(await helpdesk("GET", `${V1}/expressions/words?app=dx`)).toMatchObject({
      body: { words: expect.arrayContaining([expect.objectContaining({ word: "user.title" })]) },
    });
  });

  test("may be empty, which is explained, in a preview, too", async () => {
    const { status, body } = await helpdesk(
      "GET",
      `${V1}/preview?directory=corp&attribute=title&expression=`,
    );
    expect(status).toBeLessThan(500);
    expect(JSON.stringify(body)).toContain("The expression is empty");
  });

  test.each(["", "?directory=corp&app=dx", "?directory=nobody", "?app=nobody"])(
    "of nobody's mapping is refused: %s",
    async (query) => {
      const { status } = await helpdesk("GET", `${V1}/expressions/words${query}`);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
    },
  );
});

describe("a directory", () => {
  test("tells whom it shows page by page, how often it is read, who answered and who works on it", async () => {
    const first = (await admin("GET", `${V1}/directories/corp/people?limit=3`)).body as Page;
    expect(first.items).toHaveLength(3);
    expect(first.items[0]).toEqual({
      userId: expect.any(String) as string,
      login: expect.stringMatching(/@example\.org$/) as string,
      externalId: expect.any(String) as string,
      dn: expect.stringContaining("dc=example,dc=org") as string,
      status: "active",
      error: null,
      lastImported: expect.any(String) as string,
    });
    const others = `${V1}/directories/corp/people?limit=1000&after=${first.next}`;
    const rest = (await admin("GET", others)).body as Page;
    const active = [...(await place.users()).values()].filter(({ status }) => status === "active");
    expect([3 + rest.items.length, rest.next]).toEqual([active.length, null]);
    const found = (await admin("GET", `${V1}/directories/corp/people?q=P3@`)).body as Page;
    expect(found.items.map(({ login }) => login)).toEqual(["p3@example.org"]);
    expect((await admin("GET", `${V1}/directories/none/people`)).status).toBe(404);
    expect((await admin("GET", `${V1}/directories/corp/people?after=x`)).status).toBe(400);
    expect((await admin("GET", `${V1}/directories/corp`)).body).toMatchObject({
      server: expect.stringContaining("LDIF file") as string,
      everySeconds: null,
      claimedBy: null,
      isClaimed: false,
    });
  });

  test("tells which process works on it to whoever may do something about it, and others that one does", async () => {
    const url = place.databaseUrl ?? "";
    await query(
      url,
      "insert into leases (name, holder, owner, fence, expires_at) values ('directory:corp', 'elsewhere process 1', gen_random_uuid(), 1, now() + interval '1 hour') on conflict (name) do update set holder = excluded.holder, owner = excluded.owner, expires_at = excluded.expires_at",
    );
    const seen = async (ask: Ask): Promise<unknown> =>
      (await ask("GET", `${V1}/directories/corp`)).body;
    expect(await seen(admin)).toMatchObject({ isClaimed: true, claimedBy: "elsewhere process 1" });
    expect(await seen(helpdesk)).toMatchObject({ isClaimed: true, claimedBy: null });
    await query(url, "delete from leases where name = 'directory:corp'");
  });

  test("whose file cannot be read is not told as a fault of ours", async () => {
    const moved = place.file("gone.ldif", "");
    renameSync(`${place.folder}/p.ldif`, moved);
    expect(await helpdesk("GET", `${V1}/preview?directory=corp&live=true`)).toMatchObject({
      status: 502,
      body: { code: "ldif.unreadable" },
    });
    renameSync(moved, `${place.folder}/p.ldif`);
  });
});

describe("the System Log as a file", () => {
  const download = async (query: string): Promise<{ type: string | null; lines: string[] }> => {
    const response = await fetch(`${api.url}${V1}/logs/export?${query}`, {
      headers: { authorization: `Bearer ${secret}` },
    });
    expect(response.status, query).toBe(200);
    const lines = (await response.text()).trimEnd().split(/\r?\n/);
    return { type: response.headers.get("content-type"), lines };
  };

  test("has the same events as the list, all of them, as CSV and as lines of JSON", async () => {
    const filter = 'eventType sw "system.import"';
    const query = new URLSearchParams({ filter }).toString();
    const listed = (await admin("GET", `/api/v1/logs?${query}&sortOrder=DESCENDING&limit=1000`))
      .body as { uuid: string }[];
    expect(listed.length).toBeGreaterThan(5);
    const json = await download(`${query}&format=jsonl`);
    expect(json.type).toBe("application/x-ndjson");
    expect(json.lines.map((line) => JSON.parse(line) as object)).toEqual(listed);
    const csv = await download(query);
    expect(csv.type).toBe("text/csv; charset=utf-8");
    expect(csv.lines[0]).toMatch(/^published,eventType,severity,displayMessage,actor,targets,/);
    expect(csv.lines.slice(1).map((line) => line.split(",").at(-1))).toEqual(
      listed.map(({ uuid }) => uuid),
    );
  });

  test("is bounded by time and words, and what is wrong with the question is said before the first line", async () => {
    const none = await download("format=jsonl&until=2020-01-01&since=2019-01-01");
    expect(none.lines).toEqual([""]);
    expect((await download("format=jsonl&q=p3@example.org")).lines.length).toBeGreaterThan(0);
    // A time that is still to come, and one as JavaScript writes it, are as in the list.
    const all = await download("format=jsonl");
    const coming = new Date(Date.now() + 10 * 86_400_000).toISOString();
    for (const same of [
      `until=${coming}`,
      "q=&filter=",
      `until=${encodeURIComponent(String(new Date(coming)))}`,
    ])
      expect((await download(`format=jsonl&${same}`)).lines.length, same).toBe(all.lines.length);
    const many = `q=${"a+".repeat(11)}`;
    expect((await admin("GET", `/api/v1/logs?${many}`)).status).toBe(400);
    for (const wrong of ["since=yesterday", "filter=nonsense", "format=xml", "colour=red", many])
      expect((await admin("GET", `${V1}/logs/export?${wrong}`)).status, wrong).toBe(400);
  });
});

describe("a link", () => {
  test("is cut after it was seen what that changes, by whoever may match; the entry is set aside", async () => {
    const unlink = `${V1}/users/p3@example.org/unlink`;
    expect((await helpdesk("POST", unlink, { directory: "corp" })).status).toBe(403);
    const wrong = await admin("POST", unlink, { directory: "dx" });
    expect(wrong).toMatchObject({ status: 404, body: { code: "config.unknownDirectory" } });
    const seen = (await admin("POST", unlink, { directory: "corp", dryRun: true }))
      .body as RunShown;
    expect(seen).toMatchObject({ status: "done", dryRun: true, counts: { updated: 1 } });
    expect((await place.users()).get("p3@example.org")?.status).toBe("active");
    // Another entry than the one that was seen is left alone.
    expect(await admin("POST", unlink, { directory: "corp", id: "p4" })).toMatchObject({
      status: 409,
      body: { code: "link.none" },
    });
    const done = (await admin("POST", unlink, { directory: "corp", id: "p3" })).body as RunShown;
    expect(done).toMatchObject({ status: "done", counts: seen.counts });
    expect((await place.users()).get("p3@example.org")?.status).toBe("deprovisioned");
    const aside = (await admin("GET", `${V1}/unmatched?ignored=true`)).body as Page;
    expect(aside.items.map(({ externalId }) => externalId)).toContain("p3");
    expect(await admin("POST", unlink, { directory: "corp" })).toMatchObject({
      status: 409,
      body: { code: "link.none" },
    });
  });
});

describe("an expression that takes long", () => {
  beforeAll(async () => {
    if ((await place.users()).size === 0) await place.run("import", "corp");
  });

  /** Sixteen thousand characters, gone through again and again, for each person and attribute. */
  const costly = Array.from({ length: 90 }).reduce<string>(
    (inner) => `String.replace(${inner}, "e", "e")`,
    Array.from({ length: 14 }).reduce<string>(
      (inner) => `String.replace(${inner}, "e", "ee")`,
      "appuser.sn",
    ),
  );
  const attributes =
    "nickName title department division organization city state streetAddress zipCode costCenter userType";
  const expressions = attributes.split(" ").map((name) => [name, { expression: costly }]);
  const body = JSON.stringify({ exported: { properties: Object.fromEntries(expressions) } });

  test("holds nobody else up, is tried twice at a time by one caller, and ends with who asked", async () => {
    using breaths = vi.spyOn(Breath.prototype, "take");
    const order: string[] = [];
    const leaving = new AbortController();
    const token = await tokenFor(place, "helpdesk", "busy");
    const trial = async (): Promise<Response> => {
      const response = await fetch(`${api.url}${V1}/directories/corp/mappings/preview`, {
        method: "POST",
        signal: leaving.signal,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body,
      });
      order.push("tried");
      return response;
    };
    // Whichever of the three comes last is one too many.
    const trials = [trial(), trial(), trial()];
    const refused = await Promise.race(trials);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "5"]);
    await helpdesk("GET", `${V1}/me`);
    expect(order).toEqual(["tried"]);
    leaving.abort();
    const ends = await Promise.allSettled(trials);
    expect(ends.map(({ status }) => status).toSorted()).toEqual([
      "fulfilled",
      "rejected",
      "rejected",
    ]);
    // Where they let others have their turn, and not when they are through; one may end between two pages.
    const left = (): number =>
      breaths.mock.settledResults.filter(({ type }) => type === "rejected").length;
    await expect.poll(left, { timeout: 60_000 }).toBeGreaterThan(0);
    const cheap = `${V1}/preview?directory=corp&attribute=title&expression=appuser.sn`;
    const free = async (): Promise<number> => (await client(api.url, token)("GET", cheap)).status;
    await expect.poll(free, { timeout: 60_000 }).toBe(200);
  });
});

describe("mappings that Okta exported", () => {
  const preview = `${V1}/directories/corp/mappings/preview`;
  const exported = (properties: object): object => ({ exported: { id: "prm1", properties } });

  test("are compared with those that there are, and tried for everybody; nothing is changed", async () => {
    const nickName = { expression: "elsewhere.sn", pushStatus: "PUSH" };
    const asked = { ...exported({ nickName }), names: { elsewhere: "corp" } };
    const { status, body } = await helpdesk("POST", preview, asked);
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        mappings: [{ attribute: "nickName", how: "new", before: null, expression: "corp.sn" }],
        problems: [],
        difference: {
          directory: "corp",
          attributes: { nickName: { examples: expect.anything() } },
        },
      },
    });
    const { body: present } = await admin("GET", `${V1}/directories/corp`);
    expect(JSON.stringify(present)).not.toContain("nickName");
  });

  test("that cannot be mappings here are told with why, each", async () => {
    const wrong = {
      nickName: { expression: "1 +" },
      unheard: { expression: "appuser.sn" },
      title: { expression: "${HOME}" },
      division: { expression: '"\u0000"' },
    };
    const { status, body } = await helpdesk("POST", preview, exported(wrong));
    expect(status).toBe(200);
    const { problems, difference } = body as { problems: string[]; difference: unknown };
    expect(difference).toBeNull();
    for (const name of Object.keys(wrong))
      expect(
        problems.filter((one) => one.startsWith(name)),
        name,
      ).not.toEqual([]);
    const other = { exported: { source: { type: "user" }, properties: {} } };
    expect(await helpdesk("POST", preview, other)).toMatchObject({
      status: 400,
      body: { code: "mappings.unreadable" },
    });
    for (const none of [{ exported: { properties: 5 } }, { exported: [] }, {}])
      expect((await helpdesk("POST", preview, none)).status).toBe(400);
    const nobody = `${V1}/directories/none/mappings/preview`;
    expect((await helpdesk("POST", nobody, exported({}))).status).toBe(404);
  });
});
