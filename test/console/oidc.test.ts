/** Signing in to the console by a real identity provider, in a real browser. */
import { readFileSync, writeFileSync } from "node:fs";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { serveApi, type ServedApi } from "../support/api.ts";
import { closeBrowsers, openBrowser, type Browser } from "../support/browser.ts";
import { CLIENT, startProvider, type IdentityProvider } from "../support/oidc.ts";
import { query } from "../support/postgres.ts";
import { freePort } from "../support/process.ts";
import { SIMPLE_MAPPINGS, simplePerson, Workplace } from "../support/rollcall.ts";

const GROUPS = {
  ada: ["staff", "grp-admins", "grp-viewers"],
  vera: ["grp-viewers"],
  nobody: ["staff"],
};

let place: Workplace;
let browser: Browser;

beforeAll(async () => {
  place = await Workplace.create("postgres");
  const file = place.file("p.ldif", simplePerson("ada"));
  place.configure(`directories:\n  corp:\n    type: ldif\n    path: ${file}${SIMPLE_MAPPINGS}`);
});
afterAll(async () => {
  await closeBrowsers();
  place.remove();
});
beforeEach(async () => {
  browser = await openBrowser();
});
afterEach(async () => {
  await browser[Symbol.asyncDispose]();
});

describe.each([
  ["the ID token", true],
  ["an answer to who asks for them", false],
])("groups in %s", (_, inToken) => {
  let provider: IdentityProvider;
  let api: ServedApi;

  beforeAll(async () => {
    const port = await freePort();
    const callback = `http://127.0.0.1:${port}/api/rollcall/v1/sign-in/oidc/callback`;
    provider = await startProvider(GROUPS, callback, inToken);
    const oidc = `oidc: { issuer: "${provider.issuer}", clientId: ${CLIENT.id}, clientSecret: "${CLIENT.secret}", roles: { grp-viewers: viewer, grp-admins: admin } }`;
    api = await serveApi(place, oidc, port);
  });
  afterAll(async () => {
    await api.stop();
    await provider[Symbol.asyncDispose]();
  });

  async function signInAs(name: string): Promise<void> {
    const { page } = browser;
    await page.goto(`${api.url}/console/`);
    await page.getByRole("link", { name: "Sign in with your organisation" }).click();
    await page.getByPlaceholder("Enter any login").fill(name);
    await page.getByPlaceholder("and password").fill("any");
    await page.getByRole("button", { name: "Sign-in" }).click();
    await page.getByRole("button", { name: "Continue" }).click();
    await page.waitForURL("**/console/**");
  }

  test("the greatest role of all groups counts, and events name whom the provider means", async () => {
    const { page } = browser;
    await signInAs("ada");
    await page.getByRole("heading", { name: "Dashboard" }).waitFor();
    const me = await page.evaluate(async () => (await fetch("/api/rollcall/v1/me")).json());
    expect(me).toMatchObject({ name: "ada@idp.example.org", role: "admin" });
    const events = await place.events('eventType eq "user.session.start"');
    expect(events.at(-1)).toMatchObject({
      actor: { id: `${provider.issuer} ada`, displayName: "ada@idp.example.org" },
      outcome: { result: "SUCCESS" },
    });
  });

  test("signing in again without being asked is no newer than when the provider asked", async () => {
    const { page } = browser;
    await signInAs("ada");
    await page.getByRole("heading", { name: "Dashboard" }).waitFor();
    // The provider tells whole seconds.
    await page.waitForTimeout(2100);
    await page.goto(`${api.url}/api/rollcall/v1/sign-in/oidc`);
    await page.getByRole("heading", { name: "Dashboard" }).waitFor();
    const database = new Client({ connectionString: place.databaseUrl ?? "" });
    await database.connect();
    const { rows } = await database.query<{ created: Date; asked: Date }>(
      "select created_at as created, authenticated_at as asked from sessions order by created_at desc limit 2",
    );
    await database.end();
    const [second, first] = rows;
    expect(second?.created.getTime()).toBeGreaterThan((first?.created.getTime() ?? 0) + 2000);
    expect(second?.asked).toEqual(first?.asked);
  });

  test("who was asked by the provider long ago is no fresh sign-in, and is asked again for one", async () => {
    const { page } = browser;
    await signInAs("ada");
    await page.locator("h1", { hasText: "Dashboard" }).waitFor();
    const make = async (name: string): Promise<unknown> =>
      await page.evaluate(
        async ([path, body]) => {
          const headers = { "content-type": "application/json" };
          const response = await fetch(path ?? "", { method: "POST", headers, body: body ?? "" });
          const told = (await response.json()) as { code?: string };
          return told.code ?? response.status;
        },
        ["/api/rollcall/v1/tokens", JSON.stringify({ name, role: "viewer" })],
      );
    expect(await make("first")).toBe(201);
    // As a window that was left open, whose provider still knows its user.
    const old = "update sessions set authenticated_at = authenticated_at - interval '16 minutes'";
    await query(place.databaseUrl ?? "", old);
    expect(await make("second")).toBe("access.signInAgain");
    await page.goto(`${api.url}/console/settings`);
    await page
      .getByRole("row", { name: /^first/ })
      .getByRole("button", { name: "Revoke…" })
      .click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    const again = page.getByRole("link", { name: "Sign in with your organisation" });
    await again.waitFor();
    await again.click();
    // The provider shows its form, although it knows who this is.
    await page.getByPlaceholder("Enter any login").fill("ada");
    await page.getByPlaceholder("and password").fill("any");
    await page.getByRole("button", { name: "Sign-in" }).click();
    const consent = page.getByRole("button", { name: "Continue" });
    const dashboard = page.locator("h1", { hasText: "Dashboard" });
    await consent.or(dashboard).first().waitFor();
    if (await consent.isVisible()) await consent.click();
    await dashboard.waitFor();
    expect(await make("third")).toBe(201);
    await place.run("tokens", "revoke", "first");
    await place.run("tokens", "revoke", "third");
  });

  test("who is in no group with a role is told so, and is not in", async () => {
    const { page } = browser;
    await signInAs("nobody");
    await page.getByText("You are in no group that may come in here.").waitFor();
    expect(page.url()).toBe(`${api.url}/console/`);
    const status = await page.evaluate(async () => (await fetch("/api/rollcall/v1/me")).status);
    expect(status).toBe(401);
    await page.goto("about:blank");
  });
});

describe("what comes back from elsewhere signs nobody in", () => {
  let provider: IdentityProvider;
  let api: ServedApi;

  beforeAll(async () => {
    const port = await freePort();
    const callback = `http://127.0.0.1:${port}/api/rollcall/v1/sign-in/oidc/callback`;
    provider = await startProvider(GROUPS, callback);
    const oidc = `oidc: { issuer: "${provider.issuer}", clientId: ${CLIENT.id}, clientSecret: "${CLIENT.secret}", roles: { grp-viewers: viewer } }`;
    api = await serveApi(place, oidc, port);
  });
  afterAll(async () => {
    await api.stop();
    await provider[Symbol.asyncDispose]();
  });

  const back = async (query: string, cookie: string): Promise<Response> =>
    await fetch(`${api.url}/api/rollcall/v1/sign-in/oidc/callback${query}`, {
      redirect: "manual",
      headers: { cookie },
    });

  test("without the browser that began, with another state, and with a code that is none", async () => {
    const begun = await fetch(`${api.url}/api/rollcall/v1/sign-in/oidc`, { redirect: "manual" });
    expect(begun.status).toBe(302);
    const there = new URL(begun.headers.get("location") ?? "");
    expect(there.origin).toBe(provider.issuer);
    expect(there.searchParams.get("code_challenge_method")).toBe("S256");
    const cookie = begun.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^__Host-rollcall-sign-in=.*; HttpOnly; Secure; SameSite=Lax$/);
    const own = cookie.split(";")[0] ?? "";
    const state = there.searchParams.get("state") ?? "";
    const iss = `&iss=${encodeURIComponent(provider.issuer)}`;
    for (const [query, sent, code] of [
      [`?code=x&state=${state}${iss}`, "", "signIn.unknown"],
      [`?code=x&state=${state}${iss}`, "__Host-rollcall-sign-in=bm9uc2Vuc2U", "signIn.unknown"],
      [`?code=x&state=other${iss}`, own, "signIn.provider"],
      [`?code=x&state=${state}${iss}`, own, "signIn.provider"],
      [`?code=x&state=${state}&iss=https%3A%2F%2Fevil.example.org`, own, "signIn.provider"],
      [`?error=access_denied&state=${state}${iss}`, own, "signIn.provider"],
      ["", own, "signIn.provider"],
    ] as const) {
      const answer = await back(query, sent);
      expect(answer.headers.get("location"), query).toBe(`/console/#refused=${code}`);
      expect(answer.headers.get("set-cookie") ?? "").not.toContain("__Host-rollcall=");
    }
    await browser.page.goto("about:blank");
  });

  test("a provider that is away is told, and asked again the next time", async () => {
    const text = readFileSync(place.config, "utf8");
    writeFileSync(place.config, text.replace(provider.issuer, "http://127.0.0.1:9"));
    place.hangups.tell();
    const ask = async (): Promise<string> => {
      const path = `${api.url}/api/rollcall/v1/sign-in/oidc`;
      const location = (await fetch(path, { redirect: "manual" })).headers.get("location") ?? "";
      return location.startsWith(provider.issuer) ? "the provider" : location;
    };
    await expect.poll(ask, { timeout: 60_000 }).toBe("/console/#refused=signIn.provider");
    writeFileSync(place.config, text);
    place.hangups.tell();
    await expect.poll(ask, { timeout: 60_000 }).toBe("the provider");
  });
});

test("a provider that calls itself otherwise than it was asked for signs nobody in", async () => {
  const port = await freePort();
  const provider = await startProvider(GROUPS, `http://127.0.0.1:${port}/callback`);
  // The same server by another name, as one of many organisations behind one address.
  const other = provider.issuer.replace("127.0.0.1", "localhost");
  const oidc = `oidc: { issuer: "${other}", clientId: ${CLIENT.id}, clientSecret: "${CLIENT.secret}", roles: { grp-viewers: viewer } }`;
  const api = await serveApi(place, oidc, port);
  const answer = await fetch(`${api.url}/api/rollcall/v1/sign-in/oidc`, { redirect: "manual" });
  expect(answer.headers.get("location")).toBe("/console/#refused=signIn.provider");
  await api.stop();
  await provider[Symbol.asyncDispose]();
  await browser.page.goto("about:blank");
});

test("what is wrong with the configuration of a provider is said before anything starts", async () => {
  const bad = (oidc: string): string => {
    const text = readFileSync(place.config, "utf8");
    return text.replace(/^http: .*$/m, `http: { oidc: ${oidc} }`);
  };
  for (const [oidc, words] of [
    [
      "{ issuer: 'http://idp.example.org', clientId: a, clientSecret: b, roles: { g: admin } }",
      "https://… is expected",
    ],
    [
      "{ issuer: 'https://idp.example.org/.well-known/openid-configuration', clientId: a, clientSecret: b, roles: { g: admin } }",
      "without /.well-known/",
    ],
    [
      "{ issuer: 'https://idp.example.org', clientId: a, clientSecret: b, roles: {} }",
      "nobody could sign in",
    ],
    [
      "{ issuer: 'https://idp.example.org', clientId: a, clientSecret: b, roles: { g: root } }",
      "http.oidc.roles.g",
    ],
    [
      "{ issuer: 'https://idp.example.org', clientId: a, clientSecret: '', roles: { g: admin } }",
      "it is empty",
    ],
  ] as const) {
    const file = place.file("bad.yaml", bad(oidc));
    const { status, err, out } = await place.run("check", "--config", file);
    expect(status, oidc).toBe(2);
    expect(err + out, oidc).toContain(words);
  }
  await browser.page.goto("about:blank");
});
