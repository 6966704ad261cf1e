/** What Okta's clients need of answers, and SDKs hide. */
import { once } from "node:events";
import { connect } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { client, serveApi, tokenFor, type Answer, type ServedApi } from "../support/api.ts";
import { SIMPLE_MAPPINGS, simplePerson, Workplace } from "../support/rollcall.ts";

let place: Workplace;
let api: ServedApi;
let token: string;
let ask: (method: string, path: string, body?: unknown) => Promise<Answer>;

beforeAll(async () => {
  place = await Workplace.create("postgres");
  const file = place.file(
    "p.ldif",
    ["ada", "bob", "cyd"].map((one) => simplePerson(one)).join("\n"),
  );
  place.configure(`directories:\n  corp:\n    type: ldif\n    path: ${file}${SIMPLE_MAPPINGS}`);
  expect(await place.run("import", "corp")).toMatchObject({ status: 0 });
  api = await serveApi(place);
  token = await tokenFor(place, "admin");
  ask = client(api.url, token);
});
afterAll(async () => {
  await api.stop();
  place.remove();
});

/** The answer as it comes over the wire, to a request as it stands here. */
async function wire(...lines: string[]): Promise<string> {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  socket.write([...lines, "Connection: close", "", ""].join("\r\n"));
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  await once(socket, "end");
  return text;
}

describe("addresses", () => {
  test("each link is a line of its own, with the whole address", async () => {
    const answer = await wire(
      "GET /api/v1/users?limit=2 HTTP/1.1",
      "Host: x",
      `Authorization: SSWS ${token}`,
    );
    const links = answer.split("\r\n").filter((line) => /^link:/i.test(line));
    expect(links).toHaveLength(2);
    expect(links[0]).toBe(`Link: <${api.url}/api/v1/users?limit=2>; rel="self"`);
    expect(links[1]).toMatch(
      new RegExp(`^Link: <${api.url}/api/v1/users\\?limit=2&after=[0-9a-f-]{36}>; rel="next"$`),
    );
  });

  test("targets in absolute form and doubled slashes are understood", async () => {
    const absolute = await wire(
      "GET http://127.0.0.1/api/v1/users/me HTTP/1.1",
      "Host: 127.0.0.1",
      "Proxy-Authorization: Basic eDp5",
      `Authorization: SSWS ${token}`,
    );
    expect(absolute).toMatch(/^HTTP\/1\.1 200 /);
    expect((await ask("GET", "//api//v1/users/me")).status).toBe(200);
  });

  test("what is not there is told in the form that clients read", async () => {
    expect(await ask("GET", "/api/v1/nothing")).toMatchObject({
      status: 404,
      body: { errorCode: "E0000008", errorLink: "E0000008", errorCauses: [] },
    });
    expect(await ask("DELETE", "/api/v1/users")).toMatchObject({
      status: 405,
      body: { errorCode: "E0000022" },
    });
    expect(await ask("GET", "/api/v1/policies?type=OKTA_SIGN_ON")).toMatchObject({
      status: 501,
      body: { errorCode: "E0000060" },
    });
  });
});

describe("a single user", () => {
  test("has an entity tag that changes with the profile and not with the status", async () => {
    const made = await ask("POST", "/api/v1/users?activate=false", {
      profile: {
        login: "tag@example.org",
        email: "tag@example.org",
        firstName: "T",
        lastName: "G",
      },
    });
    expect(made.status).toBe(200);
    const { id } = made.body as { id: string };
    const tagOf = async (): Promise<string | null> =>
      (await ask("GET", `/api/v1/users/${id}`)).headers.get("etag");
    const first = await tagOf();
    expect(first).toMatch(/^W\/"[0-9a-f]{64}"$/);
    expect((await ask("POST", `/api/v1/users/${id}/lifecycle/activate`)).body).toEqual({});
    expect(await tagOf()).toBe(first);
    await ask("POST", `/api/v1/users/${id}`, { profile: { nickName: "Tig" } });
    expect(await tagOf()).not.toBe(first);
    const response = await fetch(`${api.url}/api/v1/users/${id}`, {
      method: "POST",
      headers: {
        authorization: `SSWS ${token}`,
        "if-match": first ?? "",
        "content-type": "application/json",
      },
      body: JSON.stringify({ profile: { nickName: "Tag" } }),
    });
    expect([response.status, await response.json()]).toMatchObject([
      412,
      { errorCode: "E0000231" },
    ]);
  });

  test("has dates with milliseconds, and links to the steps of its status", async () => {
    const { body } = await ask("GET", "/api/v1/users/ada@example.org");
    expect(body).toMatchObject({
      status: "ACTIVE",
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      profile: { mobilePhone: null, secondEmail: null },
    });
    const { _links } = body as { _links: Record<string, { href: string; method?: string }> };
    expect(Object.keys(_links)).toEqual(["self", "schema", "type", "suspend", "deactivate"]);
    expect(_links["suspend"]).toEqual({
      href: expect.stringMatching(
        /^http:\/\/127\.0\.0\.1:\d+\/api\/v1\/users\/[^/]+\/lifecycle\/suspend$/,
      ) as string,
      method: "POST",
    });
  });

  test("is changed by one of those who saw the same, and by no other", async () => {
    const { headers } = await ask("GET", "/api/v1/users/bob@example.org");
    const change = async (nickName: string): Promise<number> => {
      const response = await fetch(`${api.url}/api/v1/users/bob@example.org`, {
        method: "POST",
        headers: {
          authorization: `SSWS ${token}`,
          "if-match": headers.get("etag") ?? "",
          "content-type": "application/json",
        },
        body: JSON.stringify({ profile: { nickName } }),
      });
      return response.status;
    };
    const answers = await Promise.all(["a", "b", "c", "d", "e", "f"].map(change));
    expect(answers.toSorted((a, b) => a - b)).toEqual([200, 412, 412, 412, 412, 412]);
  });

  test("who sends a password is told that none is kept", async () => {
    const made = await ask("POST", "/api/v1/users", {
      profile: {
        login: "pass@example.org",
        email: "pass@example.org",
        firstName: "P",
        lastName: "W",
      },
      credentials: { password: { value: "Abcd1234" } },
    });
    expect(made.status).toBe(200);
    expect(made.headers.get("warning")).toContain("no passwords");
    expect(JSON.stringify(made.body)).not.toContain('password":');
  });
});

test("addresses, cursors and bodies that nobody means are refused as what they are", async () => {
  const search = encodeURIComponent("profile.login pr");
  const made = (order: string, key: unknown): string =>
    Buffer.from(
      JSON.stringify([order, { id: "01900000-0000-7000-8000-000000000000", key }]),
    ).toString("base64url");
  for (const [path, status] of [
    [`users?search=${search}&sortBy=created&after=01900000-0000-7000-8000-000000000000`, 400],
    [`users?search=${search}&sortBy=created&after=${made("created false", "x")}`, 400],
    [`users?search=${search}&sortBy=created&after=${made("created false", 7)}`, 400],
    [
      `users?search=${search}&sortBy=profile.lastName&after=${made("profile.lastName false", "a\0")}`,
      400,
    ],
    ["users/%00", 404],
    ["users/%ff", 404],
    ["apps/corp/users/%00x", 404],
    ["apps/corp/users?after=x", 400],
    [`groups/00g${Buffer.from('["a\\u0000","x"]').toString("base64url")}`, 404],
    ["logs?limit=1001", 400],
    ["users?search=profile.nothing%20pr", 400],
    ["users?filter=profile.city%20eq%20%22x%22", 400],
    ["users?search=status%20ne%20%22ACTIVE%22", 400],
    ["users?search=profile.login%20pr&filter=id%20pr", 400],
    ["users/me/groups", 200],
    ["users/m%65", 200],
    ["users/me/appLinks", 404],
    [`groups/${"0".repeat(36)}/users`, 404],
    [
      `apps?filter=${encodeURIComponent('label eq "Research and Development" and status eq "ACTIVE"')}`,
      200,
    ],
    [`groups?search=${encodeURIComponent('type eq "APP_GROUP" and profile.name sw "x"')}`, 200],
  ] as const)
    expect((await ask("GET", `/api/v1/${path}`)).status, path).toBe(status);
  for (const query of [
    "action=%00",
    "code=%00",
    "reason=%00",
    "attribute=%00",
    "after=-1",
    "limit=x",
  ]) {
    const runs = (await ask("GET", "/api/rollcall/v1/runs")).body as { items: { run: string }[] };
    const path = `/api/rollcall/v1/runs/${runs.items[0]?.run}/people?${query}`;
    expect((await ask("GET", path)).status, path).toBe(400);
  }
  for (const [profile, status] of [
    ['{"__proto__":null}', 400],
    ['{"nothing":null}', 400],
    ['{"nickName":["a","b"]}', 400],
    ['{"employeeNumber":12345678901234567890}', 400],
    [`{"nickName":"${"x".repeat(10_001)}"}`, 400],
  ] as const) {
    const response = await fetch(`${api.url}/api/v1/users/ada@example.org`, {
      method: "POST",
      headers: { authorization: `SSWS ${token}`, "content-type": "application/json" },
      body: `{"profile":${profile}}`,
    });
    expect(response.status, profile.slice(0, 60)).toBe(status);
  }
  for (const [method, path] of [
    ["DELETE", "users/me"],
    ["POST", "users/me/lifecycle/deactivate"],
  ] as const)
    expect((await ask(method, `/api/v1/${path}`)).status, path).toBe(404);
  const large = await fetch(`${api.url}/api/v1/users`, {
    method: "POST",
    headers: { authorization: `SSWS ${token}`, "content-type": "application/json" },
    body: " ".repeat(2_000_000),
  });
  expect(large.status).toBe(413);
});

test("a log in bounds ends, also where nothing of it was wanted", async () => {
  const bounds = "since=2020-01-01T00:00:00Z&until=2038-01-01T00:00:00Z";
  const { headers, body } = await ask("GET", `/api/v1/logs?${bounds}&limit=0`);
  expect([body, headers.get("link")]).toEqual([[], expect.not.stringContaining("next") as string]);
});

test("a body that is no JSON is refused, and changes nothing", async () => {
  const response = await fetch(`${api.url}/api/v1/users`, {
    method: "POST",
    headers: { authorization: `SSWS ${token}`, "content-type": "application/json" },
    body: "{not json",
  });
  expect([response.status, await response.json()]).toMatchObject([400, { errorCode: "E0000003" }]);
});

test("answers say how many requests are left, and are kept by nobody", async () => {
  const { headers } = await ask("GET", "/api/v1/users/me");
  expect(Number(headers.get("x-rate-limit-limit"))).toBeGreaterThanOrEqual(2000);
  expect(Number(headers.get("x-rate-limit-reset"))).toBeGreaterThan(Date.now() / 1000 - 1);
  expect(headers.get("cache-control")).toContain("no-store");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
});

test("no query, filter, cursor or body makes it fail by a fault of its own", async () => {
  const word = fc.oneof(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.constantFrom(
      "profile.login",
      "eq",
      '"x"',
      "pr",
      "(",
      ")",
      "and",
      "not",
      "status",
      "\0",
      "9".repeat(40),
      "lastUpdated",
      "gt",
    ),
  );
  const text = fc.array(word, { maxLength: 6 }).map((words) => words.join(" "));
  const paths = ["users", "groups", "apps", "logs", "mappings", "apps/corp/users", "agentPools"];
  const names = [
    "search",
    "filter",
    "q",
    "after",
    "limit",
    "sortBy",
    "sortOrder",
    "since",
    "until",
  ];
  const query = fc.dictionary(fc.constantFrom(...names), text, { maxKeys: 4 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), query, async (path, asked) => {
      const parameters = Object.entries(asked).map(
        ([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`,
      );
      const { status } = await ask("GET", `/api/v1/${path}?${parameters.join("&")}`);
      expect([200, 400, 404]).toContain(status);
    }),
    { numRuns: 300 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("users", "users/ada@example.org", "apps/corp/users"),
      fc.jsonValue(),
      fc.jsonValue(),
      async (path, profile, credentials) => {
        for (const body of [
          profile,
          { profile },
          { profile: { lastName: profile }, credentials, groupIds: profile, id: profile },
        ]) {
          const { status } = await ask("POST", `/api/v1/${path}`, body);
          expect([200, 400, 403, 404, 501]).toContain(status);
        }
      },
    ),
    { numRuns: 150 },
  );
}, 120_000);
