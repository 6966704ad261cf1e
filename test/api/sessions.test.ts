/** Signing in with a browser: a link that works once, a cookie, and what a foreign page cannot do with it. */
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { client, serveApi, type ServedApi } from "../support/api.ts";
import { SIMPLE_MAPPINGS, simplePerson, Workplace } from "../support/rollcall.ts";

const API = "/api/rollcall/v1";
let place: Workplace;
let api: ServedApi;

beforeAll(async () => {
  place = await Workplace.create("postgres");
  const file = place.file("p.ldif", simplePerson("ada"));
  place.configure(`directories:\n  corp:\n    type: ldif\n    path: ${file}${SIMPLE_MAPPINGS}`);
  expect(await place.run("import", "corp")).toMatchObject({ status: 0 });
  api = await serveApi(place);
});
afterAll(async () => {
  await api.stop();
  place.remove();
});

interface Link {
  readonly url: string;
  readonly expiresAt: string;
}

async function link(role = "admin"): Promise<string> {
  const { url } = await place.json<Link>("admin", "sign-in", "--role", role);
  expect(url.startsWith(`${api.url}/console/#sign-in=`)).toBe(true);
  return url.slice(url.indexOf("=") + 1);
}

interface Told {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly cookie: string | null;
}

/** Asks as a browser does. */
async function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: object,
): Promise<Told> {
  const response = await fetch(api.url + path, {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>),
    cookie: response.headers.get("set-cookie"),
  };
}

const own = (): Record<string, string> => ({ origin: api.url, "sec-fetch-site": "same-origin" });

async function signedIn(role = "admin"): Promise<Record<string, string>> {
  const { status, cookie } = await ask("POST", `${API}/sign-in`, own(), {
    secret: await link(role),
  });
  expect(status).toBe(200);
  return { cookie: (cookie ?? "").split(";")[0] ?? "" };
}

test("a link signs in once: the cookie belongs to this host, is secure, and no script sees it", async () => {
  const secret = await link();
  const first = await ask("POST", `${API}/sign-in`, own(), { secret });
  expect(first).toMatchObject({ status: 200, body: { role: "admin" } });
  expect(first.cookie).toMatch(
    /^__Host-rollcall=[A-Za-z0-9_-]{43}; Max-Age=86400; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  );
  expect(JSON.stringify(first.body)).not.toContain(secret);
  const again = await ask("POST", `${API}/sign-in`, own(), { secret });
  expect(again).toMatchObject({ status: 401, cookie: null, body: { code: "signIn.used" } });
  expect(again.body["cure"]).toContain("rollcall admin sign-in");
  for (const unknown of ["x".repeat(43), "short"])
    expect(await ask("POST", `${API}/sign-in`, own(), { secret: unknown })).toMatchObject({
      status: 401,
      cookie: null,
      body: { code: "signIn.unknown" },
    });
});

test("of two browsers that open one link at the same time, one is signed in", async () => {
  const secret = await link();
  const both = await Promise.all(
    [1, 2].map(() => ask("POST", `${API}/sign-in`, own(), { secret })),
  );
  expect(new Set(both.map(({ status }) => status))).toEqual(new Set([200, 401]));
});

test("a link that is too old says so", async () => {
  const secret = await link();
  await change("update sign_in_links set expires_at = now() - interval '1 second'");
  expect(await ask("POST", `${API}/sign-in`, own(), { secret })).toMatchObject({
    status: 401,
    body: { code: "signIn.expired" },
  });
});

test("a session reads in both APIs, and says who it is and what it may", async () => {
  const cookie = await signedIn("viewer");
  expect(await ask("GET", `${API}/me`, cookie)).toMatchObject({
    status: 200,
    body: { kind: "session", role: "viewer", permissions: ["read"] },
  });
  expect(await ask("GET", `${API}/runs`, cookie)).toMatchObject({ status: 200 });
  expect(await ask("GET", "/api/v1/users?limit=1", cookie)).toMatchObject({ status: 200 });
  const forbidden = await ask(
    "POST",
    `${API}/tokens`,
    { ...cookie, ...own() },
    {
      name: "x",
      role: "admin",
    },
  );
  expect(forbidden).toMatchObject({ status: 403, body: { code: "access.forbidden" } });
});

test("a write by cookie has to come from a page of our own; a token needs no page", async () => {
  const cookie = await signedIn();
  const make = (name: string, headers: Record<string, string>) =>
    ask("POST", `${API}/tokens`, { ...cookie, ...headers }, { name, role: "viewer" });
  for (const headers of [
    {},
    { origin: "https://evil.example.org" },
    { origin: "null" },
    { origin: api.url.replace("http:", "https:") },
    { ...own(), "sec-fetch-site": "cross-site" },
    { ...own(), "sec-fetch-site": "same-site" },
  ] as Record<string, string>[]) {
    const told = await make("foreign", headers);
    expect(told, JSON.stringify(headers)).toMatchObject({
      status: 403,
      body: { code: "access.forbidden" },
    });
    const user = await ask(
      "POST",
      "/api/v1/users/ada@example.org",
      { ...cookie, ...headers },
      {
        profile: { nickName: "Evil" },
      },
    );
    expect(user).toMatchObject({ status: 403, body: { errorCode: "E0000006" } });
  }
  expect(await make("own", own())).toMatchObject({ status: 201 });
  expect((await place.run("tokens", "--json")).out).not.toContain("foreign");
  const { token } = await place.json<{ token: string }>(
    "tokens",
    "create",
    "script",
    "--role",
    "admin",
  );
  const made = await client(api.url, token)("POST", `${API}/tokens`, {
    name: "by",
    role: "viewer",
  });
  expect(made.status).toBe(201);
  // A wrong token is not made good by a cookie.
  const wrong = { ...cookie, ...own(), authorization: "SSWS rollcall_nothing" };
  expect(await ask("GET", `${API}/me`, wrong)).toMatchObject({ status: 401 });
});

test("a foreign page cannot sign somebody in", async () => {
  const secret = await link();
  const foreign = { origin: "https://evil.example.org", "sec-fetch-site": "cross-site" };
  expect(await ask("POST", `${API}/sign-in`, foreign, { secret })).toMatchObject({ status: 403 });
  expect(await ask("POST", `${API}/sign-in`, own(), { secret })).toMatchObject({ status: 200 });
});

test("a session ends by signing out, by an administrator, when nobody used it, and after a day", async () => {
  const isIn = async (cookie: Record<string, string>): Promise<number> =>
    (await ask("GET", `${API}/me`, cookie)).status;
  const out = await signedIn();
  const told = await ask("POST", `${API}/sign-out`, { ...out, ...own() });
  expect(told).toMatchObject({ status: 204 });
  expect(told.cookie).toMatch(/^__Host-rollcall=; Max-Age=0; Path=\/;/);
  expect(await isIn(out)).toBe(401);

  const ended = await signedIn("operator");
  const [newest] = await place.json<{ id: string; role: string }[]>("admin", "sessions");
  expect(newest).toMatchObject({ role: "operator" });
  expect(await place.run("admin", "sign-out", newest?.id ?? "")).toMatchObject({ status: 0 });
  expect(await isIn(ended)).toBe(401);
  expect(await place.run("admin", "sign-out", newest?.id ?? "")).toMatchObject({ status: 1 });

  const idle = await signedIn();
  await change("update sessions set used_at = now() - interval '8 hours 1 minute'");
  expect(await isIn(idle)).toBe(401);
  const long = await signedIn();
  await change("update sessions set expires_at = now()");
  expect(await isIn(long)).toBe(401);
});

test("a page that stays open and is not used keeps no session from ending", async () => {
  const cookie = await signedIn("viewer");
  const leaving = new AbortController();
  const stream = await fetch(`${api.url}${API}/events`, {
    headers: cookie,
    signal: leaving.signal,
  });
  expect(stream.status).toBe(200);
  await change("update sessions set used_at = now() - interval '3 hours'");
  const lastUse = async (): Promise<string | undefined> =>
    (await place.json<{ lastUsedAt: string }[]>("admin", "sessions"))[0]?.lastUsedAt;
  const before = await lastUse();
  // The stream looks at it again and again.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const unattended = { ...cookie, "rollcall-unattended": "true" };
  expect((await ask("GET", `${API}/runs`, unattended)).status).toBe(200);
  expect(await lastUse()).toBe(before);
  expect((await ask("GET", `${API}/me`, cookie)).status).toBe(200);
  expect(await lastUse()).not.toBe(before);
  leaving.abort();
});

test("on loopback, every name of this machine is the console's own", async () => {
  const other = await Workplace.create("postgres");
  const file = other.file("p.ldif", simplePerson("ada"));
  other.configure(`directories:\n  corp:\n    type: ldif\n    path: ${file}${SIMPLE_MAPPINGS}`);
  const served = await serveApi(other, "host: localhost");
  const { url } = await other.json<Link>("admin", "sign-in");
  const [origin, secret] = [new URL(url).origin, url.slice(url.indexOf("=") + 1)];
  expect(origin).toMatch(/^http:\/\/localhost:/);
  const answer = await fetch(`${origin}${API}/sign-in`, {
    method: "POST",
    headers: { "content-type": "application/json", origin },
    body: JSON.stringify({ secret }),
  });
  expect(answer.status).toBe(200);
  const port = new URL(url).port;
  for (const foreign of [`http://localhost:${Number(port) + 1}`, `https://localhost:${port}`]) {
    const refused = await fetch(`${origin}${API}/sign-in`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: foreign },
      body: "not even JSON",
    });
    expect(refused.status).toBe(403);
  }
  await served.stop();
  other.listen(Number(port), "plainHttp: true, host: 0.0.0.0, publicUrl: 'http://rollcall.test'");
  const { status, err } = await other.run("admin", "sign-in");
  expect(status).toBe(2);
  expect(err).toContain("Browsers keep no session");
  other.listen(0);
  expect((await other.run("admin", "sign-in")).err).toContain("nobody knows the address");
  other.remove();
});

test("nothing that is kept or shown is the secret of a link or a session", async () => {
  const secret = await link();
  const { cookie } = await ask("POST", `${API}/sign-in`, own(), { secret });
  const session = /=([^;]+);/.exec(cookie ?? "")?.[1] ?? "none";
  const { out } = await place.run("admin", "sessions", "--json");
  const database = new Client({ connectionString: place.databaseUrl ?? "" });
  await database.connect();
  let kept = out;
  for (const table of ["sessions", "sign_in_links", "system_log"]) {
    const { rows } = await database.query<{ row: string }>(
      `select row_to_json(t)::text as row from ${table} t`,
    );
    expect(rows, table).not.toEqual([]);
    kept += rows.map(({ row }) => row).join("\n");
  }
  await database.end();
  expect(kept).not.toContain(secret);
  expect(kept).not.toContain(session);
});

test("links, signing in and out, and what is done by a session are events that name who and from where", async () => {
  const cookie = await signedIn();
  const name = (await ask("GET", `${API}/me`, cookie)).body["name"];
  await ask("POST", `${API}/tokens`, { ...cookie, ...own() }, { name: "event", role: "viewer" });
  await ask("POST", `${API}/sign-out`, { ...cookie, ...own() });
  const events = await place.events('eventType sw "user.session"');
  expect(events[0]?.eventType).toBeDefined();
  const [made] = await place.events(
    'eventType eq "system.api_token.create" and target.displayName eq "event"',
  );
  expect(made).toMatchObject({
    actor: { type: "User", displayName: name },
    client: { ipAddress: "127.0.0.1" },
  });
  const types = new Set(events.map(({ eventType }) => eventType));
  expect([...types].toSorted()).toEqual([
    "user.session.create_sign_in_link",
    "user.session.end",
    "user.session.start",
  ]);
  const refused = events.filter(({ outcome }) => outcome.result === "FAILURE");
  expect(refused.length).toBeGreaterThan(0);
});

test("what cannot be taken back easily needs a sign-in of the last quarter of an hour, by every way", async () => {
  const cookie = { ...(await signedIn()), ...own() };
  const run = "01900000-0000-7000-8000-000000000000";
  const made = {
    login: "gone@example.org",
    email: "gone@example.org",
    firstName: "A",
    lastName: "B",
  };
  expect(await ask("POST", "/api/v1/users", cookie, { profile: made })).toMatchObject({
    status: 200,
  });
  const whom = "/api/v1/users/gone@example.org";
  expect(await ask("DELETE", whom, cookie)).toMatchObject({ status: 204 });
  const dangerous = [
    ["POST", `${API}/runs/${run}/approve`, {}],
    ["POST", `${API}/runs/${run}/revert`, {}],
    ["POST", `${API}/tokens`, { name: "late", role: "admin" }],
    ["DELETE", `${API}/tokens/none`, undefined],
    ["DELETE", `${API}/sessions/none`, undefined],
  ] as const;
  for (const [method, path, body] of dangerous)
    expect((await ask(method, path, cookie, body)).body["code"]).not.toBe("access.signInAgain");
  expect(await ask("DELETE", `${API}/tokens/late`, cookie)).toMatchObject({ status: 204 });
  await change("update sessions set authenticated_at = authenticated_at - interval '16 minutes'");
  for (const [method, path, body] of dangerous)
    expect(await ask(method, path, cookie, body), path).toMatchObject({
      status: 403,
      body: { code: "access.signInAgain" },
    });
  expect(await ask("DELETE", whom, cookie)).toMatchObject({
    status: 403,
    body: { errorCode: "E0000006" },
  });
  const command = async (...args: string[]): Promise<string> => {
    const response = await fetch(`${api.url}${API}/commands`, {
      method: "POST",
      headers: { ...cookie, "content-type": "application/json" },
      body: JSON.stringify({ args }),
    });
    return await response.text();
  };
  for (const args of [
    ["tokens", "create", "late", "--role", "admin"],
    ["users", "delete", "gone@example.org"],
    ["users", "forget", "gone@example.org"],
    ["admin", "sign-in"],
    ["imports", "revert", run],
  ])
    expect(await command(...args), args.join(" ")).toContain("access.signInAgain");
  // What only shows is shown.
  for (const args of [
    ["tokens", "list"],
    ["admin", "sessions"],
    ["imports", "revert", run, "--dry-run"],
  ])
    expect(await command(...args), args.join(" ")).not.toContain("access.signInAgain");
  const tried = await ask("POST", `${API}/runs/${run}/revert`, cookie, { dryRun: true });
  expect(tried.body["code"]).toBe("run.notFound");
  expect((await place.run("tokens")).out).not.toContain("late");
  // Whatever else the session may, it still may; and nobody else's token is concerned.
  expect(await ask("GET", `${API}/tokens`, cookie)).toMatchObject({ status: 200 });
  expect((await ask("GET", `${API}/me`, cookie)).body["permissions"]).toContain("approve");
  expect(await ask("DELETE", whom, { ...(await signedIn()), ...own() })).toMatchObject({
    status: 204,
  });
});

test("a role that is none is refused, and so is a link where nobody could use it", async () => {
  expect(await place.run("admin", "sign-in", "--role", "root")).toMatchObject({ status: 2 });
  const other = await Workplace.create("postgres");
  const file = other.file("p.ldif", simplePerson("ada"));
  other.configure(`directories:\n  corp:\n    type: ldif\n    path: ${file}${SIMPLE_MAPPINGS}`);
  const { status, err } = await other.run("admin", "sign-in");
  expect(status).toBe(2);
  expect(err).toContain("http is off");
  other.remove();
});

// The last one: this address has to wait afterwards.
test("whoever tries too often to sign in is refused before anything is written", async () => {
  const events = async (): Promise<number> =>
    (await place.events('eventType eq "user.session.start"')).length;
  const secret = await link();
  await ask("POST", `${API}/sign-in`, own(), { secret });
  const statuses: number[] = [];
  for (let tries = 0; tries < 120; tries++)
    statuses.push((await ask("POST", `${API}/sign-in`, own(), { secret })).status);
  expect(statuses.slice(-20)).toEqual(Array.from({ length: 20 }, () => 429));
  const count = await events();
  expect((await ask("POST", `${API}/sign-in`, own(), { secret })).status).toBe(429);
  expect(await events()).toBe(count);
});

async function change(sql: string): Promise<void> {
  const database = new Client({ connectionString: place.databaseUrl ?? "" });
  await database.connect();
  await database.query(sql);
  await database.end();
}
