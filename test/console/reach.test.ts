/** The console for whoever has no mouse, a small screen, or a very large one. */
import { globSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { useBrowser } from "../support/browser.ts";
import { PAGES, serveConsole, type ServedConsole } from "../support/console.ts";

let served: ServedConsole;
let run: string;
const browser = useBrowser();

beforeAll(async () => {
  served = await serveConsole();
  [{ run = "" } = {}] = await served.place.json<{ run: string }[]>("imports");
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
});

async function signIn(): Promise<void> {
  const { url } = await served.place.json<{ url: string }>("admin", "sign-in");
  await browser().page.goto(url);
  await browser().page.locator("h1", { hasText: "Dashboard" }).waitFor();
}

async function visit(path: string): Promise<void> {
  const { page } = browser();
  await page.goto(`${served.api.url}/console/${path}`);
  await page.waitForSelector('main[aria-busy="false"] h1');
  await expect.poll(() => page.locator('[aria-busy="true"]').count()).toBe(0);
}

/** Notes what can be done on the page, in the order in which it is read, so that it is known by its place. */
const COUNT = `(() => {
  const can = "a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, summary, [tabindex='0']";
  // Looked for each time: what follows events may be made anew meanwhile.
  window.reachable = () => [...document.querySelectorAll(can)].filter((one) => one.checkVisibility());
  window.reachable()[0].focus();
  return window.reachable().length;
})()`;

/** Where the focus is, of what was noted; and whether that can be seen. */
const WHERE = `(() => {
  const focused = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(focused);
  const box = focused.getBoundingClientRect();
  return {
    at: window.reachable().indexOf(focused),
    what: focused.outerHTML.slice(0, 120),
    isShown: outlineStyle !== "none" && parseFloat(outlineWidth) > 0 && box.width > 0,
  };
})()`;

const LABEL = `document.activeElement.ariaLabel ?? document.activeElement.textContent ?? ""`;

interface Focused {
  readonly at: number;
  readonly what: string;
  readonly isShown: boolean;
}

test("by the keyboard alone, everything on every page is reached in its order, and one sees where one is", async () => {
  const { page } = browser();
  await signIn();
  for (const path of [...PAGES, `runs/${run}`]) {
    await visit(path);
    const count = await page.evaluate<number>(COUNT);
    expect(count, path).toBeGreaterThan(10);
    for (let at = 1; at < count; at++) {
      await page.keyboard.press("Tab");
      const focused = await page.evaluate<Focused>(WHERE);
      expect({ path, ...focused }).toEqual({ path, at, what: focused.what, isShown: true });
    }
  }
});

/** Goes on by Tab to what is called so, and presses it. */
async function press(name: string, key = "Enter"): Promise<void> {
  const { page } = browser();
  for (let tabs = 0; tabs < 100; tabs++) {
    await page.keyboard.press("Tab");
    const label = await page.evaluate<string>(LABEL);
    if (label.trim() !== name) continue;
    await page.keyboard.press(key);
    return;
  }
  throw new Error(`${name} is not reached`);
}

test("by the keyboard alone, a person is found, a value explained, and a question left again", async () => {
  const { page } = browser();
  await signIn();
  await press("People");
  await page.locator("h1", { hasText: "People" }).waitFor();
  await press("ada@example.org");
  await page.locator("h1", { hasText: "ada@example.org" }).waitFor();
  await press("Why is lastName not another value?");
  await page.locator(".why li").first().waitFor();
  await press("On to dx");
  await page.locator(".why li", { hasText: "assigned" }).waitFor();
  await press("Edit lastName");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  expect(await page.locator(":focus").getAttribute("aria-label")).toBe("Edit lastName");
});

test("a button that is pressed keeps the focus while it works, and when it is off", async () => {
  const { page } = browser();
  await signIn();
  await visit("people");
  await press("ada@example.org");
  await page.locator("h1", { hasText: "ada@example.org" }).waitFor();
  await press("Why is lastName not another value?");
  await page.locator(".why li").first().waitFor();
  await press("Ask them now");
  await page
    .locator('.why[aria-busy="false"] [aria-pressed="true"]', { hasText: "Ask them now" })
    .waitFor();
  expect((await page.evaluate<string>(LABEL)).trim()).toBe("Ask them now");
  const lost = globSync("console/**/*.tsx").filter((file) =>
    /\sdisabled=/.test(readFileSync(file, "utf8")),
  );
  expect(lost, "see console/parts/button.tsx").toEqual([]);
});

test.each([
  ["a telephone", 390, 844],
  ["a screen of 4k", 3840, 2160],
])(
  "on %s no page is wider than the screen, and what is wide is scrolled by itself",
  async (_screen, width, height) => {
    const { page } = browser();
    await page.setViewportSize({ width, height });
    await signIn();
    for (const path of [...PAGES, `runs/${run}`]) {
      await visit(path);
      const wide: unknown = await page.evaluate("document.documentElement.scrollWidth");
      expect({ path, wide }).toEqual({ path, wide: width });
    }
  },
);
