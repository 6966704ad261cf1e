/**
 * The ways that Okta's own documents send administrators, under the names that they have there: each
 * ends at an answer. And what happens to a page while others decide and daemons come and go.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { serveApi, type ServedApi } from "../support/api.ts";
import { useBrowser } from "../support/browser.ts";
import { SIMPLE_MAPPINGS, simplePerson, Workplace, type RunDocument } from "../support/rollcall.ts";
import { ScriptedScim } from "../support/scripted-scim.ts";

let place: Workplace;
let api: ServedApi;
const browser = useBrowser();
let scim: ScriptedScim;

const PATIENCE = { timeout: 60_000 };
const UIDS = Array.from({ length: 12 }, (_, at) => `p${at}`);
const WRITABLE = "configuration: writable";

function people(title: string): void {
  const all = UIDS.map((uid) => simplePerson(uid, { title }));
  place.file("p.ldif", all.join(""));
}

beforeAll(async () => {
  place = await Workplace.create("postgres");
  scim = await ScriptedScim.start();
  people("Analyst");
  const app = `type: scim\n    url: ${scim.url}\n    auth: { bearer: secret }\n    provisioning: { create: true, update: true }`;
  place.configure(
    `directories:\n  corp:\n    type: ldif\n    path: ${place.file("p.ldif", "")}${SIMPLE_MAPPINGS}` +
      `apps:\n  dx:\n    ${app}\n    assign: [everyone]\n  lab:\n    ${app}\n    assign: []\n`,
  );
  people("Analyst");
  expect(await place.run("import", "corp")).toMatchObject({ status: 0 });
  expect(await place.run("push", "dx")).toMatchObject({ status: 0 });
  api = await serveApi(place, WRITABLE);
});
afterAll(async () => {
  await api.stop();
  await scim[Symbol.asyncDispose]();
  place.remove();
});
beforeEach(async () => {
  const { url } = await place.json<{ url: string }>("admin", "sign-in");
  await browser().page.goto(url);
  await at("Dashboard");
});

/** Waits until the page of this heading stands. */
async function at(heading: string | RegExp): Promise<void> {
  await browser().page.locator('main[aria-busy="false"] h1', { hasText: heading }).waitFor();
}

/** Follows links, each by its name. */
async function follow(...names: readonly string[]): Promise<void> {
  for (const name of names)
    await browser().page.getByRole("link", { name, exact: true }).first().click();
}

/** The dry run that a button begins, and then the same in earnest. */
async function dryThenEarnest(button: string, heading: RegExp): Promise<void> {
  const { page } = browser();
  await page.getByRole("button", { name: button }).click();
  await page.waitForURL("**/console/runs/*");
  await page.getByRole("button", { name: "Do it now" }).click();
  await page.locator("h1", { hasText: heading }).waitFor();
  await page.locator("main .badge", { hasText: "done" }).first().waitFor();
}

describe("paths of Okta's documents", () => {
  test("Directory Integrations > instance > To Okta > Force Sync ends at who was changed", async () => {
    const { page } = browser();
    await follow("Directory Integrations", "corp");
    await at("corp");
    await page.getByRole("heading", { name: "To Okta" }).waitFor();
    await dryThenEarnest("Force Sync (dry run first)", /^Force Sync of corp$/);
    expect(await page.getByRole("list", { name: "Counts" }).innerText()).toMatch(/12\s+unchanged/);
  });

  test("Provisioning > Integration > Test ends at whether the directory, or the app, answers", async () => {
    const { page } = browser();
    for (const [list, name] of [
      ["Directory Integrations", "corp"],
      ["Applications", "dx"],
    ] as const) {
      await follow(list, name);
      await at(name);
      await page.getByRole("button", { name: "Test", exact: true }).click();
      await page.locator("output .badge", { hasText: "SUCCESS" }).first().waitFor();
    }
    const [checked] = await page.locator("dd output").allInnerTexts();
    expect(checked).toMatch(/SUCCESS .+/);
  });

  test("the user's profile > Additional attributes ends at what the directory gave", async () => {
    const { page } = browser();
    await follow("People", "p1@example.org");
    await at("p1@example.org");
    await page.getByText("Additional LDAP Attributes of corp").click();
    const title = page.locator("details dt", { hasText: /^title$/ });
    expect(await title.locator("xpath=following-sibling::dd[1]").innerText()).toBe("Analyst");
  });

  test("Profile Editor > Mappings > Preview ends at what an expression would give", async () => {
    const { page } = browser();
    await follow("Profile Editor");
    await at("Profile Editor");
    await page
      .getByRole("row", { name: /^title / })
      .getByRole("link", { name: "corp" })
      .click();
    await at("Okta Attribute Mappings of corp");
    await page.getByRole("button", { name: "Try title" }).click();
    await page.getByLabel(/^Login/).fill("p1@example.org");
    await page.getByRole("button", { name: "Preview" }).click();
    const gives = page.locator("dt", { hasText: /^Gives$/ });
    expect(await gives.locator("xpath=following-sibling::dd[1]").innerText()).toBe("Analyst");
  });

  test("System Log > expand > DebugData ends at what was decided", async () => {
    const { page } = browser();
    await follow("System Log");
    await follow("Profile updates that failed");
    await page.getByText("There is no such event.").waitFor();
    expect(await page.getByLabel(/^Filter/).inputValue()).toContain("update_from_master_failed");
    await page.getByLabel(/^Filter/).fill('eventType eq "system.import.complete"');
    await page.getByRole("button", { name: "Filter" }).click();
    await page.waitForURL(/import.complete/);
    await page.locator("tbody summary").first().click();
    const name = page.locator("tbody dt", { hasText: "AppName" }).first();
    expect(await name.locator("xpath=following-sibling::dd[1]").innerText()).toBe("corp");
  });

  test("an application > To App > Force Sync sends what differs from the last push, which is nothing", async () => {
    const { page } = browser();
    people("Director");
    expect(await place.run("import", "corp")).toMatchObject({ status: 0 });
    // The daemon has sent it by itself before anybody looks.
    const titles = (): unknown[] => [...scim.users.values()].map((user) => user["title"]);
    await expect.poll(titles, PATIENCE).toEqual(UIDS.map(() => "Director"));
    await follow("Applications", "dx");
    await at("dx");
    await page.locator("dt", { hasText: "To App" }).waitFor();
    await page.getByText(/^12, 12 in step/).waitFor(PATIENCE);
    scim.forget();
    await dryThenEarnest("Force Sync (dry run first)", /^Force Sync of dx$/);
    expect(await page.getByRole("list", { name: "Counts" }).innerText()).toMatch(/12\s+unchanged/);
    expect(scim.writes).toEqual([]);
    await follow("Applications", "dx");
    await page.getByRole("row", { name: /p1@example.org .*SYNCHRONIZED/ }).waitFor();
  });

  test("Assignments > Assign, X and pencil: by hand, not any more, and by hand instead of by a rule", async () => {
    const { page } = browser();
    await follow("Applications", "lab");
    await page.getByText("Nobody is assigned.").waitFor();
    await page.getByRole("button", { name: "Assign…" }).click();
    await page.getByRole("dialog").getByLabel("Login").fill("p2@example.org");
    await page.getByRole("dialog").getByRole("button", { name: "Assign" }).click();
    await page.getByRole("button", { name: "Unassign p2@example.org" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Unassign" }).click();
    await page
      .getByRole("button", { name: "Unassign p2@example.org" })
      .waitFor({ state: "detached" });
    await follow("Applications", "dx");
    await page.getByRole("button", { name: "Convert to a person: p3@example.org" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Convert" }).click();
    await page.getByRole("button", { name: "Unassign p3@example.org" }).waitFor(PATIENCE);
    expect((await place.run("apps", "assignments", "dx")).out).toMatch(/p3@example.org .*person/);
  });

  test("Tasks ends at the app's own words, and a retry at an account", async () => {
    const { page } = browser();
    const theirs = scim.userNamed("p4@example.org")?.id ?? "nobody";
    scim.hook = ({ method, path }) =>
      method !== "GET" && path === `/Users/${theirs}`
        ? { status: 400, body: { detail: "Seats are used up" } }
        : undefined;
    people("Analyst");
    expect(await place.run("import", "corp")).toMatchObject({ status: 0 });
    await follow("Tasks");
    const task = page.getByRole("row", { name: /p4@example.org/ });
    await task.waitFor(PATIENCE);
    expect(await task.innerText()).toContain("Seats are used up");
    scim.hook = () => undefined;
    await task.getByRole("button", { name: "Retry" }).click();
    await task.waitFor({ state: "detached", ...PATIENCE });
    await expect.poll(() => scim.users.get(theirs)?.["title"], PATIENCE).toBe("Analyst");
  });
});

test("a page that cannot have the newest says so, keeps what it has, and has it later", async () => {
  const { page } = browser();
  await page.goto(`${api.url}/console/directories/corp`);
  await at("corp");
  const rows = (): Promise<number> => page.locator("tbody tr").count();
  await page.locator("tbody tr").first().waitFor();
  const before = await rows();
  await page.route("**/api/rollcall/v1/runs?**", (route) =>
    route.fulfill({ status: 503, body: "{}" }),
  );
  expect(await place.run("import", "corp")).toMatchObject({ status: 0 });
  await page.getByText("The newest could not be had").first().waitFor(PATIENCE);
  expect(await rows()).toBe(before);
  await page.unroute("**/api/rollcall/v1/runs?**");
  await expect.poll(rows, PATIENCE).toBe(before + 1);
  expect(await page.getByText("The newest could not be had").count()).toBe(0);
});

test("what one tab decides, another one shows; and a daemon that starts again finds both where they were", async () => {
  const { page } = browser();
  people("Analyst");
  const dry = await place.json<RunDocument>("import", "corp", "--dry-run");
  await page.goto(`${api.url}/console/runs/${dry.run}`);
  await at(/^Import of corp/);
  const other = await page.context().newPage();
  await other.goto(`${api.url}/console/directories/corp`);
  await other.locator('main[aria-busy="false"] h1').waitFor();
  const rows = (): Promise<number> => other.locator("tbody tr").count();
  const before = await rows();
  await page.goto(`${api.url}/console/directories/corp`);
  await page.getByRole("button", { name: "Import now" }).click();
  await page.waitForURL("**/console/runs/*");
  await page.locator("main .badge", { hasText: "done" }).first().waitFor();
  await expect.poll(rows, PATIENCE).toBe(before + 1);
  const port = Number(new URL(api.url).port);
  await api.stop();
  api = await serveApi(place, WRITABLE, port);
  // Nobody reloads, and nobody signs in again.
  expect(await place.run("import", "corp")).toMatchObject({ status: 0 });
  await expect.poll(rows, PATIENCE).toBe(before + 2);
  await page.getByRole("link", { name: "Import Monitoring" }).click();
  await at("Import Monitoring");
});
