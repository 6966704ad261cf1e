/**
 * The pictures of docs/16-console.md: pages on the demo's people. With PICTURES they are made anew
 * (`npm run pictures`); else each page is seen to show what its picture shows.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serveApi, type ServedApi } from "../support/api.ts";
import { closeBrowsers, openBrowser, type Browser } from "../support/browser.ts";
import { Workplace, type RunDocument } from "../support/rollcall.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FOLDER = join(ROOT, "docs", "pictures");
const SOMEBODY = "anke.weiss@aurora.example";

let place: Workplace;
let api: ServedApi;
let browser: Browser;
let held: string;

beforeAll(async () => {
  place = await Workplace.create("postgres");
  const demo = readFileSync(join(ROOT, "config/demo/demo.yaml"), "utf8");
  const [, rest = ""] = demo.split(/^(?=directories:)/m);
  place.configure(rest);
  const file = (name: string): void => {
    place.environment["DEMO_LDIF"] = `./config/demo/${name}`;
  };
  file("people.ldif");
  for (const directory of ["corp", "hr"])
    expect(await place.run("import", directory)).toMatchObject({ status: 0 });
  file("people-missing.ldif");
  held = (await place.json<RunDocument>("import", "corp")).run;
  api = await serveApi(place);
  browser = await openBrowser();
  await browser.page.setViewportSize({ width: 1200, height: 760 });
  const { url } = await place.json<{ url: string }>("admin", "sign-in", "--role", "admin");
  await browser.page.goto(url);
  await browser.page.locator("h1", { hasText: "Dashboard" }).waitFor();
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await closeBrowsers();
  await api.stop();
  place.remove();
});

async function open(path: string): Promise<void> {
  await browser.page.goto(`${api.url}/console/${path}`);
  await browser.page.waitForSelector('main[aria-busy="false"] h1');
}

async function see(...shown: readonly string[]): Promise<void> {
  for (const text of shown) await browser.page.getByText(text).first().waitFor();
}

/** @returns whether the page's description has a picture of what is to be seen now */
async function picture(name: string): Promise<boolean> {
  const file = `${name}.png`;
  if (process.env["PICTURES"] !== undefined)
    await browser.page.screenshot({ path: join(FOLDER, file), animations: "disabled" });
  const text = readFileSync(join(ROOT, "docs/16-console.md"), "utf8");
  return existsSync(join(FOLDER, file)) && text.includes(`(pictures/${file})`);
}

test("the dashboard says what needs somebody, worst first", async () => {
  await open("");
  await see("is held since", "How current directories are", "People over time");
  expect(await picture("dashboard")).toBe(true);
});

test("a held import says why, and whom it concerns", async () => {
  await open(`runs/${held}`);
  await see("nothing is applied", "removed", "Approve…");
  expect(await picture("held-import")).toBe(true);
});

test("a person has the source of each value, and why it is not another one", async () => {
  await open(`people/${SOMEBODY}`);
  const row = browser.page.getByRole("row", { name: /^department/ });
  await row.getByRole("button", { name: /Why/ }).click();
  await browser.page.locator(".why li").first().waitFor();
  await row.evaluate((element) => element.scrollIntoView({ block: "center" }));
  await see(SOMEBODY, "mapping (hr)");
  expect(await picture("person")).toBe(true);
});

test("another mapping is tried for everybody before it is anywhere", async () => {
  const { page } = browser;
  await open("directories/corp/mappings");
  await page
    .getByRole("row", { name: /^displayName/ })
    .getByRole("button")
    .click();
  await page.getByLabel(/^Expression/).fill('appuser.sn + ", " + appuser.givenName');
  await page.getByRole("button", { name: "Preview" }).click();
  await see("would get another displayName");
  await page.locator("main").evaluate((main) => main.scrollIntoView({ block: "end" }));
  expect(await picture("mapping-preview")).toBe(true);
});
