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
