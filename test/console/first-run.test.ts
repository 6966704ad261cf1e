/** Who begins has no directory: the console leads from an address to people. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { serveApi, type ServedApi } from "../support/api.ts";
import { barriers, closeBrowsers, openBrowser, type Browser } from "../support/browser.ts";
import { person, toLdif, treeLdif } from "../support/people.ts";
import { Workplace } from "../support/rollcall.ts";
import { startSlapd, type Slapd } from "../support/slapd.ts";

const SUFFIX = "dc=example,dc=org";
const PATIENCE = { timeout: 60_000 };

let slapd: Slapd;
let place: Workplace;
let api: ServedApi;
let browser: Browser;

beforeAll(async () => {
  const people = Array.from({ length: 15 }, (_, i) => toLdif(person(i), SUFFIX, true)).join("");
  slapd = await startSlapd({ ldif: treeLdif(SUFFIX) + people });
  place = await Workplace.create("postgres");
  place.configure("directories: {}\n");
  api = await serveApi(place, "configuration: writable");
  browser = await openBrowser();
});
afterAll(async () => {
  const { complaints } = browser;
  await browser[Symbol.asyncDispose]();
  await closeBrowsers();
  await api.stop();
  await slapd.stop();
  place.remove();
  expect(complaints).toEqual([]);
});

test("a server is looked at, shown with ten people as they would become, saved, and imported", async () => {
  const { page } = browser;
  const { url } = await place.json<{ url: string }>("admin", "sign-in", "--role", "admin");
  await page.goto(url);
  await page.getByRole("link", { name: "Add the first one" }).click();
  await page.locator("h1", { hasText: "Add a directory" }).waitFor();
  await page.getByLabel("Address of the server").fill(slapd.url);
  await page.getByLabel(/^Account that reads/).fill(slapd.adminDn);
  await page.getByLabel("Its password").fill("wrong");
  await page.getByRole("button", { name: "Look at it" }).click();
  await page.locator(".fault", { hasText: "invalid credentials" }).waitFor();
  await page.getByLabel("Its password").fill(slapd.password);
  await page.getByRole("button", { name: "Look at it" }).click();
  await page.getByRole("heading", { name: "What was found" }).waitFor(PATIENCE);
  expect(await page.locator("section").innerText()).toContain("15 people");
  const people = page.locator("section table").nth(1).locator("tbody tr");
  expect(await people.count()).toBe(10);
  expect(await people.first().innerText()).toContain("@");
  expect(await page.locator("pre").innerText()).toMatch(/^corp:\n/);
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Save corp" }).click();
  await page.locator("h1", { hasText: /^corp$/ }).waitFor(PATIENCE);
  await page.getByRole("button", { name: "Import now" }).click();
  await page.goto(`${api.url}/console/people`);
  await expect
    .poll(async () => {
      await page.reload();
      await page.waitForSelector('main[aria-busy="false"] h1');
      return await page.locator("tbody tr").count();
    }, PATIENCE)
    .toBe(15);
});
