/** Who may come in, and what each role may do. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openService } from "../../src/service.ts";
import { loadSettings } from "../../src/config/load.ts";
import { createApi, type ApiRoute } from "../../src/api/api.ts";
import { ApiLimits } from "../../src/api/limits.ts";
import { Offers } from "../../src/service.ts";
import { may } from "../../src/model/role.ts";
import { client, serveApi, tokenFor, type ServedApi } from "../support/api.ts";
import { SIMPLE_MAPPINGS, simplePerson, Workplace } from "../support/rollcall.ts";

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

/** Every route that there is, with something for each parameter. */
async function routes(): Promise<ApiRoute[]> {
  const settings = loadSettings(place.config, {});
  await using service = await openService(settings);
  const { signal } = new AbortController();
  const words = { remedy: () => "", cure: () => "" };
  await using made = createApi(service, {
    baseUrl: () => "",
    stopping: signal,
    words,
    run: () => Promise.resolve(0),
    log: { error: () => undefined },
    edit: null,
    running: new Set(),
    isLocal: false,
    limits: new ApiLimits(),
    offers: new Offers(),
  });
  // The document of the API and signing in are open to everybody; the stream of events does not end.
  const others = made
    .routes()
    .filter(({ path }) => !/\/(?:openapi\.json|sign-in(?:\/.*)?|events)$/.test(path));
  return others.map((one) => ({ ...one, path: one.path.replaceAll(/:[A-Za-z]+/g, "nothing") }));
}

describe("without a credential", () => {
  test("nothing is told on any route, known or not", async () => {
    const known = await routes();
    expect(known.length).toBeGreaterThan(40);
    for (const [secret, code] of [
      [null, "E0000011"],
      ["rollcall_none", "E0000011"],
    ] as const) {
      const ask = client(api.url, secret);
      const unknown = ["/api/v1/nothing", "/api/rollcall/v1/nothing", "/api/rollcall/v1/events"];
      for (const { method, path } of [
        ...known,
        ...unknown.map((one) => ({ method: "GET", path: one })),
      ]) {
        const answer = await ask(method, path, method === "GET" ? undefined : {});
        const told = `${method} ${path}`;
        expect(answer.status, told).toBe(401);
        if (path.startsWith("/api/v1"))
          expect(answer.body, told).toMatchObject({ errorCode: code });
      }
    }
  });

  test("health is told, and figures on loopback", async () => {
    for (const path of ["/healthz", "/readyz", "/metrics"])
      expect((await fetch(api.url + path)).status).toBe(200);
  });
});

describe("roles", () => {
  test("each may do on every route what its permissions say, and nothing else", async () => {
    const known = await routes();
    expect(known.length).toBeGreaterThan(60);
    for (const role of ["source", "viewer", "helpdesk", "operator"] as const) {
      const ask = client(api.url, await tokenFor(place, role, `walks as ${role}`));
      for (const { method, path, permission } of known) {
        if (permission === null) throw new Error(`${method} ${path} asks for no permission`);
        // What is asked for is nothing that there is, so that whoever may does no harm.
        const { status, body } = await ask(method, path, method === "GET" ? undefined : {});
        const told = `${role} ${method} ${path} (${permission}): ${status} ${JSON.stringify(body)}`;
        const refused =
          status === 403 && /"access\.forbidden"|you do not have permission to perform/i.test(told);
        // What stands in the configuration is refused to everybody, with the place.
        const isFixed = /stands in the configuration/.test(told);
        expect(refused && !isFixed, told).toBe(!may(role, permission));
      }
    }
  });

  test("an operator edits, and makes no tokens", async () => {
    const ask = client(api.url, await tokenFor(place, "operator"));
    const edited = await ask("POST", "/api/v1/users/ada@example.org", {
      profile: { nickName: "A" },
    });
    expect(edited.status).toBe(200);
    const token = await ask("POST", "/api/rollcall/v1/tokens", { name: "mine", role: "admin" });
    expect(token).toMatchObject({ status: 403, body: { code: "access.forbidden" } });
  });
});

describe("tokens", () => {
  test("are shown once; of what is kept nobody can make them again", async () => {
    const secret = await tokenFor(place, "admin", "once");
    const listed = await place.run("tokens", "--json");
    expect(listed.out).toContain('"once"');
    expect(listed.out + (await place.run("logs", "--json")).out).not.toContain(secret);
  });

  test("end when they are revoked, at once, and when they expire", async () => {
    const secret = await tokenFor(place, "viewer", "short");
    const ask = client(api.url, secret);
    expect((await ask("GET", "/api/v1/users/me")).status).toBe(200);
    expect(await place.run("tokens", "revoke", "short")).toMatchObject({ status: 0 });
    expect((await ask("GET", "/api/v1/users/me")).status).toBe(401);
    const made = await place.json<{ token: string; expiresAt: string }>(
      "tokens",
      "create",
      "soon",
      "--role",
      "viewer",
      "--expires",
      "1s",
    );
    const soon = client(api.url, made.token);
    await expect
      .poll(async () => (await soon("GET", "/api/v1/users/me")).status, { timeout: 90_000 })
      .toBe(401);
  });

  test("a name that is taken, a role that is none and a time that is none are refused", async () => {
    await tokenFor(place, "viewer", "taken");
    for (const [args, code] of [
      [["taken", "--role", "viewer"], "token.exists"],
      [["other", "--role", "root"], "usage.invalid"],
      [["other", "--role", "viewer", "--expires", "soon"], "usage.invalid"],
      [["\u001b[31m", "--role", "viewer"], "usage.invalid"],
    ] as const) {
      const { out, status } = await place.run("tokens", "create", ...args, "--json");
      expect(JSON.parse(out)).toMatchObject({ error: { code } });
      expect(status).not.toBe(0);
    }
    expect(await place.run("tokens", "revoke", "nobody")).toMatchObject({ status: 1 });
  });
});

test("whoever guesses has to wait, and whoever knows does not", async () => {
  const wrong = client(api.url, "rollcall_guess");
  let status = 401;
  for (let tries = 0; tries < 2000 && status === 401; tries++)
    ({ status } = await wrong("GET", "/api/v1/users/me"));
  expect(status).toBe(429);
  const refused = await wrong("GET", "/api/v1/users/me");
  expect(refused.headers.get("x-rate-limit-reset")).toMatch(/^\d+$/);
  expect(refused.headers.get("date")).not.toBeNull();
  const right = client(api.url, await tokenFor(place, "viewer", "patient"));
  expect((await right("GET", "/api/v1/users/me")).status).toBe(200);
});

describe("beyond loopback", () => {
  test("the API needs an address with TLS, or somebody's word", async () => {
    const check = async (http: string): Promise<string> => {
      const other = Workplace.at(place.databaseUrl ?? "");
      other.configure(
        `directories:\n  corp:\n    type: ldif\n    path: ./p.ldif${SIMPLE_MAPPINGS}`,
      );
      other.listen(0, http);
      const { err } = await other.run("users");
      return err;
    };
    expect(await check("host: 0.0.0.0, api: true")).toContain("publicUrl");
    expect(await check("host: 0.0.0.0, publicUrl: http://x.example")).toContain("https://");
    expect(await check("host: 0.0.0.0, publicUrl: http://localhost:1")).toContain("https://");
    expect(await check("host: 0.0.0.0, plainHttp: true")).toContain("publicUrl");
    expect(await check("publicUrl: https://x.example/path")).toContain("without a path");
    expect(await check("host: 0.0.0.0, publicUrl: https://x.example")).toBe("");
    expect(await check("host: 0.0.0.0, publicUrl: http://x.example, plainHttp: true")).toBe("");
  });

  test("behind a proxy on this machine, figures are for whoever has a token as well", async () => {
    await api.stop();
    const secret = await tokenFor(place, "viewer", "behind");
    api = await serveApi(place, "publicUrl: https://rollcall.example");
    expect((await fetch(`${api.url}/metrics`)).status).toBe(401);
    const listed = await client(api.url, secret)("GET", "/api/v1/users?limit=1");
    expect(listed.headers.get("link")).toContain("<https://rollcall.example/api/v1/users?limit=1>");
  });

  test("without one it is off, and figures are for whoever has a token", async () => {
    await api.stop();
    const secret = await tokenFor(place, "viewer", "scraper");
    api = await serveApi(place, "host: 0.0.0.0");
    expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${api.url}/metrics`)).status).toBe(401);
    expect((await client(api.url, secret)("GET", "/metrics")).status).toBe(200);
    expect((await client(api.url, secret)("GET", "/api/v1/users/me")).status).toBe(404);
  });
});
