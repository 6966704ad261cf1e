/** The web console in a real browser, on a real daemon: who comes in, what is shown, what is decided. */
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { serveApi, type ServedApi } from "../support/api.ts";
import { barriers, closeBrowsers, openBrowser, type Browser } from "../support/browser.ts";
import { query } from "../support/postgres.ts";
import { SIMPLE_MAPPINGS, simplePerson, Workplace, type RunDocument } from "../support/rollcall.ts";
import { ScriptedScim } from "../support/scripted-scim.ts";

const PEOPLE = Array.from({ length: 30 }, (_, at) => simplePerson(`p${at}`));
const GROUP = `
dn: cn=Eng,ou=groups,dc=example,dc=org
objectClass: groupOfNames
entryUUID: group-eng
cn: Eng
member: uid=p0,ou=people,dc=example,dc=org
member: uid=p1,ou=people,dc=example,dc=org
`;
const HELD_ELSEWHERE = `insert into leases (name, holder, owner, fence, expires_at)
  values ('directory:corp', 'elsewhere process 1', gen_random_uuid(), 1, now() + interval '1 hour')
  on conflict (name) do update set holder = excluded.holder, owner = excluded.owner,
    expires_at = excluded.expires_at`;
/** Until a page has followed what happened. */
const PATIENCE = { timeout: 60_000 };

let place: Workplace;
let api: ServedApi;
let browser: Browser;
let scim: ScriptedScim;
let held: RunDocument;

/** Thirty people, of whom an import would remove twenty. */
async function people(): Promise<void> {
  const file = place.file("p.ldif", PEOPLE.join("") + GROUP);
  place.configure(
    `directories:\n  corp:\n    type: ldif\n    path: ${file}\n    groups: {}\n    onRemoval: deactivate${SIMPLE_MAPPINGS}` +
      `  guests:\n    type: ldif\n    path: ${place.file("g.ldif", GUESTS)}\n    onNoMatch: ignore\n    matching:\n      - { user: email, app: appuser.mail, onMatch: confirm }\n` +
      `apps:\n  dx:\n    type: scim\n    url: ${scim.url}\n    auth: { bearer: secret }\n    assign: [{ everyone: true }]\n    pushGroups: [{ directory: corp, name: Eng }, { directory: corp, name: Ops }]\n    provisioning: { create: true, update: true, deactivate: true }\n` +
      `  lab:\n    type: scim\n    url: ${scim.url}\n    auth: { bearer: secret }\n    assign: []\n    provisioning: { create: true, update: true, deactivate: true }\n` +
      `profile:\n  attributes:\n    floor: { title: Floor, type: integer }\n    tall: { title: Tall, type: boolean }\n    tags: { title: Tags, type: array }\n`,
  );
  expect(await place.run("import", "corp")).toMatchObject({ status: 0 });
  place.file("p.ldif", PEOPLE.slice(0, 10).join("") + GROUP);
  held = await place.json<RunDocument>("import", "corp");
  expect(held).toMatchObject({ status: "held", counts: { removed: 20 } });
}

beforeAll(async () => {
  place = await Workplace.create("postgres");
  scim = await ScriptedScim.start();
  await people();
  api = await serveApi(place, "configuration: writable");
});
afterAll(async () => {
  await closeBrowsers();
  await api.stop();
  await scim[Symbol.asyncDispose]();
  place.remove();
});
beforeEach(async () => {
  browser = await openBrowser();
});
afterEach(async () => {
  const { complaints } = browser;
  await browser[Symbol.asyncDispose]();
  expect(complaints).toEqual([]);
});

/** Of another directory: one who may be somebody who is known, and one who is nobody. */
const GUESTS = simplePerson("p1") + simplePerson("stranger");

async function link(role = "admin"): Promise<string> {
  return (await place.json<{ url: string }>("admin", "sign-in", "--role", role)).url;
}

/** The heading of a page that is not busy any more. */
async function heading(): Promise<string> {
  const { page } = browser;
  await page.waitForSelector('main[aria-busy="false"] h1');
  return await page.locator("h1").innerText();
}

async function signIn(role = "admin", path = "/console/"): Promise<void> {
  await browser.page.goto(await link(role));
  expect(await heading()).toBe("Dashboard");
  if (path !== "/console/") await browser.page.goto(api.url + path);
}

describe("who comes in", () => {
  test("whoever has no session is told the command, and nothing else", async () => {
    const { page } = browser;
    await page.goto(`${api.url}/`);
    expect(page.url()).toBe(`${api.url}/console/`);
    expect(await heading()).toBe("Sign in");
    expect(await page.locator("main").innerText()).toContain("npx rollcall admin sign-in");
    expect(await page.locator("nav").count()).toBe(0);
    expect(await barriers(page)).toEqual([]);
  });

  test("a link signs in once; its secret does not stay in the address, and opened again it says so", async () => {
    const { page } = browser;
    const url = await link();
    await page.goto(url);
    expect(await heading()).toBe("Dashboard");
    expect(page.url()).toBe(`${api.url}/console/`);
    await page.reload();
    expect(await heading()).toBe("Dashboard");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("You are signed out.").waitFor();
    await page.goto("about:blank");
    await page.goto(url);
    expect(await heading()).toBe("Sign in");
    expect(await page.locator("main").innerText()).toContain("This link was used already");
  });

  test("who may only look sees no button that changes something, and is refused all the same", async () => {
    const { page } = browser;
    await signIn("viewer", `/console/runs/${held.run}`);
    expect(await heading()).toBe("Import of corp");
    expect(await page.getByRole("button", { name: "Approve…" }).count()).toBe(0);
    expect(await page.getByRole("button", { name: "Cancel…" }).count()).toBe(0);
    const status = await page.evaluate(
      async (path) =>
        (
          await fetch(path, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: "{}",
          })
        ).status,
      `/api/rollcall/v1/runs/${held.run}/approve`,
    );
    expect(status).toBe(403);
  });

  test("whoever could not be signed out is not told to be", async () => {
    const { page } = browser;
    await signIn("viewer");
    await page.route("**/sign-out", (route) => route.abort());
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("The daemon does not answer.").waitFor();
    expect(await page.getByText("You are signed out.").count()).toBe(0);
    await page.unroute("**/sign-out");
  });

  test("an address that was cut within a sign is none of the console's", async () => {
    const { page } = browser;
    await signIn("viewer");
    await page.goto(`${api.url}/console/people/%E0%A4%A`);
    await page.getByRole("heading", { name: "Nothing is here" }).waitFor();
    expect(await page.locator("nav").count()).toBe(0);
  });

  test("a session that ends while a page is open leads to signing in", async () => {
    const { page } = browser;
    await signIn();
    const [session] = await place.json<{ id: string }[]>("admin", "sessions");
    await place.run("admin", "sign-out", session?.id ?? "");
    await page.getByRole("link", { name: "People" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await page.locator("main").innerText()).toContain("Your session has ended");
  });
});

test("every page has one heading, a title of its own, and no barrier, in light and dark", async () => {
  const { page } = browser;
  await signIn();
  const titles = new Set<string>();
  for (const [path, name] of [
    ["", "Dashboard"],
    ["directories", "Directory Integrations"],
    ["directories/corp", "corp"],
    ["new-directory", "Add a directory"],
    ["directories/corp/mappings", "Okta Attribute Mappings of corp"],
    ["apps", "Applications"],
    ["apps/dx", "dx"],
    ["results", "Import results"],
    ["people", "People"],
    ["people/p1@example.org", "p1@example.org"],
    ["runs", "Import Monitoring"],
    [`runs/${held.run}`, "Import of corp"],
    ["tasks", "Tasks"],
    ["logs", "System Log"],
    ["profile", "Profile Editor"],
    ["settings", "Settings"],
    ["nowhere", "Nothing is here"],
  ] as const) {
    await page.goto(`${api.url}/console/${path}`);
    await page.locator("h1", { hasText: name }).waitFor();
    expect(await heading(), path).toBe(name);
    expect(await page.locator("h1").count(), path).toBe(1);
    expect(await page.locator("main").count(), path).toBe(1);
    expect(await page.locator("main .fault").count(), path).toBe(0);
    titles.add(await page.title());
    expect(await barriers(page), path).toEqual([]);
  }
  expect(titles.size).toBe(17);
});

test("the pages are served under a policy that lets nothing in but their own files", async () => {
  const answer = await fetch(`${api.url}/console/runs`);
  const policy = answer.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(policy).not.toMatch(/unsafe|\*/);
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
  const again = await fetch(`${api.url}/console/console.js`);
  const tag = again.headers.get("etag") ?? "";
  const same = await fetch(`${api.url}/console/console.js`, { headers: { "if-none-match": tag } });
  expect(same.status).toBe(304);
  for (const path of ["../package.json", "%2e%2e/package.json", "..%2fpackage.json", "no.js"])
    expect((await fetch(`${api.url}/console/${path}`)).status, path).not.toBe(200);
  await browser.page.goto(api.url);
});

describe("a held import", () => {
  test("says why, whom it concerns and by what; each count leads to exactly these people", async () => {
    const { page } = browser;
    await signIn("admin", `/console/runs/${held.run}`);
    await heading();
    const text = await page.locator("section.held").innerText();
    expect(text).toContain("nothing is applied");
    expect(text).toContain(held.held?.reason ?? "no reason");
    await page.getByRole("link", { name: "20 removed" }).click();
    await page.waitForURL("**?action=removed");
    await page.locator("tbody tr").nth(19).waitFor();
    expect(await page.locator("tbody tr").count()).toBe(20);
    // The address is the view.
    await page.reload();
    await page.locator("tbody tr").nth(19).waitFor();
    await page.getByLabel("Login begins with").fill("p29");
    await page.getByRole("button", { name: "Filter" }).click();
    await page.waitForURL("**login=p29");
    await page.getByRole("cell", { name: "p29@example.org" }).waitFor();
    await expect.poll(() => page.locator("tbody tr").count(), PATIENCE).toBe(1);
    expect(page.url()).toContain("action=removed");
  });

  test("is not approved by a window that was left open: it asks to sign in again", async () => {
    const { page } = browser;
    await signIn("admin", `/console/runs/${held.run}`);
    await heading();
    await query(
      place.databaseUrl ?? "",
      "update sessions set authenticated_at = authenticated_at - interval '16 minutes'",
    );
    await page.getByRole("button", { name: "Approve…" }).click();
    const question = page.getByRole("dialog");
    await question.getByRole("textbox").fill("20");
    await question.getByRole("button", { name: "Approve" }).click();
    const alert = await question.getByRole("alert").innerText();
    expect(alert).toContain("needs a sign-in of the last 15 minutes");
    expect(await barriers(page)).toEqual([]);
    expect(await place.json<RunDocument>("imports", "show", held.run)).toMatchObject({
      status: "held",
    });
  });

  test("is approved by whoever types the number; Escape closes the question and gives the focus back", async () => {
    const { page } = browser;
    await signIn("admin", `/console/runs/${held.run}`);
    await heading();
    const approve = page.getByRole("button", { name: "Approve…" });
    await approve.focus();
    await page.keyboard.press("Enter");
    const question = page.getByRole("dialog");
    await question.waitFor();
    expect(await question.innerText()).toContain("20 people of 30 are missing in the read");
    expect(await barriers(page)).toEqual([]);
    await page.keyboard.press("Escape");
    // One that is closed, but still there, has no role any more.
    await page.locator("dialog").waitFor({ state: "detached" });
    expect(await page.locator(":focus").innerText()).toBe("Approve…");
    await page.keyboard.press("Enter");
    const button = question.getByRole("button", { name: "Approve" });
    const field = question.getByRole("textbox");
    for (const wrong of ["19", "200", "twenty"]) {
      await field.fill(wrong);
      expect(await button.isDisabled()).toBe(true);
    }
    await field.fill("20");
    await page.keyboard.press("Enter");
    // The page follows the run by itself, to its end.
    await page.locator("main .badge", { hasText: "done" }).first().waitFor();
    const run = await place.json<RunDocument & { decidedBy: string }>("imports", "show", held.run);
    expect(run.status).toBe("done");
    expect(run.decidedBy).toBeTruthy();
    expect((await place.users()).get("p29@example.org")?.status).toBe("deprovisioned");
    expect(await page.getByRole("button", { name: "Approve…" }).count()).toBe(0);
  });
});

test("an import is started from its directory, and what it did is a page with an address", async () => {
  const { page } = browser;
  await signIn("operator", "/console/directories/corp");
  await heading();
  await page.getByRole("button", { name: "Import now" }).click();
  await page.waitForURL("**/console/runs/*");
  await page.locator("main .badge", { hasText: "done" }).first().waitFor();
  expect(await page.locator("main").innerText()).toContain("the read is proven to be whole");
  expect(await page.locator("main").innerText()).toMatch(/reading [\d.]+ s/);
  await page.goto(`${api.url}/console/settings`);
  await heading();
  expect(await page.getByText("As it was loaded").count()).toBe(0);
});

test("a dry run is repeated by the request that it was asked for by, and by nobody who does not know it", async () => {
  const { page } = browser;
  const other = await place.json<RunDocument>(
    "force-sync",
    "corp",
    "--dry-run",
    "--user",
    "p1@example.org",
  );
  await signIn("operator", `/console/runs/${other.run}`);
  await page.locator("main .badge", { hasText: "done" }).first().waitFor();
  expect(await page.getByRole("button", { name: "Do it now" }).count()).toBe(0);
  await page.goto(`${api.url}/console/directories/corp`);
  await page.getByRole("button", { name: "Force Sync (dry run first)" }).click();
  await page.waitForURL("**/console/runs/*");
  await page.getByRole("button", { name: "Do it now" }).click();
  await page.locator("h1", { hasText: /^Force Sync of corp$/ }).waitFor();
  await page.locator("main .badge", { hasText: "done" }).first().waitFor();
});

test("a person shows each value with its source, and why it is not another one", async () => {
  const { page } = browser;
  await signIn("helpdesk", "/console/people?q=p1");
  await page.getByRole("link", { name: "p1@example.org" }).click();
  expect(await heading()).toBe("p1@example.org");
  const row = page.getByRole("row", { name: /^lastName/ });
  expect(await row.locator(".badge").innerText()).toBe("corp");
  const why = row.getByRole("button", { name: /Why/ });
  await why.click();
  expect(await why.getAttribute("aria-expanded")).toBe("true");
  await page.locator(".why li").first().waitFor();
  expect(await page.locator(".why").innerText()).toContain("mapping (corp)");
  expect(await barriers(page)).toEqual([]);
  // On into an app, and by what they say now.
  await page.getByRole("button", { name: "On to dx" }).click();
  await page.locator(".why li", { hasText: "kept by the app" }).waitFor();
  const live = page.waitForResponse(/\/explain\?.*app=dx.*live=true/);
  await page.getByRole("button", { name: "Ask them now" }).click();
  expect((await live).status()).toBe(200);
  await page.getByText("Additional LDAP Attributes of corp").click();
  await page.locator("details dt", { hasText: "givenName" }).waitFor();
});

test("the dashboard shows how many people there were over time", async () => {
  const { page } = browser;
  await query(
    place.databaseUrl ?? "",
    "insert into people_days (day, active, others) values ('2026-01-01', 5, 0), ('2026-01-20', 1200, 3)",
  );
  await signIn("viewer");
  const plot = page.getByRole("img", { name: /^Active people: 5 on 2026-01-01, / });
  await plot.waitFor();
  expect(await plot.getAttribute("aria-label")).toContain("at most 1,200");
  expect(await barriers(page)).toEqual([]);
});

test("the System Log keeps its filter in the address, and an event opens what is behind it", async () => {
  const { page } = browser;
  await signIn("viewer", "/console/logs");
  await page.getByLabel(/^Filter/).fill('eventType eq "system.import.complete"');
  await page.getByRole("button", { name: "Filter" }).click();
  await page.waitForURL(/filter=/);
  const rows = page.locator("tbody tr");
  await expect
    .poll(async () => new Set(await rows.locator("summary").allInnerTexts()), PATIENCE)
    .toEqual(new Set(["Import process complete"]));
  await page.locator("tbody summary").first().click();
  await page.locator("tbody dl").first().waitFor();
});

test("times are shown as ages, by the local clock or in UTC, and the browser remembers which", async () => {
  const { page } = browser;
  await signIn("viewer", "/console/logs");
  const first = page.locator("tbody time").first();
  await first.waitFor();
  expect(await first.innerText()).toMatch(/ago|now/);
  await page.getByLabel("Times").selectOption("UTC");
  const at = new Date((await first.getAttribute("datetime")) ?? "");
  const hour = String(at.getUTCHours() % 12 || 12);
  expect(await first.innerText()).toMatch(new RegExp(` ${hour}:\\d\\d:\\d\\d.* UTC$`));
  await page.reload();
  await first.waitFor();
  expect(await first.innerText()).toMatch(/ UTC$/);
  await page.getByLabel("Times").selectOption("local time");
  expect(await first.innerText()).not.toMatch(/UTC|ago/);
});

test("live updates are paused by whoever reads, and what happened meanwhile shows when they go on", async () => {
  const { page } = browser;
  await signIn("viewer", "/console/runs");
  const rows = page.locator("tbody tr");
  await rows.first().waitFor();
  await page.getByLabel("Live updates").uncheck();
  const before = await rows.count();
  expect(await place.run("import", "guests", "--dry-run")).toMatchObject({ status: 0 });
  expect(await rows.count()).toBe(before);
  await page.getByLabel("Live updates").check();
  await expect.poll(() => rows.count(), PATIENCE).toBe(before + 1);
});

test("another mapping is tried for everybody and for one person before it is anywhere", async () => {
  const { page } = browser;
  await signIn("helpdesk", "/console/directories/corp");
  await heading();
  await page.getByRole("link", { name: /mappings, and what others/ }).click();
  await page.getByRole("button", { name: "Try lastName" }).click();
  const expression = page.getByLabel("Expression");
  await expression.fill("String.toUpperCase(appuser.sn)");
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByText(/would get another lastName/).waitFor();
  expect(await page.locator("main pre").innerText()).toBe(
    'lastName: "String.toUpperCase(appuser.sn)"',
  );
  await page.getByLabel(/^Login/).fill("p1@example.org");
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByText("Would be").waitFor();
  expect(await barriers(page)).toEqual([]);
  // Nobody saves what was not tried.
  expect(await page.getByText("In the configuration, at").count()).toBe(1);
  await expression.fill("String.toUpperCase(appuser.sn");
  expect(await page.getByText("In the configuration, at").count()).toBe(0);
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByRole("alert").waitFor();
  expect((await place.users()).get("p1@example.org")?.profile["lastName"]).not.toMatch(/^[A-Z]+$/);
});

test("while an expression is typed, its faults show with their place, and words are completed by keys alone", async () => {
  const { page } = browser;
  await signIn("helpdesk", "/console/directories/corp/mappings");
  await page.getByRole("button", { name: "Try lastName" }).click();
  const expression = page.getByLabel("Expression");
  await expression.fill("");
  await expression.pressSequentially("String.toUpp");
  const words = page.getByLabel("Names and functions");
  await words.waitFor();
  expect(await words.innerText()).toContain("String.toUpperCase(input)");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.keyboard.type("sn", { delay: 20 });
  await words.getByText("appuser.sn").waitFor({ state: "attached" });
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  expect(await expression.inputValue()).toBe("String.toUpperCase(appuser.sn");
  const faults = page.locator(".expression output:not(.hidden)");
  await expect.poll(() => faults.locator("pre").innerText(), PATIENCE).toMatch(/^String.*\n +\^$/);
  await page.keyboard.type(")");
  await expect.poll(() => faults.locator("pre").count(), PATIENCE).toBe(0);
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByText(/would get another lastName/).waitFor();
});

test("words that come after what was typed are offered when they come", async () => {
  const { page } = browser;
  const typed = Promise.withResolvers<void>();
  await page.route("**/expressions/words?**", async (route) => {
    await typed.promise;
    await route.continue();
  });
  await signIn("helpdesk", "/console/directories/corp/mappings");
  await page.getByRole("button", { name: "Try lastName" }).click();
  const expression = page.getByLabel("Expression");
  await expression.fill("");
  await expression.pressSequentially("String.toUpp");
  expect(await page.getByLabel("Names and functions").count()).toBe(0);
  typed.resolve();
  await page.getByLabel("Names and functions").waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  expect(await expression.inputValue()).toBe("String.toUpperCase(");
});

test("an entry that may be somebody is decided: it is that person, or nobody", async () => {
  const { page } = browser;
  await place.run("import", "guests");
  await signIn("operator", "/console/results");
  const rows = page.locator("tbody tr");
  await rows.first().waitFor();
  expect(await rows.count()).toBe(2);
  const stranger = page.getByRole("row", { name: /stranger/ });
  await stranger.getByRole("button", { name: "Ignore" }).click();
  await expect.poll(() => rows.count(), PATIENCE).toBe(1);
  await page.getByRole("button", { name: "It is p1@example.org…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Confirm" }).click();
  await page.getByText("No entry waits for a decision.").waitFor();
  const { appUsers } = await place.json<{ appUsers: { directory: string }[] }>(
    "users",
    "show",
    "p1@example.org",
  );
  expect(appUsers.map(({ directory }) => directory)).toContain("guests");
  await page.goto(`${api.url}/console/results?ignored=true`);
  await page.getByRole("button", { name: "Take it up again" }).click();
  await page.getByText("No entry waits for a decision.").waitFor();
});

test("an entry belongs to somebody else, or to nobody here; what cannot be is said, and a link is cut when it is seen what that changes", async () => {
  const { page } = browser;
  await place.run("import", "guests");
  await signIn("operator", "/console/results");
  const dialog = page.getByRole("dialog");
  const stranger = page.getByRole("row", { name: /stranger/ });
  await stranger.getByRole("button", { name: "Somebody else…" }).click();
  await dialog.getByLabel("Login").fill("nobody@example.org");
  await dialog.getByRole("button", { name: "Confirm" }).click();
  await dialog.getByRole("alert").waitFor();
  expect(await dialog.innerText()).toMatch(/no user.*nobody@example\.org/i);
  await dialog.getByLabel("Login").fill("p2@example.org");
  await dialog.getByRole("button", { name: "Confirm" }).click();
  await page.getByText("No entry waits for a decision.").waitFor();
  await page.goto(`${api.url}/console/people/p2@example.org`);
  await page.getByText("Additional LDAP Attributes of guests").click();
  await page.getByRole("button", { name: "Unlink from guests…" }).click();
  await dialog.getByText("What would change in the profile:").waitFor();
  expect(await barriers(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Unlink" }).click();
  await page.getByText("Additional LDAP Attributes of guests").waitFor({ state: "detached" });
  // It was set aside: nobody is asked again.
  await page.goto(`${api.url}/console/results`);
  await page.getByText("No entry waits for a decision.").waitFor();
  await page.goto(`${api.url}/console/results?ignored=true`);
  await page.getByRole("button", { name: "Take it up again" }).click();
  await page.getByText("No entry waits for a decision.").waitFor();
  await page.goto(`${api.url}/console/results`);
  await stranger.getByRole("button", { name: "Somebody new…" }).click();
  // The mappings of this directory give no logins: that is said before anything is done.
  await page.getByText("login has no value, but is required.").waitFor();
  expect(await dialog.count()).toBe(0);
  expect(await stranger.count()).toBe(1);
});

test("an app shows who is assigned, why, and how far each account is; a push is seen before it is made", async () => {
  const { page } = browser;
  await signIn("operator", "/console/apps");
  await page.getByRole("link", { name: "dx" }).click();
  expect(await heading()).toBe("dx");
  await page.getByRole("button", { name: "Push (dry run first)" }).click();
  await page.waitForURL("**/console/runs/*");
  await page.locator("main .badge", { hasText: "done" }).first().waitFor();
  expect(await heading()).toBe("Push of dx (dry run)");
  await page.getByRole("button", { name: "Do it now" }).click();
  await page.locator("h1", { hasText: /^Push of dx$/ }).waitFor();
  await page.locator("main .badge", { hasText: "done" }).first().waitFor();
  await page.goto(`${api.url}/console/apps/dx`);
  await page.getByText("SYNCHRONIZED").first().waitFor();
  expect(await page.getByRole("row", { name: /p1@example.org/ }).innerText()).toContain("everyone");
  // Accounts of the app that belong to nobody here, read from it now.
  scim.addUser({ userName: "left-behind@example.org" });
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "unknown accounts" }).click();
  const file = readFileSync(await (await download).path(), "utf8").split("\r\n");
  expect(file[0]).toBe("externalId,userName,active,emails,login,profile");
  expect(file.slice(1, -1).map((line) => line.split(",")[1])).toEqual(["left-behind@example.org"]);
  expect(await barriers(page)).toEqual([]);
});

test("what an app would be sent for one person is shown, by another expression, too", async () => {
  const { page } = browser;
  await signIn("helpdesk", "/console/apps/dx");
  await page.getByText("Mappings", { exact: true }).click();
  await page.getByLabel("Login").fill("p3@example.org");
  await page.getByRole("button", { name: "Preview" }).click();
  const shown = page.getByRole("region", { name: "Preview for p3@example.org" });
  await shown.waitFor();
  expect(await shown.innerText()).toContain("is assigned by everyone");
  await page.getByLabel("With another expression for").selectOption("title");
  expect(await shown.count()).toBe(0);
  await page.getByLabel("Expression", { exact: true }).fill('"Dr " + appuser.sn');
  await page.locator(".expression output pre").waitFor();
  await page.getByLabel("Expression", { exact: true }).fill('"Dr " + user.lastName');
  await page.getByRole("button", { name: "Preview" }).click();
  await shown.waitFor();
  const row = shown.getByRole("row", { name: /^title / });
  expect(await row.innerText()).toMatch(/user.lastName: .*\sDr /);
  expect(await shown.locator("pre").first().innerText()).toContain('"title": "Dr ');
  expect(await barriers(page)).toEqual([]);
});

test("pushed groups are shown with their members, and an assignment by a rule becomes one by hand", async () => {
  const { page } = browser;
  expect(await place.run("push", "dx")).toMatchObject({ status: 0 });
  await signIn("operator", "/console/apps/dx");
  const groups = page.getByRole("table", { name: /^Groups that are pushed/ });
  const eng = groups.getByRole("row", { name: /^Eng/ });
  await eng.waitFor();
  expect(await eng.innerText()).toMatch(/active[\s\S]*\b2$/);
  expect(await groups.getByRole("row", { name: /^Ops/ }).innerText()).toContain("waiting");
  await page.getByRole("button", { name: "Convert to a person: p5@example.org" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Convert" }).click();
  await page.getByRole("button", { name: "Unassign p5@example.org" }).waitFor(PATIENCE);
  expect(await barriers(page)).toEqual([]);
});

test("a mapping that was tried is saved as a new version of the configuration", async () => {
  const { page } = browser;
  await signIn("admin", "/console/directories/corp/mappings");
  await page.getByRole("button", { name: "Try title" }).click();
  await page.getByLabel("Expression").fill('"Dr " + appuser.sn');
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByText(/would get another title/).waitFor();
  await page.getByRole("button", { name: "Save in the configuration…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByRole("row", { name: /^title "Dr "/ }).waitFor();
  expect(readFileSync(place.config, "utf8")).toContain("Dr ");
  const [event] = await place.events('eventType eq "system.configuration.update"');
  expect(event).toMatchObject({ actor: { type: "User" } });
});

test("a decision that is refused says so where it was made, and one that is held does not look done", async () => {
  const { page } = browser;
  const url = place.databaseUrl ?? "";
  await signIn("operator", "/console/people/p4@example.org");
  await page.getByText("Additional LDAP Attributes of corp").click();
  await query(url, HELD_ELSEWHERE);
  await page.getByRole("button", { name: "Unlink from corp…" }).click();
  await page
    .getByRole("alert")
    .getByText(/in use by a run of elsewhere/)
    .waitFor(PATIENCE);
  await query(url, "delete from leases where name = 'directory:corp'");
  await page.getByRole("button", { name: "Unlink from corp…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("What would change in the profile:").waitFor();
  await query(url, HELD_ELSEWHERE);
  await dialog.getByRole("button", { name: "Unlink" }).click();
  await dialog
    .getByRole("alert")
    .getByText(/in use by a run of elsewhere/)
    .waitFor(PATIENCE);
  await query(url, "delete from leases where name = 'directory:corp'");
  // As the safeguard answers: nothing of it is done.
  const reason = "1 of 10 people would be removed";
  await page.route("**/unlink", async (route) => {
    const { dryRun, ...asked } = route.request().postDataJSON() as { dryRun: boolean };
    const response = await route.fetch({ postData: { ...asked, dryRun: true } });
    const run = (await response.json()) as object;
    const held = dryRun
      ? {}
      : { status: "held", held: { reason, removals: 1, of: "people", total: 10 } };
    await route.fulfill({ json: { ...run, ...held } });
  });
  await dialog.getByRole("button", { name: "Unlink" }).click();
  await dialog
    .getByRole("alert")
    .getByText(
      `It is held, and nothing is changed yet. Whoever may approve finds it under Import Monitoring. ${reason}`,
    )
    .waitFor(PATIENCE);
  expect((await place.users()).get("p4@example.org")?.status).toBe("active");
});

test("mappings that Okta exported are compared, tried for everybody, and saved together", async () => {
  const { page } = browser;
  await signIn("admin", "/console/directories/corp/mappings");
  await page.getByText("Several at once, as Okta exports them").click();
  const form = page.locator("details form");
  const text = form.getByLabel("Exported mapping (JSON)");
  const preview = form.getByRole("button", { name: "Preview" });
  await text.fill("{");
  await preview.click();
  await page.getByText("It is not the JSON of a mapping.").waitFor();
  await text.fill(JSON.stringify({ properties: { nickName: { expression: "1 +" } } }));
  await preview.click();
  await page.getByText("They cannot be mappings here:").waitFor();
  expect(await page.getByRole("button", { name: "Save in the configuration…" }).count()).toBe(0);
  const properties = {
    email: { expression: "appuser.mail", pushStatus: "PUSH" },
    nickName: { expression: "active_directory_0oa1.sn", pushStatus: "PUSH" },
    organization: { expression: '"Example"', pushStatus: "DONT_PUSH" },
  };
  await text.fill(JSON.stringify({ id: "prm1", properties }));
  await form.getByLabel("What corp is called there").fill("active_directory_0oa1");
  await preview.click();
  await page.getByText(/nickName, for \d+ people/).waitFor();
  expect(await page.getByRole("row", { name: /^nickName — corp\.sn/ }).count()).toBe(1);
  expect(await page.getByRole("row", { name: /^email —/ }).count()).toBe(0);
  expect(
    await page.getByRole("row", { name: /^organization — "Example" on creation$/ }).count(),
  ).toBe(1);
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Save in the configuration…" }).click();
  await page.getByRole("dialog").getByText("Put 2 mappings of corp").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByRole("row", { name: /^nickName corp\.sn/ }).waitFor();
  await page.getByRole("row", { name: /^organization "Example" on creation Try/ }).waitFor();
});

test("somebody is invited, and a token is made; each is shown once, and good for what its role may", async () => {
  const { page } = browser;
  await signIn("admin", "/console/settings");
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Make a token…" }).click();
  await dialog.getByLabel("Name").fill("of the console");
  await dialog.getByLabel("Role").selectOption("helpdesk");
  await dialog.getByRole("button", { name: "Make the token" }).click();
  const secret = await page.locator("output pre").innerText();
  await page.getByRole("row", { name: /^of the console helpdesk/ }).waitFor();
  const asked = await fetch(`${api.url}/api/rollcall/v1/me`, {
    headers: { authorization: `Bearer ${secret.trim()}` },
  });
  expect(await asked.json()).toMatchObject({ name: "of the console", role: "helpdesk" });
  await page.getByRole("button", { name: "Hide it" }).click();
  expect(await page.locator("output pre").count()).toBe(0);
  await page.getByRole("button", { name: "Invite somebody…" }).click();
  await dialog.getByLabel("Role").selectOption("viewer");
  await dialog.getByRole("button", { name: "Make the link" }).click();
  const link = (await page.locator("output pre").innerText()).trim();
  expect(await barriers(page)).toEqual([]);
  await using other = await openBrowser();
  await other.page.goto(link);
  await other.page.locator("h1", { hasText: "Dashboard" }).waitFor();
  await other.page.goto(`${api.url}/console/settings`);
  await other.page.getByText(/role viewer/).waitFor();
  expect(await other.page.getByRole("button", { name: "Invite somebody…" }).count()).toBe(0);
});

test("an administrator sees the configuration as it was loaded, and no secret of it", async () => {
  const { page } = browser;
  await signIn("admin", "/console/settings");
  await page.getByText("As it was loaded, without secrets").click();
  const shown = await page.locator("details pre").innerText();
  expect(shown).toContain('"directories"');
  expect(shown).not.toContain('"secret"');
  expect(await barriers(page)).toEqual([]);
});

test("a person is edited and suspended by hand; what a directory owns is refused, with whose it is", async () => {
  const { page } = browser;
  await signIn("operator", "/console/people/p2%40example.org");
  await heading();
  await page.getByRole("button", { name: "Edit lastName" }).click();
  const question = page.getByRole("dialog");
  await question.getByLabel("lastName").fill("Other");
  await question.getByRole("button", { name: "Save" }).click();
  await question.getByRole("alert").waitFor();
  expect(await question.getByRole("alert").innerText()).toContain("corp");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Suspend…" }).click();
  await question.getByRole("button", { name: "Suspend" }).click();
  await page.locator("main .badge", { hasText: "suspended" }).waitFor();
  await page.getByRole("button", { name: "Unsuspend…" }).click();
  await question.getByRole("button", { name: "Unsuspend" }).click();
  await page.locator("main .badge", { hasText: "active" }).first().waitFor();
  expect((await place.users()).get("p2@example.org")).toMatchObject({ status: "active" });
});

test("numbers, truths and lists are edited as what they are", async () => {
  const { page } = browser;
  const set = ["users", "set", "p3@example.org"];
  for (const one of ["floor=3", "tall=true", 'tags=["a","b"]'])
    expect(await place.run(...set, one), one).toMatchObject({ status: 0 });
  await signIn("operator", "/console/people/p3%40example.org");
  await heading();
  const question = page.getByRole("dialog");
  const edit = async (name: string, text: string): Promise<void> => {
    await page.getByRole("button", { name: `Edit ${name}` }).click();
    await question.getByRole("textbox").fill(text);
    await question.getByRole("button", { name: "Save" }).click();
  };
  await edit("floor", "third");
  await question.getByText("A number is expected.").waitFor();
  await page.keyboard.press("Escape");
  await edit("floor", "12");
  await question.waitFor({ state: "detached" });
  await edit("tall", "false");
  await question.waitFor({ state: "detached" });
  await edit("tags", "b\nc, d\n");
  await question.waitFor({ state: "detached" });
  const { profile } = (await place.users()).get("p3@example.org") ?? {};
  expect(profile).toMatchObject({ floor: 12, tall: false, tags: ["b", "c, d"] });
});

test("somebody whom no directory has is added by hand, and whoever may only look is not offered it", async () => {
  const { page } = browser;
  await signIn("operator", "/console/people");
  await page.getByRole("button", { name: "Add a person…" }).click();
  const question = page.getByRole("dialog");
  await question.getByLabel("First name").fill("Grace");
  await question.getByLabel("Last name").fill("Hopper");
  await question.getByLabel("E-mail", { exact: true }).fill("no address");
  expect(await barriers(page)).toEqual([]);
  await question.getByRole("button", { name: "Add" }).click();
  expect(await question.getByRole("alert").innerText()).toContain("email");
  await question.getByLabel("E-mail", { exact: true }).fill("grace@example.org");
  await question.getByRole("button", { name: "Add" }).click();
  await page.waitForURL("**/console/people/grace%40example.org");
  expect(await heading()).toBe("grace@example.org");
  expect((await place.users()).get("grace@example.org")).toMatchObject({
    status: "active",
    profile: { firstName: "Grace", lastName: "Hopper" },
  });
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You are signed out.").waitFor();
  await signIn("viewer", "/console/people");
  await heading();
  expect(await page.getByRole("button", { name: "Add a person…" }).count()).toBe(0);
});

test("somebody is assigned to an app by hand, and taken off again", async () => {
  const { page } = browser;
  await signIn("operator", "/console/apps/lab");
  await page.getByText("Nobody is assigned.").waitFor();
  await page.getByRole("button", { name: "Assign…" }).click();
  const question = page.getByRole("dialog");
  await question.getByLabel("Login").fill("nobody@example.org");
  await question.getByRole("button", { name: "Assign" }).click();
  await question.getByRole("alert").waitFor();
  await question.getByLabel("Login").fill("p3@example.org");
  await question.getByRole("button", { name: "Assign" }).click();
  const row = page.getByRole("row", { name: /p3@example.org/ });
  await row.waitFor();
  expect(await row.innerText()).toContain("person");
  expect(await barriers(page)).toEqual([]);
  await row.getByRole("button", { name: "Unassign p3@example.org" }).click();
  await question.getByRole("button", { name: "Unassign" }).click();
  await expect
    .poll(
      async () => (await page.locator("tbody").first().innerText()).includes("person"),
      PATIENCE,
    )
    .toBe(false);
});
